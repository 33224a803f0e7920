"""The sparse n-step approximation of real-time recurrent learning."""

from typing import ClassVar, Literal

import equinox as eqx

from throughtime.core.errors import OptionError
from throughtime.learning.dependence import Dependences, Table
from throughtime.learning.rtrl import RTRL


class SnAp(RTRL):
    r"""SnAp-n: real-time recurrent learning that keeps what a weight influences within n steps.

    **Equations**

        J_t = M_n (D_t J_{t-1} + F_t)   with D, F as in `RTRL`

    where the pattern M_n lets through those influences, of one weight on one number of the state, that can be
    other than zero n steps after a state that depends on no weight.

    Arguments:
        order: n, at least 1. With 1, in a cell whose gates each have weights of their own, each weight has
            an influence on its own unit alone. In a layer where each unit hears of each other, all is kept
            from 2 on, and the rule is RTRL; in a stack, one more step reaches one more layer.

    Patterns are told apart array by array: the influence of an array of weights on an array of the state is
    kept not at all, unit by unit, or whole.

    **Raises**

        OptionError: the order is below 1.

    **Exactness**

        Biased; exact where nothing is left out: in element-wise cells, and at an order from which everything
        is kept.

    **Cost**

        order 1: memory O(P); time O(P + S^2 H) a step, the second part for the diagonal of D, which is found
        by differentiating each unit by itself. Where everything is kept, that of RTRL.

    **Differs from**

        the paper's patterns for sparse weights: a weight that is zero counts as one that may change. And from
        the paper's gradient dL_t/ds_t J_t: it is dL_t/ds_t (D_t J_{t-1} + F_t), whole within the step at
        hand, as in `RTRL`; only what is carried on is left out.

    **Source**

        Menick et al. 2021, "A practical sparse approximation for real time recurrent learning", ICLR, arXiv
        2006.07232, section 3.
    """

    kind: ClassVar[str] = "snap"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "biased"

    order: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        if self.order < 1:
            raise OptionError(f"order is {self.order}; choose a whole number of steps of at least 1")

    def kept(self, found: Dependences) -> Table:
        """Return what weights reach within `order` steps."""
        return found.reached(self.order)
