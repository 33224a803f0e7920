"""What holds for every cell: functions of a specimen, so that broken cells can be put before them too."""

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree
from safetensors.numpy import load_file, save_file

from tests.laws.agreement import assert_close, assert_same, assert_visible
from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, CUT, LENGTHS, TIME, VOCABULARY, Specimen, draw_inputs, lively
from throughtime import EchoState, Liquid, SparseRows, initial_states
from throughtime.core.cell import Cell, FusedCell, SelfUnrollingCell
from throughtime.core.fused import kernels
from throughtime.core.state import is_key
from throughtime.kernels.library import available

EXACT = 1e-12
DIFFERENCES = 1e-6


def shapes_and_types(s: Specimen) -> None:
    """Outputs are [T, B, O]; the state keeps its structure, and every array in it its shape and type."""
    before = initial_states(s.cell, BATCH, jax.random.key(0))
    after, outputs = s(s.inputs, before)
    assert outputs.shape == (TIME, BATCH, s.row.output_size)
    assert s.cell.output_size == s.row.output_size
    assert outputs.dtype == jnp.zeros(()).dtype
    assert jax.tree.structure(after) == jax.tree.structure(before)
    single = s.cell.initial_state()
    for one, old, new in zip(*map(jax.tree.leaves, (single, before, after)), strict=True):
        assert old.shape == new.shape == (BATCH, *one.shape)
        assert old.dtype == new.dtype == one.dtype


def batch_is_its_examples(s: Specimen) -> None:
    """A batch gives what each of its examples gives alone."""
    after, outputs = s(s.inputs, s.state)
    for row in range(BATCH):
        alone, only = s(s.inputs[:, row : row + 1], one_row(s.state, row))
        assert_close(only, outputs[:, row : row + 1], EXACT, f"outputs of example {row}")
        assert_close(alone, one_row(after, row), EXACT, f"state of example {row}")


def padding_changes_nothing(s: Specimen) -> None:
    """Outputs, final state and gradients are those of the sequences without padding, whatever it holds."""
    after, outputs = s(poisoned(s), s.state, lengths=s.lengths)
    _, padded = gradients(s.run)(s, poisoned(s), s.state, s.lengths)
    summed = jax.tree.map(jnp.zeros_like, padded.cell)
    for row, length in enumerate(LENGTHS):
        inputs, state = s.inputs[:length, row : row + 1], one_row(s.state, row)
        alone, only = s(inputs, state)
        assert_close(outputs[:length, row : row + 1], only, EXACT, f"outputs of example {row}")
        assert not np.any(outputs[length:, row]), f"outputs of example {row} past its end are not zero"
        assert_close(one_row(after, row), alone, EXACT, f"state of example {row}")
        _, bare = gradients(s.run)(s, inputs, state, None, row)
        assert_close(one_row(padded.state, row), bare.state, EXACT, f"gradient by the state of example {row}")
        if bare.inputs is not None:
            given = padded.inputs[:length, row : row + 1]
            assert_close(given, bare.inputs, EXACT, f"gradient by the input of example {row}")
            assert not np.any(padded.inputs[length:, row]), (
                f"gradient of example {row} flows into its padding"
            )
        summed = jax.tree.map(jnp.add, summed, bare.cell)
    assert_visible(s.row.acting(summed), "gradient")
    assert_close(padded.cell, summed, EXACT, "gradient")


def empty_sequence_keeps_state(s: Specimen) -> None:
    """A sequence of no steps leaves any state as it was, gives zeros and no gradient."""
    for state in (s.state, initial_states(s.cell, BATCH, jax.random.key(2))):
        lengths = jnp.array([0, LENGTHS[0]])
        after, outputs = s(poisoned(s, lengths), state, lengths=lengths)
        assert_same(one_row(after, 0), one_row(state, 0), "state of the empty sequence")
        assert not np.any(outputs[:, 0]), "the empty sequence has an output"
        _, padded = gradients(s.run)(s, poisoned(s, lengths), state, lengths)
        _, other = gradients(s.run)(s, s.inputs[: LENGTHS[0], 1:], one_row(state, 1), None, 1)
        assert_close(padded.cell, other.cell, EXACT, "gradient beside an empty sequence")


def chunks_make_the_whole(s: Specimen) -> None:
    """Two chunks with the state carried over give what the whole gives; lengths are shared out to both."""
    for lengths in (s.lengths, jnp.array([2, 6]), jnp.array([TIME, TIME])):
        given = None if jnp.all(lengths == TIME) else lengths
        after, outputs = s(s.inputs, s.state, lengths=given)
        between, first = s(s.inputs[:CUT], s.state, lengths=jnp.minimum(lengths, CUT))
        end, second = s(s.inputs[CUT:], between, lengths=jnp.maximum(lengths - CUT, 0))
        assert_close(np.concatenate([first, second]), outputs, EXACT, f"outputs with lengths {lengths}")
        assert_close(end, after, EXACT, f"state with lengths {lengths}")


def steps_make_the_whole(s: Specimen) -> None:
    """`step` taken by hand, example by example, gives what unrolling gives."""
    after, outputs = s(s.inputs, s.state)
    state, by_hand = s.state, []
    for x in s.inputs:
        state, output = quick_jit(one_step)(s.cell, state, x)
        by_hand.append(output)
    assert_close(np.stack(by_hand), outputs, EXACT, "outputs")
    assert_close(state, after, EXACT, "state")


def seeing_all_is_a_step(s: Specimen) -> None:
    """A step that sees of the past what it carries on is a step."""
    expected = quick_jit(one_step)(s.cell, s.state, s.inputs[0])
    given = quick_jit(one_step_seeing)(s.cell, s.state, s.inputs[0])
    assert_close(given, expected, EXACT, "state and output")


def reverse_is_a_flip(s: Specimen) -> None:
    """Reading in reverse is reading the sequence flipped, with `lengths` within its own end."""
    for lengths in (None, s.lengths):
        ends = (TIME,) * BATCH if lengths is None else LENGTHS
        after, outputs = s(s.inputs, s.state, lengths=lengths, reverse=True)
        forward, flipped = s(flip(s.inputs, ends), s.state, lengths=lengths)
        assert_close(outputs, flip(flipped, ends), EXACT, f"outputs with lengths {lengths}")
        assert_close(after, forward, EXACT, f"state with lengths {lengths}")


def causal(s: Specimen) -> None:
    """A changed element changes its own output and, to the last bit, none before it."""
    t = 3
    changed = (s.inputs[t] + 1) % VOCABULARY if s.row.reads_symbols else s.inputs[t] + 1
    _, outputs = s(s.inputs, s.state)
    _, others = s(s.inputs.at[t].set(changed), s.state)
    assert_same(others[:t], outputs[:t], "outputs before the change")
    difference = np.max(np.abs(others[t] - outputs[t]), axis=-1)
    assert np.all(difference > 1e-3), f"the change moved its own output by only {difference}"


def same_key_same_numbers(s: Specimen) -> None:
    """One key gives one result, to the last bit; another key another one, where noise is drawn."""
    first, again, other = (
        s(s.inputs, initial_states(s.cell, BATCH, jax.random.key(seed))) for seed in (1, 1, 2)
    )
    assert_same(again, first, "second run ")
    assert np.array_equal(other[1], first[1]) != s.row.draws_noise, (
        "the key matters where it must not, or not at all"
    )


def jit_is_eager(s: Specimen) -> None:
    """Compiled and not compiled, the numbers are the same."""
    eager = s.run(s.cell, s.inputs, s.state, lengths=s.lengths)
    assert_close(s(s.inputs, s.state, lengths=s.lengths), eager, EXACT, "compiled: ")


def second_call_compiles_nothing(s: Specimen) -> None:
    """Other weights, input, lengths and the state of the call before need no other program."""
    traced = 0

    def counted(cell: Any, inputs: Array, state: PyTree, lengths: Array) -> Any:
        nonlocal traced
        traced += 1
        return s.run(cell, inputs, state, lengths=lengths)

    compiled = quick_jit(counted)
    state, _ = compiled(s.cell, s.inputs, initial_states(s.cell, BATCH, jax.random.key(0)), s.lengths)
    other = lively(s.cell, 9)
    compiled(other, draw_inputs(s.row, seed=10), state, s.lengths - 1)
    assert traced == 1, f"compiled {traced} times for the same shapes"


def gradient_is_finite_differences(s: Specimen) -> None:
    """The gradient by every weight, input and state is the central difference, entry by entry.

    Of a cell with jumps it is that of the same cell with ramps.
    """
    s = replace(s, cell=s.row.smooth(s.cell))
    every = jnp.array([TIME] * BATCH)
    value, gradient = gradients(s.run)(s, s.inputs, s.state, every, weight_of_state=0.0)
    moving, fixed = eqx.partition((s.cell, s.state, s.inputs), eqx.is_inexact_array)
    flat, restore = ravel_pytree(moving)

    def differences(flat: Array) -> Array:
        def value_at(point: Array) -> Array:
            cell, state, inputs = eqx.combine(restore(point), fixed)
            return readout(s.run(cell, inputs, state)[1])

        def central(direction: Array) -> Array:
            return (value_at(flat + 1e-5 * direction) - value_at(flat - 1e-5 * direction)) / 2e-5

        return jax.vmap(central)(jnp.eye(flat.size))

    assert np.isfinite(value)
    by_hand = restore(quick_jit(differences)(flat))
    assert_visible(s.row.acting(by_hand[0]), "central difference by ")
    if by_hand[2] is not None:
        assert_visible(by_hand[2], "central difference by the input")
    assert_close(tuple(gradient), by_hand, DIFFERENCES, "gradient by (cell, state, input)")


def saved_and_loaded_is_itself(s: Specimen, folder: Path) -> None:
    """The arrays of a cell, written to a file and put into another cell, give the same numbers."""
    skeleton = lively(s.row.build(jax.random.key(7)), 7)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(s.cell)]
    file = folder / "cell.safetensors"
    save_file(dict(zip(names, map(np.asarray, jax.tree.leaves(s.cell)), strict=True)), file)
    stored = load_file(file)
    loaded = jax.tree.unflatten(jax.tree.structure(skeleton), [jnp.asarray(stored[name]) for name in names])
    expected = s(s.inputs, s.state)
    if names:
        assert not np.array_equal(s(s.inputs, s.state, cell=skeleton)[1], expected[1]), "no weight matters"
    assert_same(s(s.inputs, s.state, cell=loaded), expected, "after loading: ")


def finite_over_a_long_sequence(s: Specimen) -> None:
    """Ten thousand steps, weights as constructed, give finite outputs and a finite state."""
    state = initial_states(s.cell, BATCH, jax.random.key(0))
    after, outputs = s(draw_inputs(s.row, 10_000), state)
    assert np.all(np.isfinite(outputs)), "outputs are not finite"
    finite = [
        bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(eqx.filter(after, eqx.is_inexact_array))
    ]
    assert all(finite), "the state is not finite"
    assert outputs.dtype == jnp.float32


def fused_is_scan(s: Specimen) -> None:
    """A kernel gives what plain JAX gives: state, outputs and gradients, in both directions."""
    if not is_fused(s.cell):
        return
    plain = both_directions(s.run, "off")(s)
    (by_cell, by_state, by_inputs), results = plain
    assert_visible((s.row.acting(by_cell), by_inputs, results), "result or gradient")
    # An array of the state that no step reads has none: what a network said last that a teacher speaks for.
    assert any(np.max(np.abs(leaf)) > 1e-4 for leaf in jax.tree.leaves(by_state)), "the state is not read"
    for choice in available():
        assert_close(both_directions(s.run, choice)(s), plain, EXACT, choice)


LAWS: tuple[Callable[[Specimen], None], ...] = (
    shapes_and_types,
    batch_is_its_examples,
    padding_changes_nothing,
    empty_sequence_keeps_state,
    chunks_make_the_whole,
    steps_make_the_whole,
    seeing_all_is_a_step,
    reverse_is_a_flip,
    causal,
    same_key_same_numbers,
    jit_is_eager,
    second_call_compiles_nothing,
    gradient_is_finite_differences,
    fused_is_scan,
)
"""The laws that take a specimen in float64 and nothing else."""


def one_step(cell: Any, state: PyTree, x: Array) -> tuple[PyTree, Array]:
    """Take one step with every example of a batch."""
    return jax.vmap(lambda state, x: cell.step(state, cell.project(x)))(state, x)


def one_step_seeing(cell: Any, state: PyTree, x: Array) -> tuple[PyTree, Array]:
    """Take one step, of which it is said aloud that it sees all."""
    return jax.vmap(lambda state, x: cell.step_seeing(state, state, cell.project(x)))(state, x)


class Parts(NamedTuple):
    """A gradient by `cell`, `state` and `inputs`; `None` stands where nothing is differentiable."""

    cell: Any
    state: Any
    inputs: Any


def readout(outputs: Array, row: Array | int = 0) -> Array:
    """Return a sum over outputs, each with another weight; `row` is the place of the first example."""
    steps, batch_size, size = outputs.shape
    step, example, feature = jnp.ogrid[:steps, :batch_size, :size]
    return jnp.sum(outputs * jnp.cos(1.0 + 0.7 * step + 2.3 * (example + row) + 1.1 * feature))


@functools.cache
def gradients(run: Callable[..., Any]) -> Callable[..., tuple[Array, Parts]]:
    """Return a function that differentiates a readout of outputs and final state through `run`."""

    def compiled(moving: Any, fixed: Any, lengths: Array | None, row: Array, weight_of_state: Array) -> Any:
        def value(moving: Any) -> Array:
            cell, state, inputs = eqx.combine(moving, fixed)
            after, outputs = run(cell, inputs, state, lengths=lengths)
            total = readout(outputs, row)
            for leaf in jax.tree.leaves(eqx.filter(after, eqx.is_inexact_array)):
                total += weight_of_state * readout(leaf.reshape(1, leaf.shape[0], -1), row)
            return total

        return jax.value_and_grad(value)(moving)

    def differentiate(
        s: Specimen,
        inputs: Array,
        state: PyTree,
        lengths: Array | None,
        row: int = 0,
        weight_of_state: float = 2.0,
    ) -> tuple[Array, Parts]:
        moving, fixed = eqx.partition((s.cell, state, inputs), eqx.is_inexact_array)
        value, gradient = quick_jit(compiled)(
            moving, fixed, lengths, jnp.asarray(row), jnp.asarray(weight_of_state)
        )
        return value, Parts(*gradient)

    return differentiate


def is_fused(cell: Any) -> bool:
    """Tell whether a kernel runs the cell or, over a whole sequence, something in it.

    A wrapper has something to do between the steps of the cell within, which then has no use for its kernel.
    """
    if isinstance(cell, Liquid):
        return True
    if isinstance(cell, EchoState):
        return isinstance(cell.recurrent_weight, SparseRows)
    if isinstance(cell, FusedCell) or not isinstance(cell, SelfUnrollingCell):
        return isinstance(cell, FusedCell)
    parts = jax.tree.leaves(cell, is_leaf=lambda part: part is not cell and isinstance(part, Cell))
    return any(is_fused(part) for part in parts)


@functools.cache
def both_directions(run: Callable[..., Any], choice: str) -> Callable[[Specimen], Any]:
    """Return a function that gives results and gradients of both directions, with the kernels as chosen."""

    def compiled(moving: Any, fixed: Any, lengths: Array) -> Any:
        def value(moving: Any) -> Array:
            cell, state, inputs = eqx.combine(moving, fixed)
            results = [
                run(cell, inputs, state, lengths=lengths, reverse=reverse) for reverse in (False, True)
            ]
            numbers = jax.tree.leaves(eqx.filter(results, eqx.is_inexact_array))
            return sum(readout(leaf.reshape(1, len(leaf), -1)) for leaf in numbers), numbers

        return jax.grad(value, has_aux=True)(moving)

    def differentiate(s: Specimen) -> Any:
        moving, fixed = eqx.partition((s.cell, s.state, s.inputs), eqx.is_inexact_array)
        with kernels(choice):
            return quick_jit(compiled)(moving, fixed, s.lengths)

    return differentiate


def one_row(state: PyTree, row: int) -> PyTree:
    """Return the state of one example, as a batch of one."""

    def cut(leaf: Array) -> Array:
        return leaf[row : row + 1] if is_key(leaf) else jnp.asarray(np.asarray(leaf)[row : row + 1])

    return jax.tree.map(cut, state)


def poisoned(s: Specimen, lengths: Array | None = None) -> Array:
    """Return the input with NaN (or a symbol that does not exist) wherever it is padding."""
    real = np.arange(TIME)[:, None] < np.asarray(s.lengths if lengths is None else lengths)
    inputs = np.array(s.inputs)
    inputs[~real] = 10**6 if s.row.reads_symbols else np.nan
    return jnp.asarray(inputs)


def flip(values: Array, ends: tuple[int, ...]) -> Array:
    """Return each sequence read backwards from its end, its padding left in place."""
    flipped = np.array(values)
    for row, end in enumerate(ends):
        flipped[:end, row] = flipped[:end, row][::-1]
    return jnp.asarray(flipped)
