"""What can be asked of the hidden layers beside a small loss; for rules that unroll in time."""

from throughtime.learning.penalties.gradient_norm import gradient_norm_penalty
from throughtime.learning.penalties.hidden_layers import Watched, activation, instability, unroll_watching

__all__ = ["Watched", "activation", "gradient_norm_penalty", "instability", "unroll_watching"]
