"""What a recurrent network is: a state transition function, for one example and one step.

Everything else is derived from the three methods of `Cell`: running over a sequence (`unroll`), running one
element at a time (`step` itself), stacks and networks with a readout (they are cells again), and the gradient
under any learning rule.
"""

import abc
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
from jaxtyping import Array, Float, Shaped

State: TypeAlias = Any
"""A tree of arrays: a NamedTuple with documented fields, or a tuple of such states."""

Projected: TypeAlias = Any
"""A tree of arrays: what `project` hands to `step`."""


class Cell(eqx.Module):
    r"""A state transition function `h_t = f(h_{t-1}, x_t)` with an output `y_t = g(h_t)`.

    Written for one example and one step: no batch axis, no hidden randomness, no input or output of its own.
    `unroll` adds the batch and the time.

    **Equations**

        (h_t, y_t) = step(h_{t-1}, project(x_t))

    **Shapes**

        x_t `[input_size]`, or a symbol's number `[]` for a cell that reads symbols; y_t `[output_size]`

    `project` is the part of a step that does not look back. It may do much or nothing; over a sequence it
    runs for all steps at once, as one matrix product.
    """

    input_size: eqx.AbstractVar[int]
    output_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def initial_state(self) -> State:
        """Return the state before the first element: a NamedTuple of arrays, without a batch axis."""

    @abc.abstractmethod
    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return what the step needs of the input `x`, computed without looking at the state."""

    @abc.abstractmethod
    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Return the next state and the output, in the order that `lax.scan` wants."""

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return what `step` does, of a cell that sees `seen` of the past and carries on `state`.

        What a cell sees is what its recurrent products multiply. In most cells the hidden layer is only seen,
        and what is carried on stands in another field, so that this is `step(seen, projected)`. A cell whose
        hidden layer is both, as in a gated recurrent unit, and a cell made of others say what is theirs.

        **Shapes**

            seen and state as `step` takes them
        """
        return self.step(seen, projected)


class NoState(NamedTuple):
    """The state of a cell that remembers nothing."""


class PointwiseCell(Cell):
    """A cell without memory: each output depends on its own input alone (a linear readout, an embedding).

    All its work is in `project`, so over a sequence it is one product and no loop.
    """

    def initial_state(self) -> NoState:
        """Return the empty state."""
        return NoState()

    def step(self, state: NoState, projected: Float[Array, " O"]) -> tuple[NoState, Float[Array, " O"]]:
        """Pass the projected input on."""
        return state, projected


class SelfUnrollingCell(Cell):
    """A cell that runs over a whole sequence faster by its own means than step by step.

    A stack runs layer after layer, so that each layer's `project` stays one matrix product. The results are
    those of `step`; a law over all cells holds that.
    """

    @abc.abstractmethod
    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: State,
        lengths: Shaped[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[State, Float[Array, "T B O"]]:
        """Return the final state and all outputs, as `unroll` does; the arguments are already checked."""


class Fused(NamedTuple):
    """The kernel of a cell: the name of its `family`, and the fields of the cell that hold its `weights`.

    `throughtime.kernels.families` lists the families; the weights are W `[gates H, I]`, b `[gates H]`,
    U `[gates H, H]` and, where the family has some, vectors `[..., H]` in one array.
    """

    family: str
    weights: tuple[str, ...]


class FusedCell(Cell):
    """A cell whose steps over a sequence a fused kernel can compute, from the same equations.

    `project` is W x + b, the output is the hidden layer, which is the first array of the state, and a step
    reads no weights but those that `fused` names. A law holds that both give the same numbers. In a subclass
    that changes `project` or `step` the kernel is not used.
    """

    @abc.abstractmethod
    def fused(self) -> Fused:
        """Return which kernel computes this cell's steps."""
