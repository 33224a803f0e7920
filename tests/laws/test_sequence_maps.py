"""Every sequence map under every law of sequence maps."""

from collections.abc import Callable

import pytest

from tests.laws.laws_of_sequence_maps import LAWS
from tests.laws.registry import MAP_ROWS, MapRow, MapSpecimen, map_specimen


@pytest.mark.parametrize("row", MAP_ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.usefixtures("float64")
def test_law(row: MapRow, law: Callable[[MapSpecimen], None]) -> None:
    law(map_specimen(row))
