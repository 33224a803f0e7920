"""Every cell that declares itself element-wise, under the laws of such cells."""

import pytest

from tests.laws import laws_of_elementwise_cells as laws
from tests.laws.registry import CELL_ROWS, Row, fresh, specimen
from tests.laws.rows_elementwise import ROWS
from throughtime import ElementwiseCell, LinearCell

LINEAR = ("min_gru", "min_lstm", "lru")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.usefixtures("float64")
def test_units_see_themselves_alone(row: Row) -> None:
    laws.units_see_themselves_alone(specimen(row))


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in LINEAR], ids=lambda row: row.name)
@pytest.mark.usefixtures("float64")
def test_executions_agree(row: Row) -> None:
    laws.executions_agree(specimen(row))


@pytest.mark.usefixtures("float64")
def test_every_cell_that_declares_itself_is_here() -> None:
    declared = {row.name for row in CELL_ROWS if isinstance(fresh(row), ElementwiseCell)}
    assert declared == {row.name for row in ROWS}
    assert {row.name for row in CELL_ROWS if isinstance(fresh(row), LinearCell)} == set(LINEAR)
