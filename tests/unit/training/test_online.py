"""A learner of a stream: the numbers of a loop by hand, one element at a time, with nothing that grows."""

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from throughtime import (
    BPTT,
    GRU,
    LSTM,
    RTRL,
    UORO,
    Bidirectional,
    Chain,
    Dropout,
    Elman,
    Linear,
    Stack,
    TruncatedBPTT,
)
from throughtime.core.errors import DataError, DivergedError, ModelFolderError, OptionError, ShapeError
from throughtime.core.randomness import key_for
from throughtime.learning import LearningRule
from throughtime.training import online_steps
from throughtime.training.online import OnlineLearner

ADAM = optax.adam(0.01)
COMPILED = (online_steps.read_first, online_steps.read_others, online_steps.answer_one)


def squared(output: Any, target: Any) -> Any:
    """The loss of a number."""
    return (output[0] - target) ** 2


def network(cell: Any = GRU) -> Stack:
    keys = jax.random.split(jax.random.key(3))
    return Stack([cell(2, 4, key=keys[0]), Linear(4, 1, key=keys[1])])


def learner(rule: LearningRule | None = None, cell: Any = GRU) -> OnlineLearner:
    return OnlineLearner(network(cell), squared, rule=rule or RTRL(), optimizer=ADAM)


def stream(length: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    xs = random.normal(size=(length, 2)).astype(np.float32)
    return xs, np.concatenate([[0.0], xs[:-1, 0]]).astype(np.float32)


def same(one: Any, other: Any) -> bool:
    """Tell whether two trees are equal to the last bit."""
    leaves, others = (
        [jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x for x in leaves]
        for leaves in (jax.tree.leaves(one), jax.tree.leaves(other))
    )
    return len(leaves) == len(others) and all(
        np.array_equal(a, b) for a, b in zip(leaves, others, strict=True)
    )


@pytest.mark.parametrize("rule", [RTRL()], ids=lambda rule: rule.kind)
def test_the_numbers_are_those_of_a_loop_by_hand(rule: LearningRule) -> None:
    xs, ys = stream(6)
    by_hand, state = network(LSTM), None
    trace = rule.start(by_hand, 1, key_for(0, "online rule"))
    optimizer_state = ADAM.init(eqx.filter(by_hand, eqx.is_inexact_array))
    gradient = jax.jit(
        lambda net, trace, state, x, y: rule.gradient(
            net, squared, trace, state, x[None, None], y[None, None], jnp.ones((1, 1))
        )
    )
    learns = learner(rule, LSTM)
    for x, y in zip(xs, ys, strict=True):
        found = gradient(by_hand, trace, state, x, y)
        updates, optimizer_state = ADAM.update(found.gradient, optimizer_state)
        by_hand, state, trace = eqx.apply_updates(by_hand, updates), found.state, found.trace
        learned = learns.learn_one(x, y)
        np.testing.assert_allclose(learned.losses, [found.loss], rtol=1e-5)
    for ours, theirs in zip(jax.tree.leaves(learns.network), jax.tree.leaves(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert not same(learns.network, network(LSTM))
    assert learns.steps == 6


def test_an_answer_is_what_was_predicted_and_predicting_changes_nothing() -> None:
    xs, ys = stream(5)
    learns = learner()
    for x, y in zip(xs, ys, strict=True):
        before = jax.tree.map(jnp.copy, learns.arrays())
        first = learns.predict_one(x)
        assert np.array_equal(first, learns.predict_one(x))
        assert same(before, learns.arrays())
        np.testing.assert_allclose(learns.learn_one(x, y).outputs[0], first, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(learns.predict_many(xs)[0], learns.predict_one(xs[0]), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("rule", [UORO(), TruncatedBPTT(stride=1, reach=4)], ids=lambda rule: rule.kind)
def test_many_elements_are_as_many_times_one(rule: LearningRule) -> None:
    xs, ys = stream(12)
    one, many = learner(rule), learner(rule)
    singles = [one.learn_one(x, y) for x, y in zip(xs, ys, strict=True)]
    parts = [
        many.learn_many(xs[:7], ys[:7]),
        many.learn_many(xs[7:7], ys[7:7]),
        many.learn_many(xs[7:], ys[7:]),
    ]
    for name in ("outputs", "losses"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(part, name) for part in parts]),
            np.concatenate([getattr(part, name) for part in singles]),
        )
    assert same(one.arrays(), many.arrays())


def test_without_a_target_only_memory_goes_on() -> None:
    xs, ys = stream(4)
    learns = learner()
    learns.learn_many(xs, ys)
    before = learns.arrays()
    assert learns.learn_one(xs[0]).losses == 0
    after = learns.arrays()
    assert same((before.network, before.optimizer_state), (after.network, after.optimizer_state))
    assert not same(before.state, after.state)
    assert not same(before.trace, after.trace)


def test_reset_begins_a_sequence_with_the_weights_of_now() -> None:
    xs, ys = stream(4)
    learns = learner()
    learns.learn_many(xs, ys)
    weights = learns.network
    learns.reset()
    assert same(weights, learns.network)
    assert same(learns.state, learner().state)
    assert same(learns.trace, learner().trace)


@pytest.mark.parametrize(
    "rule", [RTRL(), UORO(), TruncatedBPTT(stride=1, reach=4)], ids=lambda rule: rule.kind
)
@pytest.mark.parametrize("stop", [0, 5])
def test_a_restored_learner_goes_on_to_the_last_bit(rule: LearningRule, stop: int, tmp_path: Path) -> None:
    xs, ys = stream(9)
    whole, stopped = learner(rule), learner(rule)
    whole.learn_many(xs[:stop], ys[:stop])
    stopped.learn_many(xs[:stop], ys[:stop])
    stopped.save(tmp_path / "learner")
    restored = learner(rule)
    restored.restore(tmp_path / "learner")
    assert restored.steps == stop
    for x, y in zip(xs[stop:], ys[stop:], strict=True):
        assert np.array_equal(whole.learn_one(x, y).losses, restored.learn_one(x, y).losses)
    assert same(whole.arrays(), restored.arrays())


def test_a_long_stream_neither_grows_nor_compiles_anew() -> None:
    xs, ys = stream(3000)
    learns = learner(cell=Elman)
    learns.learn_many(xs[:2], ys[:2])
    learns.predict_one(xs[0])
    shapes = jax.tree.map(jnp.shape, learns.arrays())
    compiled = [function._cache_size() for function in COMPILED]
    for x, y in zip(xs[2:], ys[2:], strict=True):
        learns.learn_one(x, y)
    learns.predict_one(xs[0])
    assert compiled == [function._cache_size() for function in COMPILED]
    assert shapes == jax.tree.map(jnp.shape, learns.arrays())
    assert learns.steps == 3000


def test_it_learns_to_remember() -> None:
    xs, ys = stream(4000)
    losses = learner(cell=Elman).learn_many(xs, ys).losses
    # The target is the number before, which the mean predicts with an error of its variance, 1.
    assert losses[-500:].mean() < 0.1 < 0.5 < losses[:50].mean()


def test_what_diverges_is_refused_and_leaves_the_learner_as_it_was() -> None:
    xs, ys = stream(3)
    learns = learner()
    learns.learn_many(xs, ys)
    before = learns.arrays()
    with pytest.raises(DivergedError, match=r"after 3 elements.*smaller learning rate"):
        learns.learn_one(xs[0], 1e30)
    assert same(before, learns.arrays())
    assert learns.steps == 3


@pytest.mark.usefixtures("as_users_run_it")
def test_what_cannot_learn_from_a_stream_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'bptt' carries nothing.*truncated_bptt, rtrl"):
        learner(BPTT())
    keys = jax.random.split(jax.random.key(0), 3)
    both = Chain([Bidirectional(GRU(2, 3, key=keys[0]), GRU(2, 3, key=keys[1])), Linear(6, 1, key=keys[2])])
    with pytest.raises(TypeError, match="Chain must see the whole sequence"):
        OnlineLearner(both, squared)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"draws noise.*without_noise"):
        OnlineLearner(Stack([Dropout(2, 0.5), network()]), squared)


def test_elements_that_do_not_fit_are_refused() -> None:
    learns = learner()
    with pytest.raises(ShapeError, match=r"x has shape \(3,\); an element of this stream has \(2,\)"):
        learns.predict_one([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"y has shape \(1,\); an element of this stream has \(\)"):
        learns.learn_one([1.0, 2.0], [1.0])
    with pytest.raises(DataError, match="x holds NaN or infinity"):
        learns.learn_one([1.0, np.nan], 1.0)
    with pytest.raises(DataError, match="x is of type"):
        learns.learn_one(["a", "b"], 1.0)
    with pytest.raises(ShapeError, match="there are 2 elements, targets of shape"):
        learns.learn_many(np.zeros((2, 2)), np.zeros(3))
    with pytest.raises(DataError, match="a weight below 0"):
        learns.learn_many(np.zeros((2, 2)), np.zeros(2), [1.0, -1.0])
    assert learns.steps == 0


def test_a_folder_that_is_no_learner_of_this_kind_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "learner"
    learns = learner()
    with pytest.raises(ModelFolderError, match=r"learner\.json is missing"):
        learns.restore(folder)
    learns.save(folder)
    with pytest.raises(ModelFolderError, match="exists already"):
        learns.save(folder)
    learns.save(folder, overwrite=True)
    with pytest.raises(ModelFolderError, match=r"a learner of the rule RTRL.*this one has UORO"):
        learner(UORO()).restore(folder)
    with pytest.raises(ModelFolderError, match="do not belong to the network"):
        learner(cell=LSTM).restore(folder)
    for changed in (optax.adam(0.02), optax.adam(0.01, b1=0.8)):
        another = OnlineLearner(network(), squared, optimizer=changed)
        with pytest.raises(ModelFolderError, match=r"optimiser moves weights by other lengths.*the same"):
            another.restore(folder)

    arrays, card = (folder / "learner.safetensors"), (folder / "learner.json")
    whole, said = arrays.read_bytes(), json.loads(card.read_text())
    arrays.write_bytes(whole[:-1] + b"?")
    with pytest.raises(ModelFolderError, match="arrays are not those that were saved"):
        learns.restore(folder)
    arrays.write_bytes(whole)
    for change, message in (
        ({"steps": 7}, "changed since it was saved"),
        ({"version": 2}, "written in format 2.*upgrade"),
        ({"format": "throughtime-model"}, "not an online learner"),
    ):
        card.write_text(json.dumps(said | change))
        with pytest.raises(ModelFolderError, match=message):
            learns.restore(folder)
    card.write_text("{")
    with pytest.raises(ModelFolderError, match="not JSON any more"):
        learns.restore(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "diary.txt").write_text("mine")
    with pytest.raises(ModelFolderError, match="holds no learner"):
        learns.save(other, overwrite=True)
    assert (other / "diary.txt").read_text() == "mine"
