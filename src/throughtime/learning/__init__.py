"""How weights change: one learning rule a file."""

from throughtime.learning.bptt import BPTT
from throughtime.learning.chunks import gradient_over_chunks
from throughtime.learning.forward_gradient import ForwardGradient
from throughtime.learning.rule import Gradient, LearningRule
from throughtime.learning.truncated_bptt import TruncatedBPTT

RULES: dict[str, type[LearningRule]] = {rule.kind: rule for rule in (BPTT, TruncatedBPTT, ForwardGradient)}
"""Every rule that can be chosen by name."""

__all__ = [
    "BPTT",
    "RULES",
    "ForwardGradient",
    "Gradient",
    "LearningRule",
    "TruncatedBPTT",
    "gradient_over_chunks",
]
