"""Networks and rules whose gradients are known in closed form."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime import BPTT, Cell, Gradient
from throughtime.core.errors import OptionError


class Memory(NamedTuple):
    """One array, `value` `[H]`."""

    value: Float[Array, "*B H"]


class LinearMap(Cell):
    """h_t = W h_{t-1} + x_t, y_t = h_t."""

    weight: Float[Array, "H H"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, weight: Float[Array, "H H"]):
        self.weight = weight
        self.input_size = self.output_size = weight.shape[0]

    def initial_state(self) -> Memory:
        return Memory(jnp.zeros(self.input_size, self.weight.dtype))

    def project(self, x: Float[Array, " H"]) -> Float[Array, " H"]:
        return x

    def step(self, state: Memory, projected: Float[Array, " H"]) -> tuple[Memory, Float[Array, " H"]]:
        after = self.weight @ state.value + projected
        return Memory(after), after


class Scaled(BPTT):
    """BPTT times `bias`, with a normal factor of mean 1 and deviation `noise` for each sequence of chunks."""

    bias: float = eqx.field(static=True, default=1.0)
    noise: float = eqx.field(static=True, default=0.0)
    kind: ClassVar[str] = "scaled"
    exactness: ClassVar[Any] = "biased"

    def start(self, network: Any, batch_size: int, key: Any = None) -> Any:
        return self.bias * (1 + self.noise * jax.random.normal(key, ()))

    def gradient(self, network: Any, loss: Any, trace: Any, *rest: Any, **more: Any) -> Gradient:
        found = BPTT.gradient(self, network, loss, (), *rest, **more)
        return found._replace(gradient=jax.tree.map(lambda leaf: trace * leaf, found.gradient), trace=trace)


class Refusing(BPTT):
    """A rule that trains nothing."""

    def start(self, network: Any, batch_size: int, key: Any = None) -> Any:
        raise OptionError("this rule trains nothing; choose another one")


def squared(output: Array, target: Array) -> Array:
    """Half the squared distance, whose slope is output - target."""
    return 0.5 * jnp.sum((output - target) ** 2)
