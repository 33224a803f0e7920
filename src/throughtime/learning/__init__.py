"""How weights change: one learning rule a file."""

from throughtime.learning.bptt import BPTT
from throughtime.learning.chunks import gradient_over_chunks
from throughtime.learning.conjugate_gradients import Descent, conjugate_gradients
from throughtime.learning.gauss_newton import Curvature, gauss_newton, outputs_and_hidden, total_loss
from throughtime.learning.hessian_free import HessianFreeState, hessian_free
from throughtime.learning.rule import Gradient, LearningRule

RULES: dict[str, type[LearningRule]] = {rule.kind: rule for rule in (BPTT,)}
"""Every rule that can be chosen by name."""

__all__ = [
    "BPTT",
    "RULES",
    "Curvature",
    "Descent",
    "Gradient",
    "HessianFreeState",
    "LearningRule",
    "conjugate_gradients",
    "gauss_newton",
    "gradient_over_chunks",
    "hessian_free",
    "outputs_and_hidden",
    "total_loss",
]
