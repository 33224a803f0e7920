"""Rules that draw random signs are right on average, through several chunks and a start that is learned."""

from statistics import NormalDist
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    BPTT,
    GRU,
    KFRTRL,
    UORO,
    Elman,
    LearnedStart,
    LearningRule,
    Linear,
    Stack,
    gradient_over_chunks,
)
from throughtime.core.errors import UsageError

DRAWS = 10_000
STEPS, BATCH, CHUNK = 5, 2, 2
ONE_KEY, OTHER_KEY = jax.random.key(0), jax.random.key(1)


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def network() -> Any:
    return Stack(
        [LearnedStart(GRU(2, 2, key=ONE_KEY)), Elman(2, 3, key=OTHER_KEY), Linear(3, 1, key=ONE_KEY)]
    )


def sequences() -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    draw = np.random.default_rng(7)
    inputs, targets = draw.normal(size=(STEPS, BATCH, 2)), draw.normal(size=(STEPS, BATCH, 1))
    mask = draw.uniform(0.5, 1.5, size=(STEPS, BATCH))
    return jnp.asarray(inputs), jnp.asarray(targets), jnp.asarray(mask), jnp.array([STEPS, STEPS - 1])


def gradient(rule: LearningRule, cell: Any, key: jax.Array | None, chunk_size: int | None) -> Any:
    inputs, targets, mask, lengths = sequences()
    return gradient_over_chunks(
        rule, cell, squared, inputs, targets, mask, chunk_size=chunk_size, lengths=lengths, key=key
    ).gradient


def bound(count: int) -> float:
    """Return so many standard errors that none of `count` numbers is beyond as often as one is beyond 3."""
    normal = NormalDist()
    return normal.inv_cdf(1 - normal.cdf(-3) / count)


class Forgets(UORO):
    """What goes through the state is left out."""

    def recall(self, network: Any, trace: Any, slope: Any) -> Any:
        return jax.tree.map(jnp.zeros_like, eqx.filter(network, eqx.is_inexact_array))


class Fades(UORO):
    """The past counts half at each step."""

    def follow(self, network: Any, trace: Any, state: Any, x: Any) -> Any:
        after = UORO.follow(self, network, trace, state, x)
        return after._replace(parameters=jax.tree.map(lambda part: 0.5 * part, after.parameters))


def is_right_on_average(rule: LearningRule) -> None:
    cell = lively(network())
    expected = quick_jit(lambda cell: gradient(BPTT(), cell, None, None))(cell)

    @jax.jit
    def average(cell: Any, keys: jax.Array) -> tuple[Any, Any]:
        drawn = jax.lax.map(lambda key: gradient(rule, cell, key, CHUNK), keys, batch_size=1000)
        return jax.tree.map(lambda part: jnp.mean(part, 0), drawn), jax.tree.map(
            lambda part: jnp.std(part, 0), drawn
        )

    means, deviations = average(cell, jax.random.split(jax.random.key(3), DRAWS))
    wanted = jax.tree.leaves(expected)
    limit = bound(sum(leaf.size for leaf in wanted))
    shares = []
    for mean, deviation, exact in zip(*map(jax.tree.leaves, (means, deviations)), wanted, strict=True):
        allowed = limit * np.asarray(deviation) / DRAWS**0.5 + 1e-10
        assert np.all(np.abs(mean - exact) <= allowed), "the mean is off"
        shares.append(np.mean(allowed) / np.max(np.abs(exact)))
    # So few draws would show nothing if the standard errors were as large as the gradient.
    assert np.median(shares) < 0.3


@pytest.mark.parametrize("rule", [UORO(), KFRTRL()], ids=lambda rule: rule.kind)
@pytest.mark.usefixtures("float64")
def test_the_mean_over_draws_is_the_gradient_of_backpropagation(rule: LearningRule) -> None:
    is_right_on_average(rule)


@pytest.mark.parametrize("rule", [Forgets(), Fades()], ids=lambda rule: type(rule).__name__)
@pytest.mark.usefixtures("float64")
def test_a_rule_that_is_wrong_is_wrong_on_average(rule: LearningRule) -> None:
    with pytest.raises(AssertionError, match="the mean is off"):
        is_right_on_average(rule)


@pytest.mark.parametrize("rule", [UORO(), KFRTRL()], ids=lambda rule: rule.kind)
@pytest.mark.usefixtures("float64")
def test_each_sequence_has_signs_of_its_own(rule: LearningRule) -> None:
    cell = lively(network())
    inputs, targets, mask, _ = sequences()
    twice = [jnp.stack([part[:, 0]] * 2, 1) for part in (inputs, targets, mask)]

    @quick_jit
    def both(cell: Any) -> tuple[Any, Any, Any]:
        trace = rule.start(cell, 2, OTHER_KEY)
        together = rule.gradient(cell, squared, trace, None, *twice).gradient

        def alone(which: int) -> Any:
            one = jax.tree.map(lambda part: part[which : which + 1], trace)
            return rule.gradient(cell, squared, one, None, *(part[:, :1] for part in twice)).gradient

        return together, alone(0), alone(1)

    for whole, one, other in zip(*map(jax.tree.leaves, both(cell)), strict=True):
        np.testing.assert_allclose(whole, one + other, atol=1e-10)
    first = [part.cells[0].cell.recurrent_weight for part in both(cell)[1:]]
    assert np.max(np.abs(first[0] - first[1])) > 1e-3


@pytest.mark.parametrize("rule", [UORO(), KFRTRL()], ids=lambda rule: rule.kind)
def test_a_key_is_needed(rule: LearningRule) -> None:
    with pytest.raises(UsageError, match=rf"'{rule.kind}' draws random numbers, and no key .* pass key=jax"):
        rule.start(network(), 2)
