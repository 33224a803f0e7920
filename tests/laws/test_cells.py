"""Every cell under every law."""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from tests.laws import laws_of_cells as laws
from tests.laws.registry import CELL_ROWS, LENGTHS, Row, Specimen, draw_inputs, fresh, specimen
from throughtime import initial_states

by_row = pytest.mark.parametrize("row", CELL_ROWS, ids=lambda row: row.name)


@by_row
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.usefixtures("float64")
def test_law(row: Row, law: Callable[[Specimen], None]) -> None:
    law(specimen(row))


@by_row
@pytest.mark.usefixtures("float64")
def test_saved_and_loaded_is_itself(row: Row, tmp_path: Path) -> None:
    laws.saved_and_loaded_is_itself(specimen(row), tmp_path)


@by_row
def test_finite_over_a_long_sequence(row: Row) -> None:
    state = initial_states(fresh(row), 1, jax.random.key(0))
    laws.finite_over_a_long_sequence(Specimen(row, fresh(row), draw_inputs(row), state, jnp.array(LENGTHS)))
