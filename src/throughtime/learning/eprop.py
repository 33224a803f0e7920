"""E-prop: eligibility traces of what units carry on, and the error of the moment."""

from typing import ClassVar, Literal

from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import choose
from throughtime.core.sequence_map import Network
from throughtime.learning.carrying import Carrying
from throughtime.learning.feedback import Feedback, with_random_feedback
from throughtime.learning.influence import Influence
from throughtime.learning.rtrl import RTRL
from throughtime.learning.rule import check_is_cell


class EProp(RTRL):
    r"""E-prop: each weight has a trace of what it did to the units' memories, and the error of now judges it.

    **Equations**

        e_t = C_t e_{t-1} + (ds_t/dw)_{direct}                                                  (1)
        C_t = ds_t/ds_{t-1} with all that recurrent products multiply held fixed                (2)
        dL/dw ~ sum_t dL_t/dy_t dy_t/dw,   dy_t/dw = C^y_t e_{t-1} + (dy_t/dw)_{direct}         (3)

    Eq. 2 keeps what a unit keeps by itself, as the memory of an LSTM or the part of a hidden layer that a
    gate keeps, and drops what units tell one another from step to step. `learning.carrying` finds it, in any
    cell.

    Arguments:
        feedback: how the error of the output comes to the units in Eq. 3. `"symmetric"`: by the weights of
            the readout. `"random"`: by random weights that stay, for a stack with a `Linear` on top; the
            readout itself learns as always.
        feedback_seed: what the random weights are drawn from. The same for one network for as long as it
            learns.

    **Exactness**

        Biased: a past that matters only through recurrent products is not seen. Exact with symmetric feedback
        where there are none, or where they are zero: in element-wise recurrent cells, and in layers whose
        recurrent weights are zero, alone or stacked.

    **Cost**

        for P weights that the state hangs on, time O(P) a step and memory O(P) for each sequence where a
        weight acts on the memory of one unit, as in one layer of LSTMs, of GRUs or of leaky units. A weight
        that acts on the memories of S units (of the layers above it in a stack; of a reset gate before the
        recurrent product) has S traces, and they take time O(S) each.

    **Differs from**

        The paper's units fire or are an LSTM's, in one layer. Here any cell is taken apart, and in a stack a
        higher layer's memory has traces of the lower layers' weights, too. The random feedback is drawn like
        the weights of the readout.

    **Source**

        Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, "A solution to the learning dilemma
        for recurrent networks of spiking neurons", Nature Communications 11:3625, Eqs. 1-4, 13 and 14; for
        LSTMs their Supplementary Note 4.
    """

    kind: ClassVar[str] = "eprop"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "biased"

    feedback: Feedback = "symmetric"
    feedback_seed: int = 0

    def __check_init__(self) -> None:
        choose("feedback", self.feedback, ("symmetric", "random"))

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> Influence:
        """Return traces of zeros.

        **Raises**

            NotACellError: the network must see whole sequences.
            NotForThisRuleError: random feedback has no readout to go around, or the cell takes its recurrent
                products in a loop.
        """
        cell = check_is_cell(self.kind, network)
        self._check(cell)
        return super().start(cell, batch_size)

    def _check(self, network: Cell) -> None:
        """Raise `NotForThisRuleError` for a network that is not made for this rule."""
        if self.feedback == "random":
            with_random_feedback(self.kind, network, self.feedback_seed)

    def remembering(self, network: Cell) -> Cell:
        """Return the cell that carries on what Eq. 2 keeps."""
        return Carrying(network)

    def move(self, network: Cell, state: State, x: Shaped[Array, "*I"]) -> tuple[State, Float[Array, " O"]]:
        """Return a step of one example, differentiated as in Eq. 3."""
        if self.feedback == "random":
            network = with_random_feedback(self.kind, network, self.feedback_seed)
        return super().move(Carrying(network), state, x)
