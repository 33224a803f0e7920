"""Dilated cells: lengths of every kind, chunks cut anywhere, and what a dilated stack sees."""

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
    LSTM,
    Bidirectional,
    Dilated,
    Dropout,
    Elman,
    FixedWindow,
    Linear,
    Stack,
    dilated_stack,
    initial_states,
    unroll,
)
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.scanning import project_and_scan
from throughtime.networks.dilated import dilations

KEY = jax.random.key(0)
CELL = GRU(3, 5, key=KEY)


def scanned(cell: Any, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
    return project_and_scan(cell, state, inputs, lengths, reverse)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 6, 8])
@pytest.mark.usefixtures("float64")
def test_whole_is_step_by_step_whatever_the_lengths(steps: int, rng: np.random.Generator) -> None:
    cell = lively(Dilated(LSTM(3, 5, key=KEY), 3))
    state, _ = unroll(cell, jnp.asarray(rng.normal(size=(4, steps + 1, 3))))
    inputs = jnp.asarray(rng.normal(size=(steps, steps + 1, 3)))
    for reverse in (False, True):
        for lengths in (None, jnp.arange(steps + 1)):
            expected = quick_jit(scanned, "reverse")(cell, inputs, state, lengths, reverse)
            given = quick_jit(unroll, "reverse")(cell, inputs, state, lengths=lengths, reverse=reverse)
            assert_close(given, expected, 1e-12, f"lengths {lengths}, reverse {reverse}: ")


def test_lengths_of_a_small_type() -> None:
    cell, inputs = Dilated(CELL, 300), jax.random.normal(KEY, (200, 2, 3))
    after, outputs = unroll(cell, inputs, lengths=jnp.array([7, 200], jnp.uint8))
    assert_close((after, outputs), unroll(cell, inputs, lengths=jnp.array([7, 200])), 0, "")


@pytest.mark.parametrize("cuts", [[1, 2, 4], [3], [2, 2, 2], [4, 1]])
@pytest.mark.usefixtures("float64")
def test_chunks_may_be_cut_anywhere(cuts: list[int], rng: np.random.Generator) -> None:
    cell = lively(Dilated(GRU(3, 5, key=KEY), 3))
    inputs = jnp.asarray(rng.normal(size=(8, 2, 3)))
    after, outputs = unroll(cell, inputs)
    state, parts = initial_states(cell, 2), []
    for chunk in jnp.split(inputs, np.cumsum(cuts)):
        state, part = unroll(cell, chunk, state)
        parts.append(part)
    assert_close(jnp.concatenate(parts), outputs, 1e-14, "outputs")
    assert_close(state, after, 1e-14, "state")


@pytest.mark.usefixtures("float64")
def test_dilation_of_one_is_the_cell_and_one_beyond_the_sequence_reads_each_element_alone() -> None:
    cell, inputs = GRU(3, 5, key=KEY), jax.random.normal(KEY, (7, 2, 3))
    _, outputs = unroll(cell, inputs)
    assert_close(unroll(Dilated(cell, 1), inputs)[1], outputs, 1e-14, "dilation 1")
    alone = jnp.concatenate([unroll(cell, x[None])[1] for x in inputs])
    assert not np.allclose(alone, outputs, atol=1e-3)
    for dilation in (7, 1000):
        assert_close(unroll(Dilated(cell, dilation), inputs)[1], alone, 1e-14, f"dilation {dilation}")


def test_every_subsequence_has_noise_of_its_own() -> None:
    cell = Dilated(Stack([Dropout(30, 0.5), Linear(30, 30, key=KEY)]), 2)
    _, outputs = unroll(cell, jnp.ones((2, 1, 30)), key=KEY)
    assert not np.array_equal(outputs[0], outputs[1])


@pytest.mark.parametrize("dilation", [0, -1, 1.5, True])
@pytest.mark.usefixtures("as_users_run_it")
def test_dilation_is_a_whole_number(dilation: Any) -> None:
    with pytest.raises(OptionError, match=rf"dilation is {dilation}; choose a whole number of at least 1"):
        Dilated(CELL, dilation)


@pytest.mark.usefixtures("as_users_run_it")
def test_only_a_cell_can_be_dilated() -> None:
    with pytest.raises(
        NotACellError, match=r"made of a cell, and Bidirectional is not one.*dilate the cells"
    ):
        Dilated(Bidirectional(CELL, CELL), 2)  # type: ignore[arg-type]


def test_dilations_grow_by_the_base() -> None:
    assert dilations(9) == (1, 2, 4, 8, 16, 32, 64, 128, 256)
    assert dilations(3, base=3, start=2) == (2, 6, 18)
    for name in ("layers", "base", "start"):
        with pytest.raises(OptionError, match=rf"{name} is 0; choose a whole number of at least 1"):
            dilations(**{"layers": 1, name: 0})


def kinds(stack: Stack) -> list[tuple[str, int]]:
    return [(type(cell).__name__, getattr(cell, "dilation", 1)) for cell in stack.cells]


def test_layers_of_a_dilated_stack() -> None:
    plain = dilated_stack(GRU, 3, 5, layers=3, key=KEY)
    assert kinds(plain) == [("GRU", 1), ("Dilated", 2), ("Dilated", 4)]
    assert (plain.input_size, plain.output_size) == (3, 5)
    read = dilated_stack(LSTM, 3, 5, layers=2, base=4, output_size=2, key=KEY)
    assert kinds(read) == [("LSTM", 1), ("Dilated", 4), ("Linear", 1)]
    fused = dilated_stack(Elman, 3, 5, layers=2, start=4, output_size=2, key=KEY)
    assert kinds(fused) == [("Dilated", 4), ("Dilated", 8), ("FixedWindow", 1)]
    assert fused.cells[-1].weight.shape == (4, 2, 5)
    assert dilated_stack(Elman, 3, 5, layers=1, start=2, key=KEY).output_size == 5
    with pytest.raises(OptionError, match="output_size is 0; choose a whole number of at least 1"):
        dilated_stack(Elman, 3, 5, layers=2, output_size=0, key=KEY)
    with pytest.raises(OptionError, match="hidden_size is 0; choose a whole number of at least 1"):
        dilated_stack(Elman, 3, 0, layers=2, start=2, output_size=0, key=KEY)


def reach(cell: Any) -> list[int]:
    """Return how many steps back the elements lie that the last output of 17 depends on."""
    slope = jax.grad(lambda inputs: unroll(cell, inputs)[1][-1].sum())(jnp.ones((17, 1, 3)))
    return [16 - int(t) for t in np.flatnonzero(jnp.abs(slope).sum((1, 2)))][::-1]


def test_what_a_dilated_stack_sees() -> None:
    cell = Elman(3, 5, key=KEY)
    assert reach(Dilated(cell, 4)) == [0, 4, 8, 12, 16]
    fused = dilated_stack(Elman, 3, 5, layers=2, start=3, key=KEY)
    assert reach(Stack(fused.cells[:-1])) == [0, 3, 6, 9, 12, 15]
    assert reach(fused) == list(range(17))


@pytest.mark.usefixtures("as_users_run_it")
def test_unknown_activation_of_a_window() -> None:
    with pytest.raises(OptionError, match=r"activation is 'tahn' \(did you mean 'tanh'\?\)"):
        FixedWindow(3, 5, activation="tahn", key=KEY)  # type: ignore[arg-type]
