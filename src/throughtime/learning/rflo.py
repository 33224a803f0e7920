"""Random feedback local online learning, for a leaky rate network."""

from typing import ClassVar

from throughtime.cells.leaky_elman import LeakyElman
from throughtime.core.cell import Cell, PointwiseCell
from throughtime.core.errors import NotForThisRuleError
from throughtime.learning.eprop import EProp
from throughtime.learning.feedback import Feedback
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.stack import Stack


class RFLO(EProp):
    r"""Random feedback local online learning: a leaky trace for each weight, and an error that comes back at
    random.

    **Equations**

        p_t = (1 - 1/tau) p_{t-1} + (1/tau) act'(a_t) (x) z_t,   a_t = W x_t + U h_{t-1} + b      (1)
        dL/dw ~ sum_t (B^T dL_t/dy_t) * p_t                                                       (2)

    z_t is what the weights multiply: x_t, h_{t-1} or 1. What a unit tells the others by U is left out of Eq.
    1.

    Arguments:
        feedback: `"random"`: B is drawn once, like the weights of the readout, and never learned;
            `"symmetric"`: B is the readout's own weights.
        feedback_seed: what B is drawn from.

    **Exactness**

        Biased: what a unit did to others in the past is not seen. Exact with symmetric feedback where the
        recurrent weights are zero.

    **Cost**

        as `EProp`

    **Differs from**

        `EProp`: it is the same rule for one cell, `LeakyElman`, where the only thing that a unit keeps is 1 -
        1/tau of itself. In the paper the error is that of a readout with squared loss; here the slope of any
        loss.

    **Source**

        Murray 2019, "Local online learning in recurrent networks with random feedback", eLife 8:e43299,
        Eqs. 3-5.
    """

    kind: ClassVar[str] = "rflo"

    feedback: Feedback = "random"

    def _check(self, network: Cell) -> None:
        super()._check(network)
        layers = network.cells if isinstance(network, Stack) else (network,)
        within = [layer.cell if isinstance(layer, LearnedStart) else layer for layer in layers]
        remembering = [layer for layer in within if not isinstance(layer, PointwiseCell)]
        if [type(layer) for layer in remembering] != [LeakyElman]:
            names = ", ".join(type(layer).__name__ for layer in remembering) or "none"
            raise NotForThisRuleError(
                f"the rule 'rflo' was derived for one layer of LeakyElman, and the layers that remember are: "
                f"{names}; use one LeakyElman with a Linear on top, or the rule 'eprop', which takes any cell"
            )
