"""Real-time recurrent learning: the exact gradient, forward in time."""

from typing import ClassVar, Literal

import jax
from jaxtyping import Array, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.scanning import valid_steps
from throughtime.core.sequence_map import Network
from throughtime.learning.blockwise import BLOCK, block_gradient, is_of_own
from throughtime.learning.chunks import sum_over_chunks
from throughtime.learning.dependence import Dependences, Table
from throughtime.learning.influence import (
    Influence,
    carried,
    influence_at_start,
    jacobian,
    no_influence,
    through,
)
from throughtime.learning.probing import dependences
from throughtime.learning.rule import Gradient, Loss, Trace, check_is_cell
from throughtime.learning.stepwise import Moving, Steps, StepwiseRule, join, split


class RTRL(StepwiseRule):
    r"""Real-time recurrent learning: the influence of every weight on every state, carried along.

    **Equations**

        J_t = ds_t/dw = D_t J_{t-1} + F_t,   D_t = ds_t/ds_{t-1},   F_t = ds_t/dw within the step     (1)
        dL_t/dw = dL_t/ds_{t-1} J_{t-1} + dL_t/dw within the step                                     (2)

    for the state s of any cell: of a stack or a network with a readout, the states of all its layers.

    **Exactness**

        Exact with fixed weights, whatever the chunks: the gradients of the chunks add up to that of BPTT over
        the whole stream. With weights that change on the way, J_t is of the weights as they were.

    **Cost**

        for S numbers of state and P weights, time O(S^2 P) a step and memory O(S P), whatever the length of
        the stream. Of J only what can be other than zero is kept and carried on: where units depend on their
        own past alone (`ElementwiseCell`), J has one number a weight, time and memory are O(P), and
        `learning.blockwise` takes many steps at once.

    **Source**

        Williams & Zipser 1989, "A learning algorithm for continually running fully recurrent neural
        networks", Neural Computation 1(2), Eqs. 4 and 7; element by element: Mozer 1989, Complex Systems 3.
    """

    kind: ClassVar[str] = "rtrl"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "exact"

    def kept(self, found: Dependences) -> Table:
        """Return of which weights the influence on which states is kept, and in which form."""
        return found.reached()

    def remembering(self, network: Cell) -> Cell:
        """Return the cell whose derivatives by the past are carried on, with the weights of the network."""
        return network

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> Influence:
        """Return the influence on a state that does not depend on the weights: none.

        **Raises**

            NotACellError: the network must see whole sequences.
        """
        cell = self.remembering(check_is_cell(self.kind, network))
        return no_influence(cell, self.kept(dependences(cell)), batch_size)

    def enter(self, network: Cell, trace: Influence) -> Influence:
        """Return the influence on the initial state."""
        cell = self.remembering(network)
        found = dependences(cell)
        at_start = influence_at_start(cell, found, self.kept(found))
        return jax.tree.map(
            lambda nothing, start: nothing if start is None else nothing + start,
            trace,
            at_start,
            is_leaf=lambda part: part is None,
        )

    def recall(self, network: Cell, trace: Influence, slope: Moving) -> Network:
        """Return the part of the gradient that goes through the state: the first half of Eq. 2."""
        weights, structure = jax.tree.flatten(split(network)[0])
        return jax.tree.unflatten(structure, through(jax.tree.leaves(slope), trace, weights))

    def follow(self, network: Cell, trace: Influence, state: State, x: Shaped[Array, "B *I"]) -> Influence:
        """Return the influence after a step: Eq. 1."""
        cell = self.remembering(network)
        found = dependences(cell)
        kept = self.kept(found)
        moving, fixed = split(state)

        def of_one(influence: Influence, moving: Moving, fixed: State, x: Shaped[Array, "*I"]) -> Influence:
            return carried(jacobian(cell, found, join(moving, fixed), x), influence, found, kept)

        return jax.vmap(of_one)(trace, moving, fixed, x)

    def over_steps(self, cell: Cell, loss: Loss, trace: Trace, state: State, steps: Steps) -> Gradient:
        """Return loss and gradient of the steps of a chunk; of units that are alone, block by block."""
        remembering = self.remembering(cell)
        found = dependences(remembering)
        if not len(steps.inputs) or not is_of_own(found, self.kept(found)):
            return super().over_steps(cell, loss, trace, state, steps)
        unpadded = steps.real.sum(0)

        def block(
            trace: Trace,
            state: State,
            inputs: Array,
            targets: Array,
            mask: Array,
            lengths: Array,
            key: PRNGKeyArray | None,
        ) -> Gradient:
            part = Steps(inputs, targets, mask, valid_steps(lengths, len(inputs)))
            return block_gradient(cell, self.move, remembering, loss, trace, state, part)

        return sum_over_chunks(block, trace, state, *steps[:3], BLOCK, unpadded, None)
