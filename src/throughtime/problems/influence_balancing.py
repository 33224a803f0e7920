"""One weight pushes a number up at once and pulls it down in the end: a short view of the past misleads."""

from typing import Annotated, ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field

from throughtime.core.cell import Cell
from throughtime.core.sequence_map import Network
from throughtime.problems.criteria import all_numbers_near
from throughtime.problems.lengths import last_steps
from throughtime.problems.problem import Examples, Problem

FIRST_WEIGHT = 0.5
"""What the weight starts from."""

MARGIN = 0.1
"""The number has come to where it should be if it is off by less than this."""


class Influenced(NamedTuple):
    """The numbers through which the weight acts; `units`: `[H]`."""

    units: Float[Array, " H"]


class OpposingInfluences(Cell):
    r"""A chain of linear units, each pushed up or pulled down by one and the same weight.

    **Equations**

        s_t^i = 1/2 s_{t-1}^i + 1/2 s_{t-1}^{i+1} + θ   if i <= p,   - θ   if p < i <= n
        y_t   = s_t^1;   s_0 = 1

    **Shapes**

        x_t `[1]`, which does nothing; y_t `[1]`; s_t `[H]`, with n for H

    Its only parameter is θ.

    **Differs from**

        A cell of the library: nothing of its input is read, and all recurrent weights are fixed.

    **Source**

        Tallec & Ollivier 2017, arXiv 1702.05043, section 5.
    """

    weight: Float[Array, ""]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    units: int = eqx.field(static=True)
    positive: int = eqx.field(static=True)

    def __init__(self, units: int, positive: int) -> None:
        """Make the chain: n units, of which the first p are pushed up."""
        self.weight = jnp.array(FIRST_WEIGHT, jnp.result_type(float))
        self.input_size, self.output_size = 1, 1
        self.units, self.positive = units, positive

    def initial_state(self) -> Influenced:
        """Return ones."""
        return Influenced(jnp.ones(self.units, self.weight.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return the input, of which nothing is used."""
        return x

    def step(self, state: Influenced, projected: Float[Array, " I"]) -> tuple[Influenced, Float[Array, " O"]]:
        """Return the next numbers, and the first of them."""
        sign = jnp.where(jnp.arange(self.units) < self.positive, 1, -1)
        behind = jnp.append(state.units[1:], 0)
        units = (state.units + behind) / 2 + sign * self.weight
        return Influenced(units), units[:1]


class InfluenceBalancing(Problem):
    r"""Bring a number to 1 with one weight, whose influence has one sign at first and the other in the end.

    The nearest p units push the number up with the weight, the n - p units behind them pull it down, and they
    are the majority. A gradient that looks back over fewer than p steps sees only the push, and
    sends the weight the wrong way, further and further.

    **Equations**

        s_t^i   = 1/2 s_{t-1}^i + 1/2 s_{t-1}^{i+1} + θ   if i <= p,   - θ   if p < i <= n
        target  s_T^1 = 1 at the last step, when the start is forgotten: then s^1 = 2 (2 p - n) θ
        loss    (s_T^1 - 1)^2 / 2

    **Shapes**

        an element `[1]`, zero; an answer `[1]`

    Arguments:
        units: n, at least 1.
        positive: p, fewer than half of the units, at least 0.
        steps: T, at least 8 n, which is enough to forget the start.

    The problem comes with its own network, `OpposingInfluences`; there is no other to choose. Truncated
    backpropagation is the rule `bptt` with a `chunk_size`.

    **Differs from**

        The paper, where there is one endless sequence whose steps all count, and in which the weight is
        changed again and again; here it is changed after each sequence of T steps.

    **Source**

        Tallec & Ollivier 2017, "Unbiased online recurrent optimization", arXiv 1702.05043, section 5, with
        n = 23 and p = 10.
    """

    kind: ClassVar[str] = "influence_balancing"

    units: Annotated[int, Field(ge=1)] = 23
    positive: Annotated[int, Field(ge=0)] = 10
    steps: Annotated[int, Field(ge=8)] = 200

    def check_together(self) -> None:
        """Raise `ValueError` unless the influence turns, and has the time to."""
        if 2 * self.positive >= self.units:
            raise ValueError(
                f"positive is {self.positive} and units is {self.units}; fewer than half of the units "
                "have to be positive, so that their influence is the smaller one in the end"
            )
        if self.steps < 8 * self.units:
            raise ValueError(
                f"steps is {self.steps} and units is {self.units}; give at least {8 * self.units} steps, "
                "which is as long as the influence of the last unit takes"
            )

    @property
    def feature_count(self) -> int:
        """A number that says nothing."""
        return 1

    @property
    def output_size(self) -> int:
        """The number that is to be 1."""
        return 1

    @property
    def chance(self) -> float:
        """The weight as it starts, which is wrong."""
        return 0.0

    @property
    def trivial_loss(self) -> float:
        """A weight of 0, which does nothing."""
        return 0.5

    @property
    def optimal_loss(self) -> float:
        """The weight that the target asks for; the start is forgotten to less than can be seen."""
        return 0.0

    @property
    def success(self) -> float:
        """All sequences, which are one and the same."""
        return 1.0

    def own_network(self) -> Network | None:
        """Return the chain of units."""
        return OpposingInfluences(self.units, self.positive)

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return `count` times the same sequence; nothing about it is random."""
        lengths = np.full(count, self.steps)
        ones = np.ones((self.steps, count, 1), np.float32)
        return Examples(np.zeros_like(ones), ones, last_steps(lengths, self.steps), lengths)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return half of the squared error."""
        return (output[0] - target[0]) ** 2 / 2

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the number has come nearer than 0.1 to 1."""
        return all_numbers_near(outputs[..., 0], examples.targets[..., 0], examples, MARGIN)
