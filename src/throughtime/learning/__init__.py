"""How weights change: one learning rule a file."""

from throughtime.learning.bptt import BPTT
from throughtime.learning.chunks import gradient_over_chunks
from throughtime.learning.eprop import EProp
from throughtime.learning.kf_rtrl import KFRTRL
from throughtime.learning.rflo import RFLO
from throughtime.learning.rule import Gradient, LearningRule
from throughtime.learning.uoro import UORO

RULES: dict[str, type[LearningRule]] = {rule.kind: rule for rule in (BPTT, UORO, KFRTRL, RFLO, EProp)}
"""Every rule that can be chosen by name."""

__all__ = [
    "BPTT",
    "KFRTRL",
    "RFLO",
    "RULES",
    "UORO",
    "EProp",
    "Gradient",
    "LearningRule",
    "gradient_over_chunks",
]
