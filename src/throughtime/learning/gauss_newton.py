"""Gauss-Newton products: the curvature of a loss over whole sequences, along any direction of the weights."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import PointwiseCell
from throughtime.core.fused import OFF, kernels
from throughtime.core.sequence_map import Network, apply
from throughtime.core.state import initial_states
from throughtime.core.unroll import unroll
from throughtime.learning.rule import Loss, check_steps
from throughtime.learning.unrolled import loss_of_outputs
from throughtime.networks.chain import Chain
from throughtime.networks.dropout import Dropout
from throughtime.networks.stack import Stack

Hidden = tuple[Float[Array, "T B H"], ...]
"""What each layer that remembers gives at every step, lowest first."""


class Curvature(NamedTuple):
    """A picture of how a loss bends at the present weights.

    `product`: a function of a direction (a network of changes, `None` where there is no parameter) and of the
    weight that the change of the hidden states has beside the loss; it returns the matrix times the
    direction. `squares`: the mean over the sequences of the squared gradient, by parameter.
    """

    product: Callable[[Network, Float[Array, ""]], Network]
    squares: Network


def gauss_newton(
    network: Network,
    loss: Loss,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
    probe_key: PRNGKeyArray,
    probes: int = 8,
) -> Curvature:
    r"""Return the Gauss-Newton matrix of a loss over whole sequences, as a product.

    **Equations**

        G = J' H J,   J = dy/dw over all steps, H = d2L/dy2 at the outputs
        S = (1/B) K' K,   K = dh/dw over all steps, h the outputs of the layers that remember
        product(v, m) = G v + m S v
        squares = (1/N) sum_n B (sum_b s_nb dL_b/dw)^2,   s = 1, -1 at random, B sum_b (dL_b/dw)^2 on average

    **Shapes**

        inputs `[T, B, I]`, targets `[T, B, ...]`, mask `[T, B]`, lengths `[B]`

    Arguments:
        loss: convex in the output, so that no direction has a negative curvature: squared error, or
            cross-entropy of a softmax, as the tasks and the problems have them.
        mask: the weight of each step in the loss, at least 0.
        key: source of the noise, when the network draws some; the same in all products.
        probe_key: source of the signs s.
        probes: N, at least 1.

    **Raises**

        ShapeError: lengths, targets or mask do not fit the inputs.

    **Cost**

        The network is run and linearised once. A product then takes the tangents forward and their transpose
        backward, about as long as a gradient; memory O(T H) as for a gradient.

    **Exactness**

        Exact products. `squares` is unbiased.

    **Source**

        Schraudolph 2002, "Fast curvature matrix-vector products for second-order gradient descent", Neural
        Computation 14(7), section 3; S: Martens & Sutskever 2011, "Learning recurrent neural networks with
        Hessian-free optimization", ICML, section 3.2, with squared distances.
    """
    check_steps(inputs, targets, mask)
    batch_size = inputs.shape[1]
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def run(parameters: Network) -> tuple[Float[Array, "T B O"], Hidden]:
        return outputs_and_hidden(eqx.combine(parameters, rest), inputs, lengths, key)

    # The tangents of a kernel run the network anew at every product; a scan is linearised once.
    with kernels(OFF):
        (outputs, _), forward = jax.linearize(run, parameters)
    backward = jax.linear_transpose(forward, parameters)
    slope, bend = jax.linearize(jax.grad(lambda y: loss_of_outputs(loss, y, targets, mask)), outputs)

    def product(direction: Network, of_hidden: Float[Array, ""]) -> Network:
        change, hidden_change = forward(direction)
        share = of_hidden / batch_size
        (result,) = backward((bend(change), jax.tree.map(lambda h: share * h, hidden_change)))
        return result

    still = jax.tree.map(jnp.zeros_like, jax.eval_shape(run, parameters)[1])
    signs = jax.random.rademacher(probe_key, (probes, batch_size), slope.dtype)

    def add(squares: Network, s: Float[Array, " B"]) -> tuple[Network, None]:
        (found,) = backward((slope * s[:, None], still))
        return jax.tree.map(lambda so_far, one: so_far + one**2 * batch_size / probes, squares, found), None

    squares, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, parameters), signs)
    return Curvature(product, squares)


def outputs_and_hidden(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> tuple[Float[Array, "T B O"], Hidden]:
    """Return the outputs of a network, and those of each of its layers that remember.

    In a stack or a chain these are its layers; any other network is one layer.
    """
    if isinstance(network, Stack):
        states = initial_states(network, inputs.shape[1], key).layers
        below, hidden = inputs, []
        for cell, state in zip(network.cells, states, strict=True):
            _, below = unroll(cell, below, state, lengths=lengths)
            hidden += _remembered(cell, below)
    elif isinstance(network, Chain):
        keys = [None] * len(network.layers) if key is None else jax.random.split(key, len(network.layers))
        below, hidden = inputs, []
        for layer, layer_key in zip(network.layers, keys, strict=True):
            below, of_layer = outputs_and_hidden(layer, below, lengths, layer_key)
            hidden += of_layer
    else:
        below = apply(network, inputs, lengths=lengths, key=key)
        hidden = _remembered(network, below)
    return below, tuple(hidden)


def _remembered(layer: Network, outputs: Float[Array, "T B H"]) -> list[Float[Array, "T B H"]]:
    return [] if isinstance(layer, PointwiseCell | Dropout) else [outputs]
