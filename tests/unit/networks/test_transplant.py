"""Layers of one network in the place of another's: which are taken, which stay fresh, and that it matters."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from throughtime import (
    GRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Chain,
    Dropout,
    Elman,
    Embedding,
    Linear,
    MeanPooling,
    Stack,
    apply,
    unroll,
)
from throughtime.core.errors import ShapeError
from throughtime.networks.transplant import transplant

pytestmark = pytest.mark.usefixtures("as_users_run_it")


def stack(seed: int, *, vocabulary: int = 7, classes: int = 2, cell: Any = LSTM, top: Any = LSTM) -> Stack:
    keys = jax.random.split(jax.random.key(seed), 4)
    return Stack(
        [
            Embedding(vocabulary, 4, key=keys[0]),
            cell(4, 5, key=keys[1]),
            top(5, 5, key=keys[2]),
            Linear(5, classes, key=keys[3]),
        ]
    )


def same(one: Any, other: Any) -> bool:
    return all(map(np.array_equal, jax.tree.leaves(one), jax.tree.leaves(other)))


def test_all_but_the_readout_is_taken() -> None:
    source, target = stack(0), stack(1, classes=3)
    network, taken, fresh = transplant(source, target)
    assert same(network.cells[:3], source.cells[:3])
    assert same(network.cells[3], target.cells[3])
    assert taken == (
        "embedding (Embedding from 7 to 4)",
        "layer 0 (LSTM from 4 to 5)",
        "layer 1 (LSTM from 5 to 5)",
    )
    assert fresh == ("readout",)
    assert jax.tree.structure(network) == jax.tree.structure(target)
    assert not same(target.cells[:3], source.cells[:3])


def test_symbols_are_matched_by_their_numbers_there() -> None:
    source, target = stack(0), stack(1, vocabulary=4)
    network, taken, _ = transplant(source, target, symbols=np.array([0, 6, -1, 2]))
    vectors = network.cells[0].weight
    np.testing.assert_array_equal(vectors[np.array([0, 1, 3])], source.cells[0].weight[np.array([0, 6, 2])])
    np.testing.assert_array_equal(vectors[2], target.cells[0].weight[2])
    assert taken[0] == "embedding (3 of 4 symbols)"


def test_what_is_above_a_layer_that_does_not_fit_stays_fresh() -> None:
    source, target = stack(0, cell=GRU), stack(1)
    network, taken, fresh = transplant(source, target)
    assert same(network.cells[1:], target.cells[1:])
    assert len(taken) == 1
    assert fresh == (
        "layer 0 (GRU from 4 to 5 there, LSTM from 4 to 5 here)",
        "layer 1 (above one that is fresh)",
        "readout",
    )


def test_layers_that_only_one_of_them_has() -> None:
    one, two = Stack([*stack(0).cells[:2]]), stack(1)
    assert transplant(one, two).fresh[0] == "layer 1 (nothing there, LSTM from 5 to 5 here)"
    network, taken, fresh = transplant(two, one)
    assert same(network, Stack(two.cells[:2]))
    assert len(taken) == 2
    assert fresh == ()


def test_dropout_does_not_count_and_pooling_belongs_to_the_answer() -> None:
    source, target = stack(0), stack(1)
    below, lower, upper, readout = target.cells
    key = jax.random.key(2)
    thinned = Stack(
        [below, Dropout(4, 0.1), lower, Dropout(5, 0.3), upper, AttentionPooling(5, key=key), readout]
    )
    network, taken, fresh = transplant(source, thinned)
    assert same([network.cells[place] for place in (0, 2, 4)], source.cells[:3])
    assert len(taken) == 3
    assert fresh == ("attention", "readout")
    assert transplant(thinned, Stack([*target.cells[:3], MeanPooling(5), readout])).fresh == ("readout",)


def test_both_directions_whatever_they_are_read_for() -> None:
    def both(seed: int, cell: Any = GRU, **options: Any) -> Chain:
        one, other = jax.random.split(jax.random.key(seed))
        layer = Bidirectional(cell(3, 5, key=one), cell(3, 5, key=other), **options)
        return Chain([layer, Linear(layer.output_size, 2, key=one)])

    source, target = both(0), both(1, to_the_end=True)
    network, taken, _ = transplant(source, target)
    assert same(network.layers[0], source.layers[0])
    assert network.layers[0].to_the_end
    assert taken == ("layer 0 (bidirectional GRU from 3 to 10)",)
    for other in (both(1, LSTM), both(1, merge="sum")):
        with pytest.raises(
            ShapeError, match=r"no layer fits: layer 0 \(bidirectional GRU from 3 to 10 there, bi"
        ):
            transplant(source, other)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (
            GRU(3, 5, key=jax.random.key(0)),
            GRU(4, 5, key=jax.random.key(0)),
            r"GRU from 3 to 5 there, GRU from 4",
        ),
        (
            Elman(3, 5, key=jax.random.key(0)),
            Elman(3, 5, activation="relu", key=jax.random.key(0)),
            r"no layer fits: layer 0 .*give both networks the same cells and sizes",
        ),
        (
            stack(0),
            stack(1, vocabulary=8),
            r"embedding \(Embedding from 7 to 4 there, Embedding from 8 to 4 here\)",
        ),
        (
            Linear(3, 5, key=jax.random.key(0)),
            Linear(3, 5, key=jax.random.key(1)),
            r"there is none that reads",
        ),
    ],
)
def test_nothing_fits(source: Any, target: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        transplant(source, target)


def test_a_lone_cell() -> None:
    source, target = (GRU(3, 5, key=jax.random.key(seed)) for seed in range(2))
    assert same(transplant(source, target).network, source)


SYMBOLS, CHAINS, STEPS = 5, 3, 12


def walks(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return walks `[T, B]` on one of three rings, which differ in where they lead, and the ring `[B]`."""
    ring = rng.integers(CHAINS, size=count)
    steps = np.where(rng.random((STEPS, count)) < 0.75, ring + 1, rng.integers(SYMBOLS, size=(STEPS, count)))
    return np.cumsum(steps, 0) % SYMBOLS, ring


def cross_entropy(outputs: Any, targets: Any, mask: Any) -> Any:
    losses = optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
    return jnp.sum(losses * mask) / jnp.sum(mask)


OPTIMIZER = optax.adam(0.01)


@eqx.filter_jit
def step(network: Any, state: Any, inputs: Any, targets: Any, mask: Any) -> Any:
    def loss(network: Any) -> Any:
        return cross_entropy(apply(network, inputs), targets, mask)

    value, gradient = eqx.filter_value_and_grad(loss)(network)
    updates, state = OPTIMIZER.update(gradient, state)
    return eqx.apply_updates(network, updates), state, value


def trained(network: Any, batches: Any) -> tuple[Any, list[float]]:
    """Return a network after a step for each batch of inputs, targets and mask, and the losses."""
    state, losses = OPTIMIZER.init(network), []
    for batch in batches:
        network, state, value = step(network, state, *batch)
        losses.append(float(value))
    return network, losses


def test_a_language_model_is_a_better_start_for_a_classifier() -> None:
    """What comes next is learned without labels, and then a few labels are enough (Dai & Le 2015)."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        keys = jax.random.split(jax.random.key(seed), 4)
        lower = [Embedding(SYMBOLS, 8, key=keys[0]), LSTM(8, 24, key=keys[1])]

        unlabelled = [walks(64, rng)[0] for _ in range(200)]
        everywhere = np.ones((STEPS - 1, 64))
        model, losses = trained(
            Stack([*lower, Linear(24, SYMBOLS, key=keys[2])]),
            [(symbols[:-1], symbols[1:], everywhere) for symbols in unlabelled],
        )
        assert losses[-1] < 0.7 * losses[0]

        few, rings = walks(24, rng)
        at_the_end = np.zeros((STEPS, 24))
        at_the_end[-1] = 1
        epochs = [(few, np.broadcast_to(rings, few.shape), at_the_end)] * 15
        fresh = Stack([*lower, Linear(24, CHAINS, key=keys[3])])
        more, answers = walks(500, rng)
        scores = []
        for start in (fresh, transplant(model, fresh).network):
            classifier, _ = trained(start, epochs)
            scores.append(float(cross_entropy(unroll(classifier, more)[1][-1], answers, np.ones(500))))
        assert scores[1] < 0.5 * scores[0], f"seed {seed}: {scores}"
