"""Random feedback: what the error tells the units goes back through weights of its own."""

from typing import Literal, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell
from throughtime.core.errors import NotForThisRuleError
from throughtime.core.initializers import uniform_by_columns
from throughtime.core.randomness import key_for
from throughtime.networks.linear import Linear
from throughtime.networks.stack import Stack

Feedback: TypeAlias = Literal["symmetric", "random"]
"""How the error of an output comes to the units below the readout: by the readout's own weights, or by random
ones that are never learned."""


class FeedbackReadout(Linear):
    r"""A readout that passes derivatives down by other weights than those that it reads with.

    **Equations**

        y_t = W x_t + b;   dL/dx_t = B^T dL/dy_t instead of W^T dL/dy_t

    **Shapes**

        as `Linear`; B as W

    **Exactness**

        the values, and the derivatives by W and b, are those of the readout

    **Cost**

        twice that of the readout

    **Source**

        Lillicrap, Cownden, Tweed & Akerman 2016, "Random synaptic feedback weights support error
        backpropagation for deep learning", Nature Communications 7:13276.
    """

    feedback_weight: Float[Array, "O I"]

    def __init__(self, readout: Linear, feedback_weight: Float[Array, "O I"]):
        self.weight = readout.weight
        self.bias = readout.bias
        self.input_size = readout.input_size
        self.output_size = readout.output_size
        self.feedback_weight = feedback_weight

    def project(self, x: Float[Array, " I"]) -> Float[Array, " O"]:
        """Return `W x_t + b`."""
        held = jax.lax.stop_gradient(x)
        # The last term is zero; only its derivative by x counts.
        return self.weight @ held + self.bias + self.feedback_weight @ (x - held)


def with_random_feedback(kind: str, network: Cell, seed: int) -> Cell:
    """Return a network whose readout passes derivatives down by weights drawn from `seed`, always the same.

    **Raises**

        NotForThisRuleError: the network has no linear readout on top.
    """
    if not isinstance(network, Stack) or len(network.cells) < 2 or not isinstance(network.cells[-1], Linear):
        raise NotForThisRuleError(
            f"the rule {kind!r} with random feedback needs a linear readout to go around, and "
            f"{type(network).__name__} has none on top; put a Linear on top of a Stack, or pass "
            "feedback='symmetric'"
        )
    readout = network.cells[-1]
    drawn = uniform_by_columns(key_for(seed, "feedback"), readout.weight.shape)
    return Stack([*network.cells[:-1], FeedbackReadout(readout, jnp.asarray(drawn, readout.weight.dtype))])
