"""The conditional random field against sums over all rows of labels, one by one."""

from itertools import pairwise, product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from throughtime import Bidirectional, ConditionalRandomField, Elman, Linear, Stack, unroll, wire
from throughtime.core.errors import ShapeError
from throughtime.networks.head import head_of

LABELS, STEPS = 3, 5
FORBIDDEN = ((0, 1), (2, 2), (LABELS, 2))


def field(forbidden: tuple[tuple[int, int], ...] = ()) -> ConditionalRandomField:
    """A field whose transitions are no longer zeros."""
    made = ConditionalRandomField(LABELS, forbidden=forbidden)
    learned = jax.random.normal(jax.random.key(1), (LABELS + 1, LABELS))
    return eqx.tree_at(lambda one: one.transition, made, learned)


def all_rows(made: ConditionalRandomField, scores: np.ndarray) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Every row of labels, and the logarithm of its probability by the definition."""
    transition = np.array(made.transition, np.float64)
    for pair in made.forbidden:
        transition[pair] = -np.inf
    rows = list(product(range(LABELS), repeat=len(scores)))
    total = np.array(
        [
            sum(
                score[label] + transition[before, label]
                for score, (before, label) in zip(scores, pairwise((LABELS, *row)), strict=True)
            )
            for row in rows
        ]
    )
    return rows, total - logsumexp(total)


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(STEPS, LABELS)) * 2


@pytest.mark.parametrize("forbidden", [(), FORBIDDEN])
@pytest.mark.parametrize("steps", [1, STEPS])
def test_probabilities_and_the_best_row_are_those_of_all_rows(
    scores: np.ndarray, forbidden: tuple[tuple[int, int], ...], steps: int, float64: None
) -> None:
    made = field(forbidden)
    rows, expected = all_rows(made, scores[:steps])
    padded = np.concatenate([scores[:steps], 100 * np.ones((2, LABELS))])
    lengths = jnp.array([steps, 1])
    inputs = jnp.stack([jnp.asarray(padded), jnp.asarray(padded[::-1])], 1)
    _, outputs = unroll(made, inputs, lengths=lengths)
    terms = np.asarray(outputs[:, 0])
    pairs = [[before * LABELS + label for before, label in pairwise((LABELS, *row))] for row in rows]
    found = [terms[np.arange(steps), row].sum() for row in pairs]
    possible = np.isfinite(expected)
    assert possible.sum() < len(rows) if forbidden else possible.all()
    np.testing.assert_allclose(np.array(found)[possible], expected[possible], rtol=1e-10)
    assert np.all(np.array(found)[~possible] < -5e3)

    best = made.best_labels(outputs, lengths)
    row = rows[int(expected.argmax())]
    assert tuple(np.asarray(best.labels)[0, :steps].tolist()) == row
    marginals = [np.exp(logsumexp(expected[[other[t] == row[t] for other in rows]])) for t in range(steps)]
    np.testing.assert_allclose(best.probabilities[0, :steps], marginals, rtol=1e-9)


def test_a_fault_in_the_order_of_a_pair_would_be_seen(scores: np.ndarray) -> None:
    made = field()
    turned = eqx.tree_at(
        lambda one: one.transition, made, jnp.concatenate([made.transition[:-1].T, made.transition[-1:]])
    )
    one, other = (unroll(crf, jnp.asarray(scores, jnp.float32)[:, None])[1] for crf in (made, turned))
    assert abs(one - other).max() > 0.1


def test_a_pair_out_of_range_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^the pair \(0, 3\) is forbidden, and there are 3 labels; give"):
        ConditionalRandomField(3, forbidden=((0, 3),))


def test_the_head_is_the_last_layer() -> None:
    key = jax.random.key(0)
    both = Bidirectional(Elman(2, 3, key=key), Elman(2, 3, key=key))
    for network in (
        Stack([Elman(2, LABELS, key=key), field()]),
        wire([both, Linear(6, LABELS, key=key), field()]),
    ):
        assert head_of(network).output_size == 12
    with pytest.raises(TypeError, match="the last layer of the network is Linear"):
        head_of(wire([both, Linear(6, LABELS, key=key)]))


def test_what_is_known_while_elements_come_is_the_marginal_of_the_last_one(
    scores: np.ndarray, float64: None
) -> None:
    made = field(FORBIDDEN)
    _, outputs = unroll(made, jnp.asarray(scores)[:, None])
    belief = np.zeros(0)
    for steps in range(1, STEPS + 1):
        belief = made.filtered(belief, np.asarray(outputs[steps - 1, 0]))
        rows, total = all_rows(made, scores[:steps])
        for label in range(LABELS):
            expected = logsumexp(total[[row[-1] == label for row in rows]])
            assert np.exp(belief[label]) == pytest.approx(np.exp(expected), abs=1e-12)
