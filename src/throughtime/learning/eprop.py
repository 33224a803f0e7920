"""E-prop: eligibility traces of what units carry on, and the error of the moment."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import choose
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning.carrying import Carrying
from throughtime.learning.feedback import Feedback, with_random_feedback
from throughtime.learning.one_step import moving_after, with_memory
from throughtime.learning.rule import check_is_cell
from throughtime.learning.stepwise import Moving, StepwiseRule, split


class EProp(StepwiseRule):
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

        time O(P S^2) a step and memory O(P S) for each sequence, for the P weights that the state hangs on
        and a state of S numbers: the traces of Eq. 1 are kept in full, also where C_t is diagonal

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

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> Moving:
        """Return traces of zeros: a tangent of the state for each weight that the state hangs on."""
        cell = check_is_cell(self.kind, network)
        self._check(cell)
        acting, _ = _acting(cell)
        count = sum(leaf.size for leaf in acting.values())
        moving, _ = split(initial_states(cell, 1, jax.random.key(0) if key is None else key))
        return jax.tree.map(lambda part: jnp.zeros((batch_size, count, *part.shape[1:]), part.dtype), moving)

    def _check(self, network: Cell) -> None:
        """Raise `NotForThisRuleError` for a network that is not made for this rule."""
        if self.feedback == "random":
            with_random_feedback(self.kind, network, self.feedback_seed)

    def enter(self, network: Cell, trace: Moving) -> Moving:
        """Return the traces at the initial state, which may be learned."""
        acting, build = _acting(network)
        _, tangent = jax.linearize(lambda acting: split(build(acting).initial_state())[0], acting)
        first = _of_each(tangent, acting)
        return jax.tree.map(lambda old, new: jnp.broadcast_to(new, old.shape).astype(old.dtype), trace, first)

    def move(self, network: Cell, state: State, x: Shaped[Array, "*I"]) -> tuple[State, Float[Array, " O"]]:
        """Return a step of one example, differentiated as in Eq. 3."""
        if self.feedback == "random":
            network = with_random_feedback(self.kind, network, self.feedback_seed)
        return Carrying(network).step(state, network.project(x))

    def recall(self, network: Cell, trace: Moving, slope: Moving) -> Network:
        """Return the part of Eq. 3 that goes through the traces, summed over the sequences."""
        acting, _ = _acting(network)
        along: Any = sum(
            jnp.einsum("bs,bns->n", one.reshape(len(one), -1), other.reshape(*other.shape[:2], -1))
            for one, other in zip(jax.tree.leaves(slope), jax.tree.leaves(trace), strict=True)
        )
        _, restore = ravel_pytree(acting)
        of_acting = restore(along) if acting else {}
        leaves, structure = jax.tree.flatten(eqx.filter(network, eqx.is_inexact_array))
        return jax.tree.unflatten(
            structure, [of_acting.get(number, jnp.zeros_like(leaf)) for number, leaf in enumerate(leaves)]
        )

    def follow(self, network: Cell, trace: Moving, state: State, x: Shaped[Array, "B *I"]) -> Moving:
        """Return the traces one step on: Eq. 1."""
        acting, build = _acting(network)

        def one(trace: Moving, state: State, x: Shaped[Array, "*I"]) -> Moving:
            moving, fixed = split(state)

            def after(acting: dict[int, Array], moving: Moving) -> Moving:
                return moving_after(Carrying(build(acting)), moving, fixed, x)

            _, tangent = jax.linearize(after, acting, moving)
            still = jax.tree.map(jnp.zeros_like, (acting, moving))
            carried = jax.vmap(lambda old: tangent(still[0], old))(trace)
            direct = _of_each(lambda acting: tangent(acting, still[1]), acting)
            return jax.tree.map(lambda old, new: (old + new).astype(old.dtype), carried, direct)

        return jax.vmap(one)(trace, state, x)


def _acting(network: Cell) -> tuple[dict[int, Array], Any]:
    """Return the weights that the state hangs on, and what makes a network with others in their place."""
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(parameters)
    memory = with_memory(network)

    def build(acting: dict[int, Array]) -> Cell:
        every = [acting.get(number, leaf) for number, leaf in enumerate(leaves)]
        return eqx.combine(jax.tree.unflatten(structure, every), rest)

    return {number: leaf for number, leaf in enumerate(leaves) if memory[number]}, build


def _of_each(linear: Any, at: Any) -> Any:
    """Return a linear function's value for each number of its argument alone, one after the other."""
    flat, restore = ravel_pytree(at)
    return jax.vmap(lambda unit: linear(restore(unit)))(jnp.eye(flat.size, dtype=flat.dtype))
