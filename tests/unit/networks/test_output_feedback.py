"""Closing the loop: the network's own outputs, a teacher's targets, and the coin between them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    ConstantProbability,
    Elman,
    Embedding,
    ExpectedSymbol,
    ExponentialDecay,
    LikeliestSymbol,
    Linear,
    OutputFeedback,
    SampledSymbol,
    ScheduledSampling,
    Stack,
    Stream,
    TeacherForcing,
    Values,
    at_iteration,
    free_running,
    one_hot,
    unroll,
    without_noise,
)
from throughtime.core.errors import NotACellError, OptionError, ShapeError, UsageError

KEY = jax.random.key(0)
SYMBOLS, FEATURES, HIDDEN = 6, 4, 5


def network(inputs: int, outputs: int) -> Stack:
    lower, upper = jax.random.split(KEY)
    return Stack([LSTM(inputs, HIDDEN, key=lower), Linear(HIDDEN, outputs, key=upper)])


VALUES = Values(2, activation="sigmoid")
VECTORS = Embedding(SYMBOLS, FEATURES, scale=1.0, key=KEY)
INPUTS = jax.random.normal(KEY, (7, 2, 3))
TARGETS = jax.random.normal(jax.random.key(1), (7, 2, 2))
BOTH = jnp.concatenate([INPUTS, TARGETS], axis=-1)
LOOP = network(3 + 2, 2)


def outputs(cell: Any, inputs: Any, **options: Any) -> np.ndarray:
    return np.asarray(unroll(cell, inputs, **options)[1])


def test_probability_one_is_teacher_forcing_and_zero_is_running_freely() -> None:
    always = ScheduledSampling(LOOP, VALUES, ConstantProbability(1.0))
    np.testing.assert_allclose(outputs(always, BOTH), outputs(TeacherForcing(LOOP, VALUES), BOTH), atol=1e-6)
    never = ScheduledSampling(LOOP, VALUES, ConstantProbability(0.0))
    np.testing.assert_allclose(outputs(never, BOTH), outputs(OutputFeedback(LOOP, VALUES), INPUTS), atol=1e-6)
    assert np.max(np.abs(outputs(always, BOTH) - outputs(never, BOTH))) > 1e-2


def test_without_noise_the_targets_in_the_input_are_ignored() -> None:
    cell = ScheduledSampling(LOOP, VALUES, ConstantProbability(0.5))
    silent = without_noise(cell)
    np.testing.assert_allclose(outputs(silent, BOTH), outputs(free_running(cell), INPUTS), atol=1e-6)
    np.testing.assert_array_equal(outputs(silent, BOTH), outputs(silent, BOTH.at[..., 3:].set(9.0)))


def test_a_network_that_is_always_right_needs_no_teacher() -> None:
    """Told its own outputs as the targets of the steps before, it does what it does when running freely."""
    cell = TeacherForcing(LOOP, VALUES)
    free = outputs(free_running(cell), INPUTS)
    told = jnp.concatenate([jnp.zeros((1, 2, 2)), jax.nn.sigmoid(free[:-1])])
    np.testing.assert_allclose(outputs(cell, jnp.concatenate([INPUTS, told], -1)), free, atol=1e-6)
    # The same targets one step early are wrong.
    early = jnp.concatenate([INPUTS, jax.nn.sigmoid(free)], -1)
    assert np.max(np.abs(outputs(cell, early) - free)) > 1e-3


@pytest.mark.parametrize("feedback", [LikeliestSymbol(VECTORS), ExpectedSymbol(VECTORS)])
def test_symbols_from_nothing(feedback: Any) -> None:
    cell = OutputFeedback(network(FEATURES, SYMBOLS), feedback)
    assert cell.input_size == 0
    given = outputs(cell, jnp.zeros((7, 2, 0)))
    # By hand, symbol by symbol.
    inner, fed = cell.cell, jnp.zeros(FEATURES)
    state = inner.initial_state()
    for step in range(7):
        state, output = inner.step(state, inner.project(fed))
        np.testing.assert_allclose(given[step, 0], output, atol=1e-5)
        if isinstance(feedback, LikeliestSymbol):
            fed = VECTORS.weight[jnp.argmax(output)]
        else:
            fed = jax.nn.softmax(output) @ VECTORS.weight


def test_a_symbol_or_its_one_hot_vector_is_the_same_target() -> None:
    cell = TeacherForcing(network(FEATURES, SYMBOLS), SampledSymbol(VECTORS))
    told = jnp.array([[-1, -1], [3, 0], [5, 1]])
    given = outputs(cell, told)
    np.testing.assert_allclose(given, outputs(cell, one_hot(told, SYMBOLS)), atol=1e-6)
    lengths = jnp.array([2, 2])
    after, _ = unroll(cell, told, lengths=lengths)
    np.testing.assert_allclose(after.output, given[1], atol=1e-6)
    np.testing.assert_array_equal(after.position, [2, 2])
    # But for the first step, at which nothing was said before, it is the network on embedded symbols.
    state, _ = unroll(cell, told[:1])
    again = unroll(cell.cell, VECTORS.weight[told[1:]], state.inner)[1]
    np.testing.assert_allclose(given[1:], again, atol=1e-6)


def test_a_prompt_by_a_teacher_goes_on_freely() -> None:
    taught = TeacherForcing(LOOP, VALUES)
    state, _ = unroll(taught, BOTH[:4])
    free = free_running(taught)
    first = unroll(free, INPUTS[4:], state)[1]
    # What the teacher's cell said last is what is fed at the first free step.
    said = jax.nn.sigmoid(state.output)
    inner, expected = unroll(LOOP, jnp.concatenate([INPUTS[4], said], -1)[None], state.inner)
    np.testing.assert_allclose(first[0], expected[0], atol=1e-6)
    assert jax.tree.structure(inner) == jax.tree.structure(state.inner)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_last_output_of_an_empty_sequence_is_the_one_before(reverse: bool) -> None:
    cell = TeacherForcing(LOOP, VALUES)
    state, _ = unroll(cell, BOTH)
    after, given = unroll(cell, BOTH, state, lengths=jnp.array([0, 3]), reverse=reverse)
    np.testing.assert_array_equal(after.output[0], state.output[0])
    np.testing.assert_array_equal(after.output[1], given[0 if reverse else 2, 1])
    np.testing.assert_array_equal(after.position, [7, 10])
    none, _ = unroll(cell, BOTH[:0], state, reverse=reverse)
    np.testing.assert_array_equal(none.output, state.output)


@pytest.mark.parametrize(
    ("feedback", "flows"),
    [
        (Values(SYMBOLS), True),
        (ExpectedSymbol(VECTORS), True),
        (LikeliestSymbol(VECTORS), False),
        (SampledSymbol(VECTORS), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gradient_flows_back_through_what_is_continuous(feedback: Any, flows: bool) -> None:
    # A network without any other memory: the past comes back through its outputs alone.
    inner = Linear(2 + feedback.feedback_size, SYMBOLS, key=KEY)
    cell = OutputFeedback(inner, feedback)

    def end(inputs: jax.Array) -> jax.Array:
        return unroll(cell, inputs, key=KEY)[1][-1].sum()

    slope = np.abs(jax.grad(end)(jnp.ones((3, 1, 2)))).sum(axis=(1, 2))
    assert slope[2] > 1e-3
    assert np.all(slope[:2] > 1e-6) == flows


def test_symbols_are_drawn_as_likely_as_they_are() -> None:
    scores, draws = jnp.array([0.0, 1.0, -1.0, 0.5, 2.0, -3.0]), 20_000
    sampled = SampledSymbol(VECTORS)
    chosen = quick_jit(jax.vmap(lambda key: sampled.choose(scores, key)))(jax.random.split(KEY, draws))
    np.testing.assert_array_equal(chosen.sum(axis=1), 1)
    expected = np.asarray(jax.nn.softmax(scores))
    error = np.sqrt(expected * (1 - expected) / draws)
    assert np.all(np.abs(np.mean(chosen, axis=0) - expected) < 5 * error)
    with pytest.raises(TypeError, match=r"SampledSymbol.choose needs a key"):
        sampled.choose(scores)


def test_another_iteration_compiles_nothing() -> None:
    cell = ScheduledSampling(LOOP, VALUES, ExponentialDecay(0.5))
    traced = 0

    def run(cell: Any, inputs: jax.Array) -> Any:
        nonlocal traced
        traced += 1
        return unroll(cell, inputs, key=KEY)[1]

    compiled = quick_jit(run)
    first = compiled(cell, BOTH)
    late = compiled(at_iteration(cell, 1000), BOTH)
    assert traced == 1
    np.testing.assert_allclose(first, outputs(TeacherForcing(LOOP, VALUES), BOTH), atol=1e-6)
    np.testing.assert_allclose(late, outputs(free_running(cell), INPUTS), atol=1e-6)


def test_the_iteration_reaches_cells_within_and_is_no_weight() -> None:
    cell = ScheduledSampling(LOOP, VALUES, ExponentialDecay(0.5))
    later = at_iteration(Stack([Linear(4, 5, key=KEY), cell, Linear(2, 2, key=KEY)]), 12)
    assert int(later.cells[1].iteration) == 12  # type: ignore[union-attr]
    assert int(cell.iteration) == 0
    assert not jnp.issubdtype(cell.iteration.dtype, jnp.inexact)


def test_streams_go_freely() -> None:
    cell = OutputFeedback(LOOP, VALUES)
    stream = Stream(cell)
    by_steps = [stream.step(np.asarray(x)) for x in INPUTS[:, 0]]
    np.testing.assert_allclose(np.stack(by_steps), outputs(cell, INPUTS)[:, 0], atol=1e-5)
    generator = Stream(OutputFeedback(network(FEATURES, SYMBOLS), SampledSymbol(VECTORS)))
    assert generator.step(np.zeros(0)).shape == (SYMBOLS,)


AS_USERS = pytest.mark.usefixtures("as_users_run_it")


@AS_USERS
@pytest.mark.parametrize("kind", [OutputFeedback, TeacherForcing])
def test_what_does_not_fit(kind: Any) -> None:
    with pytest.raises(ShapeError, match=r"Elman gives 5 features and Values feeds 2 back; .* a readout"):
        kind(Elman(5, 5, key=KEY), VALUES)
    with pytest.raises(ShapeError, match=r"Elman reads 3 features and LikeliestSymbol alone gives 4; make"):
        kind(Elman(3, SYMBOLS, key=KEY), LikeliestSymbol(VECTORS))
    both = Bidirectional(GRU(3, 5, key=KEY), GRU(3, 5, key=KEY))
    with pytest.raises(NotACellError, match=rf"{kind.__name__} goes around a cell, and Bidirectional is not"):
        kind(both, VALUES)


@AS_USERS
def test_symbols_alone_leave_no_room_for_other_input() -> None:
    cell = TeacherForcing(network(3 + FEATURES, SYMBOLS), LikeliestSymbol(VECTORS))
    with pytest.raises(ShapeError, match=r"TeacherForcing is given symbols, and its cell reads 3 features"):
        unroll(cell, jnp.zeros((7, 2), jnp.int32))


@AS_USERS
def test_who_has_no_teacher() -> None:
    with pytest.raises(UsageError, match=r"free_running takes .* and OutputFeedback has no teacher"):
        free_running(OutputFeedback(LOOP, VALUES))
    with pytest.raises(OptionError, match=r"activation is 'sigmod' \(did you mean 'sigmoid'\?\)"):
        Values(2, activation="sigmod")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"size is 0; choose"):
        Values(0)
