"""What holds for every sequence map, as functions of a specimen."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tests.laws.agreement import assert_close, assert_same, assert_visible
from tests.laws.compilation import quick_jit
from tests.laws.laws_of_cells import flip, poisoned, readout
from tests.laws.registry import BATCH, LENGTHS, TIME, VOCABULARY, MapSpecimen, draw_inputs, lively

EXACT = 1e-12
KEY = 8


def shapes_and_types(s: MapSpecimen) -> None:
    """Outputs are [T, B, O]."""
    outputs = s(s.inputs, key=jax.random.key(KEY))
    assert outputs.shape == (TIME, BATCH, s.row.output_size)
    assert s.network.output_size == s.row.output_size
    assert outputs.dtype == jnp.zeros(()).dtype


def batch_is_its_examples(s: MapSpecimen) -> None:
    """A batch gives what each of its examples gives alone."""
    if s.row.draws_noise:
        return  # its noise belongs to the batch
    outputs = s(s.inputs)
    for row in range(BATCH):
        only = s(s.inputs[:, row : row + 1])
        assert_close(only, outputs[:, row : row + 1], EXACT, f"outputs of example {row}")


def padding_changes_nothing(s: MapSpecimen) -> None:
    """Outputs and gradients are those of the sequences without their padding, whatever it holds."""
    key = jax.random.key(KEY)
    outputs = s(poisoned(s), lengths=s.lengths, key=key)
    for row, length in enumerate(LENGTHS):
        assert not np.any(outputs[length:, row]), f"outputs of example {row} past its end are not zero"
    if s.row.draws_noise:
        assert np.all(np.isfinite(outputs))
        return
    padded = quick_jit(_gradient)(s.network, poisoned(s), s.lengths, jnp.asarray(0))
    summed = jax.tree.map(jnp.zeros_like, padded)
    for row, length in enumerate(LENGTHS):
        inputs = s.inputs[:length, row : row + 1]
        assert_close(outputs[:length, row : row + 1], s(inputs), EXACT, f"outputs of example {row}")
        bare = quick_jit(_gradient)(s.network, inputs, None, jnp.asarray(row))
        summed = jax.tree.map(jnp.add, summed, bare)
    assert_visible(summed, "gradient")
    assert_close(padded, summed, EXACT, "gradient")


def _gradient(network: eqx.Module, inputs: Array, lengths: Array | None, row: Array) -> eqx.Module:
    return jax.grad(lambda network: readout(network(inputs, lengths=lengths), row))(network)


def jit_is_eager(s: MapSpecimen) -> None:
    """Compiled and not compiled, the numbers are the same, and the same key gives the same."""
    key = jax.random.key(KEY)
    eager = s.run(s.network, s.inputs, lengths=s.lengths, key=key)
    compiled = s(s.inputs, lengths=s.lengths, key=key)
    assert_close(compiled, eager, EXACT, "compiled")
    assert_same(s(s.inputs, lengths=s.lengths, key=key), compiled, "again")
    if s.row.draws_noise:
        assert not np.array_equal(s(s.inputs, lengths=s.lengths, key=jax.random.key(KEY + 1)), compiled)


def second_call_compiles_nothing(s: MapSpecimen) -> None:
    """Other weights, other input and other lengths need no other program."""
    traced = 0

    def counted(network: eqx.Module, inputs: Array, lengths: Array) -> Array:
        nonlocal traced
        traced += 1
        return s.run(network, inputs, lengths=lengths, key=jax.random.key(KEY))

    compiled = quick_jit(counted)
    compiled(s.network, s.inputs, s.lengths)
    compiled(lively(s.network, 9), draw_inputs(s.row, seed=10), s.lengths - 1)
    assert traced == 1, f"compiled {traced} times for the same shapes"


def mirrored_in_time(s: MapSpecimen) -> None:
    """Directions exchanged, the network does to the reversed sequence what it does to the sequence."""
    if s.row.mirrored is None:
        return
    other = MapSpecimen(s.row, s.row.mirrored(s.network), s.inputs, s.lengths, s.run)
    for lengths in (None, s.lengths):
        ends = (TIME,) * BATCH if lengths is None else LENGTHS
        outputs, mirrored = s(s.inputs, lengths=lengths), other(flip(s.inputs, ends), lengths=lengths)
        if s.row.agrees_at_the_end_only:
            # The two directions have seen the same at the last step only.
            for row, end in enumerate(ends):
                here, there = outputs[end - 1, row], s.row.swap(mirrored)[end - 1, row]
                assert_close(there, here, EXACT, f"last output of example {row} with lengths {lengths}")
        else:
            assert_close(flip(s.row.swap(mirrored), ends), outputs, EXACT, f"outputs with lengths {lengths}")


def every_output_sees_both_sides(s: MapSpecimen) -> None:
    """In a bidirectional network each element moves the outputs before it and after it."""
    if s.row.mirrored is None:
        return
    outputs = s(s.inputs)
    for t in (1, TIME - 2):
        moved = s.inputs[t] + 1 if not s.row.reads_symbols else (s.inputs[t] + 1) % VOCABULARY
        difference = np.max(np.abs(s(s.inputs.at[t].set(moved)) - outputs), axis=(1, 2))
        assert np.all(difference > 1e-9), f"element {t} moves the outputs by {difference}"


LAWS: tuple[Callable[[MapSpecimen], None], ...] = (
    shapes_and_types,
    batch_is_its_examples,
    padding_changes_nothing,
    jit_is_eager,
    second_call_compiles_nothing,
    mirrored_in_time,
    every_output_sees_both_sides,
)
