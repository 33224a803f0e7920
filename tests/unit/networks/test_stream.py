"""A stream gives, element by element, what `unroll` gives for the whole, for one session and for many."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close
from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    GRU,
    LRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Cell,
    Dilated,
    Dropout,
    Elman,
    Embedding,
    FixedWindow,
    Linear,
    MeanPooling,
    MinLSTM,
    Residual,
    Shortcut,
    Stack,
    Stream,
    TiedStack,
    initial_states,
    unroll,
)
from throughtime.core.errors import NotACellError, OptionError, ShapeError, UsageError
from throughtime.core.fused import kernels
from throughtime.kernels.library import available

STEPS, SESSIONS, INPUT, VOCABULARY = 9, 4, 3, 11
KEYS = jax.random.split(jax.random.key(7), 8)
NETWORKS: dict[str, Callable[[], Cell]] = {
    "elman": lambda: Elman(INPUT, 7, activation="relu", key=KEYS[0]),
    "lstm": lambda: LSTM(INPUT, 37, key=KEYS[0]),
    "gru": lambda: GRU(INPUT, 5, key=KEYS[0]),
    "mean": lambda: Stack([LSTM(INPUT, 5, key=KEYS[0]), MeanPooling(5), Linear(5, 2, key=KEYS[1])]),
    "attention": lambda: Stack(
        [FixedWindow(INPUT, 6, window=3, key=KEYS[0]), AttentionPooling(6, key=KEYS[1])]
    ),
    "symbols": lambda: Stack(
        [
            Embedding(VOCABULARY, 6, key=KEYS[0]),
            Dropout(6, 0.4),
            GRU(6, 19, key=KEYS[1]),
            Elman(19, 4, key=KEYS[2]),
            Linear(4, 3, key=KEYS[3]),
        ]
    ),
    "tied": lambda: TiedStack([Embedding(VOCABULARY, 6, key=KEYS[0]), GRU(6, 6, key=KEYS[1])]),
}  # fmt: skip
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def network(name: str) -> Cell:
    return lively(NETWORKS[name]())


def elements(cell: Cell, rng: np.random.Generator, *shape: int) -> np.ndarray:
    if cell.input_size == VOCABULARY:
        return rng.integers(VOCABULARY, size=shape)
    return rng.normal(size=(*shape, cell.input_size)).astype(np.asarray(jax.tree.leaves(cell)[0]).dtype)


def whole(cell: Cell, x: np.ndarray) -> tuple[Any, np.ndarray]:
    """Run over the whole without a kernel, from the initial state."""
    silent = jax.tree.map(
        lambda part: (
            Dropout(part.input_size, part.rate, inference=True) if isinstance(part, Dropout) else part
        ),
        cell,
        is_leaf=lambda part: isinstance(part, Dropout),
    )
    with kernels("off"):
        state, outputs = quick_jit(unroll)(silent, jnp.asarray(x), initial_states(silent, x.shape[1]))
    return state, np.asarray(outputs)


@pytest.mark.parametrize("choice", [*available(), "off"])
@pytest.mark.parametrize("name", NETWORKS)
def test_steps_make_the_whole(name: str, choice: str, rng: np.random.Generator) -> None:
    cell = network(name)
    x = elements(cell, rng, STEPS, 1)
    state, outputs = whole(cell, x)
    with kernels(choice):
        stream = Stream(cell)
    assert stream.is_native == (choice != "off")
    given = np.stack([stream.step(element[0]) for element in x])
    assert_close(given, outputs[:, 0], TOLERANCE["float32"], "outputs ")
    assert_close(stream.state, state, TOLERANCE["float32"], "state ")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.usefixtures("float64")
def test_in_double_precision(name: str, rng: np.random.Generator) -> None:
    cell = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), network(name))
    x = elements(cell, rng, STEPS, 1)
    stream = Stream(cell)
    given = np.stack([stream.step(element[0]) for element in x])
    assert given.dtype == np.float64
    assert_close(given, whole(cell, x)[1][:, 0], TOLERANCE["float64"], "outputs ")


@pytest.mark.parametrize("choice", [available()[-1], "off"])
@pytest.mark.parametrize("name", ["attention", "symbols", "lstm"])
def test_sessions_go_their_own_ways(name: str, choice: str, rng: np.random.Generator) -> None:
    cell = network(name)
    x = elements(cell, rng, STEPS, SESSIONS)
    _, outputs = whole(cell, x)
    with kernels(choice):
        together, apart = Stream(cell, sessions=SESSIONS), Stream(cell, sessions=SESSIONS)
    place = np.zeros(SESSIONS, int)
    for step in range(STEPS):
        assert_close(together.step(x[step]), outputs[step], TOLERANCE["float32"], f"step {step} ")
        for chosen in ([2, 0], [3], [1]) if step % 2 else ([1, 3, 2], [0]):
            given = apart.step(np.stack([x[place[n], n] for n in chosen]), sessions=chosen)
            wanted = np.stack([outputs[place[n], n] for n in chosen])
            assert_close(given, wanted, TOLERANCE["float32"], f"step {step} of {chosen} ")
            place[chosen] += 1


def test_reset_and_state(rng: np.random.Generator) -> None:
    cell = network("mean")
    x = elements(cell, rng, STEPS, SESSIONS)
    stream = Stream(cell, sessions=SESSIONS)
    first = [stream.step(element) for element in x[:4]]
    middle = stream.state
    rest = [stream.step(element) for element in x[4:]]
    stream.state = middle
    again = [stream.step(element) for element in x[4:]]
    assert_close(again, rest, 0, "from a state ")
    stream.reset([1, 3])
    fresh = stream.step(x[0])
    assert_close(fresh[[1, 3]], first[0][[1, 3]], 0, "reset ")
    assert np.abs(fresh[[0, 2]] - first[0][[0, 2]]).max() > 1e-3
    stream.reset()
    assert_close(stream.step(x[0]), first[0], 0, "all reset ")


def test_a_state_of_unroll_goes_on_in_a_stream(rng: np.random.Generator) -> None:
    cell = network("lstm")
    x = elements(cell, rng, STEPS, SESSIONS)
    stream = Stream(cell, sessions=SESSIONS)
    stream.state = whole(cell, x[:5])[0]
    assert_close(stream.step(x[5]), whole(cell, x)[1][5], TOLERANCE["float32"], "after unroll ")


def test_what_is_returned_stays(rng: np.random.Generator) -> None:
    stream = Stream(network("gru"))
    one = stream.step(np.ones(INPUT))
    kept, state = one.copy(), stream.state
    before = state.hidden.copy()
    stream.step(np.zeros(INPUT))
    assert np.array_equal(one, kept)
    assert np.array_equal(state.hidden, before)


class Doubled(LSTM):
    """A cell whose step no kernel has."""

    def step(self, state: Any, projected: Any) -> Any:
        after, output = super().step(state, projected)
        return after, 2 * output


def dilated_symbols() -> Cell:
    """A stack whose lowest cell, within another one, reads symbols."""
    embedded = Stack([Embedding(VOCABULARY, 6, key=KEYS[0]), Dropout(6, 0.4), GRU(6, 5, key=KEYS[1])])
    return Stack([Dilated(embedded, 3), Linear(5, 2, key=KEYS[2])])


@pytest.mark.parametrize(
    "build",
    [
        lambda: Stack([Doubled(INPUT, 5, key=KEYS[0]), Linear(5, 2, key=KEYS[1])]),
        lambda: FixedWindow(INPUT, 5, window=3, activation="identity", key=KEYS[0]),
        lambda: Stack([Shortcut(GRU(INPUT, 5, key=KEYS[0])), Residual(LSTM(8, 8, key=KEYS[1]))]),
        dilated_symbols,
        lambda: Stack([LRU(INPUT, 5, key=KEYS[0]), MinLSTM(5, 4, key=KEYS[1])]),
    ],
    ids=["changed_step", "convolution", "connected", "dilated_symbols", "linear"],
)
def test_a_cell_without_a_native_step(build: Callable[[], Cell], rng: np.random.Generator) -> None:
    cell = lively(build())
    x = elements(cell, rng, STEPS, 1)
    stream = Stream(cell)
    assert not stream.is_native
    given = np.stack([stream.step(element[0]) for element in x])
    assert_close(given, whole(cell, x)[1][:, 0], TOLERANCE["float32"], "outputs ")


@pytest.mark.usefixtures("as_users_run_it")
class TestErrors:
    def test_a_sequence_map(self) -> None:
        both = Bidirectional(GRU(3, 4, key=KEYS[0]), GRU(3, 4, key=KEYS[1]))
        with pytest.raises(
            NotACellError, match=r"Bidirectional must see the whole sequence; train a network that"
        ):
            Stream(both)

    def test_no_sessions(self) -> None:
        with pytest.raises(OptionError, match="sessions is 0"):
            Stream(network("gru"), sessions=0)

    @pytest.mark.parametrize("shape", [(), (INPUT + 1,), (1, INPUT)])
    def test_an_element_of_another_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ShapeError, match=r"x has shape .*; expected \(3,\), one element's features"):
            Stream(network("gru")).step(np.zeros(shape))

    def test_elements_for_other_sessions(self) -> None:
        stream = Stream(network("gru"), sessions=4)
        with pytest.raises(ShapeError, match=r"shape \(3, 3\); expected \(2, 3\), .* for each session"):
            stream.step(np.zeros((3, INPUT)), sessions=[0, 1])

    @pytest.mark.parametrize("symbol", [-1, VOCABULARY])
    def test_a_symbol_that_does_not_exist(self, symbol: int) -> None:
        with pytest.raises(
            UsageError, match=f"no symbol {symbol}: the vocabulary has 11; pass numbers from 0 to 10"
        ):
            Stream(network("symbols")).step(symbol)

    @pytest.mark.parametrize("session", [-1, 4])
    def test_a_session_that_does_not_exist(self, session: int) -> None:
        stream = Stream(network("gru"), sessions=4)
        with pytest.raises(
            UsageError, match=f"no session {session}: this stream has 4; name numbers from 0 to 3"
        ):
            stream.step(np.zeros((1, INPUT)), sessions=[session])
        with pytest.raises(UsageError, match=f"no session {session}"):
            stream.reset([session])

    def test_a_session_named_twice(self) -> None:
        with pytest.raises(UsageError, match=r"sessions \[1, 1\] name one twice"):
            Stream(network("gru"), sessions=4).step(np.zeros((2, INPUT)), sessions=[1, 1])

    def test_a_state_of_another_cell(self) -> None:
        stream = Stream(network("gru"))
        with pytest.raises(
            ShapeError, match=r"arrays of shapes \[\(1, 37\), \(1, 37\)\], and this stream of 1"
        ):
            stream.state = Stream(network("lstm")).state
