"""Places come back as they were, and those of a table take a few bytes each."""

import pytest

from throughtime.core.errors import Place
from throughtime.data.places import PlaceList

ROWS = [Place("a.csv", row, "label") for row in (1, 2, 5)]


@pytest.mark.parametrize(
    "places",
    [
        [],
        ROWS,
        [*ROWS, Place("b.csv", 6, "label"), Place("a.csv", 7, "label")],
        [*ROWS, Place("a.csv", 6, "class"), Place("a.csv", None, "label")],
        [Place("X[0]"), Place("X[1]")],
        [Place("a.csv"), Place("a.csv", 3)],
    ],
)
def test_places_come_back(places: list[Place]) -> None:
    kept = PlaceList()
    for place in places:
        kept.append(place)
    assert len(kept) == len(places)
    assert list(kept) == list(kept) == places


def test_a_table_keeps_rows_alone() -> None:
    kept = PlaceList()
    for place in ROWS:
        kept.append(place)
    assert not kept._others
