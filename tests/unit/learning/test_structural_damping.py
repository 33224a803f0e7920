"""Gauss-Newton products, with and without the distance of hidden states: equal to the explicit matrices."""

import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from tests.laws.compilation import quick_jit
from throughtime import GRU, Bidirectional, Chain, Dropout, Elman, Linear, Network, Stack, apply
from throughtime.core.errors import ShapeError
from throughtime.learning import gauss_newton, outputs_and_hidden
from throughtime.learning.unrolled import loss_of_outputs

T, B, INPUTS, HIDDEN, OUTPUTS = 5, 3, 2, 4, 3
KEYS = jax.random.split(jax.random.key(0), 8)
WEIGHTS = [[0.0, 0.1, 0.0], [0.1, 0.3, 0.0], [0.2, 0.0, 0.1], [0.0, 0.0, 0.5], [0.4, 0.0, 0.0]]


def steps() -> tuple[Any, Any]:
    """Return how much each step counts, and the lengths."""
    return jnp.array(WEIGHTS), jnp.array([5, 2, 4])


def squared(output: Any, target: Any) -> Any:
    return jnp.sum((output - target) ** 2)


def cross_entropy(output: Any, target: Any) -> Any:
    return -jnp.sum(target * jax.nn.log_softmax(output))


def case(cell: type[Any] = Elman) -> tuple[Network, Any, Any]:
    network = Stack([cell(INPUTS, HIDDEN, key=KEYS[0]), Linear(HIDDEN, OUTPUTS, key=KEYS[1])])
    inputs = jax.random.normal(KEYS[2], (T, B, INPUTS))
    targets = jax.nn.softmax(jax.random.normal(KEYS[3], (T, B, OUTPUTS)))
    return network, inputs, targets


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("cell", "loss"), [(Elman, squared), (GRU, cross_entropy)])
def test_product_is_that_of_the_explicit_matrices(cell: Any, loss: Any) -> None:
    network, inputs, targets = case(cell)
    mask, lengths = steps()
    weights, as_network = ravel_pytree(eqx.filter(network, eqx.is_inexact_array))
    static = eqx.filter(network, eqx.is_inexact_array, inverse=True)

    @quick_jit
    def matrix() -> tuple[Any, Any]:
        def run(weights: Any) -> tuple[Any, Any]:
            cells = eqx.combine(as_network(weights), static).cells
            hidden = apply(cells[0], inputs, lengths=lengths)
            return apply(cells[1], hidden, lengths=lengths).ravel(), hidden.ravel()

        def risk(outputs: Any) -> Any:
            return loss_of_outputs(loss, outputs.reshape(T, B, OUTPUTS), targets, mask)

        j, k = jax.jacrev(run)(weights)
        return j.T @ jax.hessian(risk)(run(weights)[0]) @ j, k.T @ k / B

    direction = jax.random.normal(KEYS[4], weights.shape)

    @quick_jit
    def products(weights_of_hidden: Any) -> Any:
        found = gauss_newton(
            network, loss, inputs, targets, mask, lengths=lengths, probe_key=KEYS[5], probes=1
        )

        def product(of_hidden: Any) -> Any:
            return ravel_pytree(found.product(as_network(direction), of_hidden))[0]

        return jax.lax.map(product, weights_of_hidden)

    g, s = matrix()
    assert np.linalg.norm(g @ direction) > 0.1 < np.linalg.norm(s @ direction)
    without, with_hidden = products(jnp.array([0.0, 0.7]))
    np.testing.assert_allclose(without, g @ direction, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(with_hidden, (g + 0.7 * s) @ direction, rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_squares_are_those_of_each_sequence_on_average() -> None:
    network, inputs, targets = case()
    mask, lengths = steps()
    probes = 4000

    @quick_jit
    def both() -> tuple[Any, Any]:
        found = gauss_newton(
            network, squared, inputs, targets, mask, lengths=lengths, probe_key=KEYS[6], probes=probes
        )

        def alone(b: Any) -> Any:
            def risk(network: Network) -> Any:
                outputs = apply(network, inputs, lengths=lengths)
                return loss_of_outputs(squared, outputs, targets, mask * (jnp.arange(B) == b))

            return jax.grad(risk)(network)

        each = jax.lax.map(alone, jnp.arange(B))
        return found.squares, jax.tree.map(lambda leaf: B * jnp.sum(leaf**2, 0), each)

    estimated, exact = (ravel_pytree(tree)[0] for tree in both())
    assert np.linalg.norm(exact) > 0.01
    # The square of a sum of B terms with signs varies by at most sqrt(2) of its mean.
    np.testing.assert_allclose(estimated, exact, rtol=5 * np.sqrt(2 / probes))


def test_products_of_kernels_and_of_plain_steps_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network, inputs, targets = case(GRU)
    mask, _ = steps()
    direction = jax.tree.map(jnp.ones_like, eqx.filter(network, eqx.is_inexact_array))

    def product() -> Any:
        found = gauss_newton(network, squared, inputs, targets, mask, probe_key=KEYS[6], probes=1)
        return ravel_pytree(found.product(direction, jnp.asarray(0.1)))[0]

    usual = quick_jit(product)()
    monkeypatch.setattr(sys.modules[gauss_newton.__module__], "OFF", "baseline")
    np.testing.assert_allclose(quick_jit(lambda: product())(), usual, rtol=1e-4, atol=1e-6)


def test_a_missing_target_does_not_count() -> None:
    network, inputs, targets = case()
    mask, _ = steps()
    broken = targets.at[0, 0].set(jnp.nan)  # where the mask is 0
    direction = jax.tree.map(jnp.ones_like, eqx.filter(network, eqx.is_inexact_array))

    @quick_jit
    def found(targets: Any) -> Any:
        curvature = gauss_newton(network, squared, inputs, targets, mask, probe_key=KEYS[6], probes=2)
        return ravel_pytree((curvature.product(direction, jnp.asarray(0.0)), curvature.squares))[0]

    np.testing.assert_array_equal(found(broken), found(targets))


def test_hidden_states_are_those_of_the_layers_that_remember() -> None:
    inputs, lengths = jax.random.normal(KEYS[2], (T, B, INPUTS)), steps()[1]
    low, high = Elman(INPUTS, 4, key=KEYS[0]), GRU(4, 3, key=KEYS[1])
    network = Stack([low, Dropout(4, 0.5), high, Linear(3, 2, key=KEYS[3])])
    outputs, hidden = outputs_and_hidden(network, inputs, lengths, KEYS[4])
    assert [layer.shape[2] for layer in hidden] == [4, 3]
    np.testing.assert_array_equal(outputs, apply(network, inputs, lengths=lengths, key=KEYS[4]))
    np.testing.assert_array_equal(hidden[0], apply(low, inputs, lengths=lengths))

    both = Bidirectional(low, Elman(INPUTS, 4, key=KEYS[5]))
    chain = Chain([both, Stack([GRU(8, 3, key=KEYS[6]), Linear(3, 2, key=KEYS[3])])])
    outputs, hidden = outputs_and_hidden(chain, inputs, lengths)
    assert [layer.shape[2] for layer in hidden] == [8, 3]
    np.testing.assert_allclose(outputs, apply(chain, inputs, lengths=lengths), rtol=1e-6)

    outputs, hidden = outputs_and_hidden(low, inputs)
    np.testing.assert_array_equal(hidden[0], outputs)


@pytest.mark.usefixtures("as_users_run_it")
def test_shapes_are_checked() -> None:
    network, inputs, targets = case()
    mask, _ = steps()
    with pytest.raises(ShapeError, match="mask has shape"):
        gauss_newton(network, squared, inputs, targets, mask[:2], probe_key=KEYS[0])
