"""A sweep over a size of the problem is written out: networks and bars, one for each value."""

from typing import Any

import pytest

from throughtime.cli.sweep import swept
from throughtime.core.errors import OptionError

RECIPE: dict[str, Any] = {
    "problem": {"name": "parity"},
    "sweep": {"bits": [2, 5]},
    "networks": {"a": {"hidden_size": 3}, "b": {"problem": {"length": 4}}},
    "bars": [
        {"network": "a", "metric": "right", "at_least": 1.0, "of": "b"},
        {"network": "b_5", "metric": "loss", "at_most": 0.1},
    ],
}


def test_each_network_stands_for_one_at_each_value() -> None:
    written_out = swept(RECIPE)
    assert written_out["networks"] == {
        "a_2": {"hidden_size": 3, "problem": {"bits": 2}},
        "a_5": {"hidden_size": 3, "problem": {"bits": 5}},
        "b_2": {"problem": {"length": 4, "bits": 2}},
        "b_5": {"problem": {"length": 4, "bits": 5}},
    }
    assert [(bar["network"], bar.get("of")) for bar in written_out["bars"]] == [
        ("a_2", "b_2"),
        ("a_5", "b_5"),
        ("b_5", None),
    ]
    assert written_out["problem"] == {"name": "parity"}
    assert "sweep" not in written_out


def test_without_a_sweep_nothing_changes() -> None:
    plain = {name: value for name, value in RECIPE.items() if name != "sweep"}
    assert swept(plain) == plain


@pytest.mark.parametrize("sweep", [{}, {"bits": 3}, {"bits": [1], "length": [2]}, [1]])
def test_a_sweep_is_of_one_size(sweep: Any) -> None:
    with pytest.raises(OptionError, match="give one size of the problem with a list"):
        swept(RECIPE | {"sweep": sweep})


def test_a_sweep_has_values() -> None:
    with pytest.raises(OptionError, match=r"sweep\.bits has no values"):
        swept(RECIPE | {"sweep": {"bits": []}})
