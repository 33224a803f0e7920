"""How weights change: one learning rule a file."""

from throughtime.learning.bptt import BPTT
from throughtime.learning.chunks import gradient_over_chunks
from throughtime.learning.conjugate_gradients import Descent, conjugate_gradients
from throughtime.learning.eprop import EProp
from throughtime.learning.forward_gradient import ForwardGradient
from throughtime.learning.gauss_newton import Curvature, gauss_newton, outputs_and_hidden
from throughtime.learning.hessian_free import HessianFreeState, hessian_free
from throughtime.learning.kf_rtrl import KFRTRL
from throughtime.learning.logistic import LogisticEquations
from throughtime.learning.principal_components import fit_components
from throughtime.learning.readout import ReadoutSolver, SolvedReadout, fit_readout
from throughtime.learning.recursive_least_squares import Recursive, TaughtOnline, force, recursive_update
from throughtime.learning.rflo import RFLO
from throughtime.learning.ridge import NormalEquations, ReadoutWeights
from throughtime.learning.rtrl import RTRL
from throughtime.learning.rule import Gradient, LearningRule
from throughtime.learning.snap import SnAp
from throughtime.learning.triangular_equations import TriangularEquations
from throughtime.learning.truncated_bptt import TruncatedBPTT
from throughtime.learning.uoro import UORO

RULES: dict[str, type[LearningRule]] = {
    rule.kind: rule for rule in (BPTT, TruncatedBPTT, RTRL, SnAp, UORO, KFRTRL, RFLO, EProp, ForwardGradient)
}
"""Every rule that can be chosen by name."""

__all__ = [
    "BPTT",
    "KFRTRL",
    "RFLO",
    "RTRL",
    "RULES",
    "UORO",
    "Curvature",
    "Descent",
    "EProp",
    "ForwardGradient",
    "Gradient",
    "HessianFreeState",
    "LearningRule",
    "LogisticEquations",
    "NormalEquations",
    "ReadoutSolver",
    "ReadoutWeights",
    "Recursive",
    "SnAp",
    "SolvedReadout",
    "TaughtOnline",
    "TriangularEquations",
    "TruncatedBPTT",
    "conjugate_gradients",
    "fit_components",
    "fit_readout",
    "force",
    "gauss_newton",
    "gradient_over_chunks",
    "hessian_free",
    "outputs_and_hidden",
    "recursive_update",
]
