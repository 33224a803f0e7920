"""Settings that are wrong are told by name, with what would be right."""

from typing import Literal

import pytest
from pydantic import Field

from throughtime.core.errors import OptionError
from throughtime.core.options import Options


class Inner(Options):
    rate: float = Field(default=0.1, ge=0, lt=1)
    colour: Literal["red", "green"] = "red"


class Outer(Options):
    inner: Inner = Inner()
    size: int = Field(ge=1)
    mood: Literal["calm"] | None = None


class Pair(Options):
    low: int = 0
    high: int = Field(default=0, le=9)

    def check_together(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; exchange them")


def test_settings_are_checked_together_and_one_by_one() -> None:
    assert Pair.parse({"low": 2, "high": 3}).low == 2
    with pytest.raises(OptionError, match=r"^low is 3 and high 2; exchange them$"):
        Pair.parse({"low": 3, "high": 2})
    with pytest.raises(ValueError, match="low is 3 and high 0; exchange them"):
        Pair(low=3)
    assert Pair.parse_one("low", "3") == 3
    with pytest.raises(OptionError, match=r"^high is 10; it has to be less than or equal to 9$"):
        Pair.parse_one("high", 10)


def test_right_settings() -> None:
    given = Outer.parse({"size": 3, "inner": {"rate": 0.5}})
    assert given == Outer(size=3, inner=Inner(rate=0.5))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, r"^size is 0; it has to be greater than or equal to 1$"),
        ({}, r"^the setting 'size' is missing; give it a value$"),
        (
            {"size": 1, "sise": 2},
            r"^there is no setting 'sise' \(did you mean 'size'\?\); there are inner, size, mood$",
        ),
        (
            {"size": 1, "inner": {"colour": "gren"}},
            r"^inner\.colour is 'gren' \(did you mean 'green'\?\); choose one of",
        ),
        ({"size": 1, "inner": {"rat": 1}}, r"^there is no setting 'inner\.rat' \(did you mean 'rate'\?\)"),
        ({"size": 1, "inner": {"rate": 1.0}}, r"^inner\.rate is 1\.0; it has to be less than 1$"),
        ({"size": 1, "mood": "clam"}, r"^mood is 'clam' \(did you mean 'calm'\?\)"),
    ],
)
def test_wrong_settings(values: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Outer.parse(values)


def test_the_source_is_named() -> None:
    with pytest.raises(OptionError, match=r"^recipe\.toml: size is 0"):
        Outer.parse({"size": 0}, source="recipe.toml")


def test_settings_stay_as_they_are() -> None:
    given = Inner()
    with pytest.raises(ValueError, match="frozen"):
        given.rate = 0.5  # type: ignore[misc]
