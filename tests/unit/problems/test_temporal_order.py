"""The symbols that matter stand where each paper has them, and sure answers are asked for in one version."""

import numpy as np
import pytest

from throughtime.problems import TemporalOrder


@pytest.mark.parametrize(
    ("version", "bits", "places"),
    [
        ("hochreiter", 2, [(10, 20), (50, 60)]),
        ("hochreiter", 3, [(10, 20), (33, 43), (66, 76)]),
        ("martens", 2, [(10, 20), (50, 60)]),
        ("martens", 3, [(10, 20), (30, 40), (60, 70)]),
    ],
)
def test_where_the_symbols_stand(version: str, bits: int, places: list[tuple[int, int]]) -> None:
    problem = TemporalOrder.parse({"version": version, "bits": bits})
    inputs, targets, _, lengths = problem.draw(3000, np.random.default_rng(0))
    matter = inputs[..., :2].any(axis=-1)
    assert (matter.sum(axis=0) == bits).all()
    found = np.array([np.flatnonzero(row) for row in matter.T])
    assert list(zip(found.min(axis=0), found.max(axis=0), strict=True)) == places
    assert (lengths.min(), lengths.max()) == ((100, 110) if version == "hochreiter" else (100, 100))
    assert np.bincount(targets[0]).min() > 0.8 * 3000 / 2**bits


def test_the_version_of_1997_wants_to_be_sure() -> None:
    for version, expected in (("hochreiter", [False, True]), ("martens", [True, True])):
        problem = TemporalOrder.parse({"length": 30, "version": version})
        examples = problem.draw(20, np.random.default_rng(0))
        for likely, right in zip((0.69, 0.71), expected, strict=True):
            probabilities = np.full((*examples.targets.shape, 4), (1 - likely) / 3)
            np.put_along_axis(probabilities, examples.targets[..., None], likely, axis=-1)
            assert problem.right(np.log(probabilities), examples).all() == right
