"""The exception tree, and the words in which mistakes are told."""

import pickle

import pytest

from throughtime.core import errors
from throughtime.core.errors import (
    DataError,
    DivergedError,
    InterruptedFit,
    MissingExtraError,
    ModelFolderError,
    NotACellError,
    OptionError,
    Place,
    ShapeError,
    ThroughtimeError,
    UsageError,
    check_sizes,
    choose,
    nearest,
)


@pytest.mark.parametrize(
    "kind", [DataError, OptionError, ModelFolderError, ShapeError, NotACellError, MissingExtraError]
)
def test_what_the_caller_can_mend_is_a_usage_error(kind: type[Exception]) -> None:
    assert issubclass(kind, UsageError)
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize("kind", [DivergedError, InterruptedFit])
def test_what_happens_in_a_run_is_not(kind: type[Exception]) -> None:
    assert issubclass(kind, ThroughtimeError)
    assert not issubclass(kind, UsageError)


def test_every_exception_stands_in_the_drawing() -> None:
    drawn = errors.__doc__ or ""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) >= 10
    assert not [kind.__name__ for kind in kinds if kind.__name__ not in drawn]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("a.csv"), "a.csv"),
        (Place("a.csv", 3), "a.csv, row 3"),
        (Place("a.csv", 3, "label"), "a.csv, row 3, column 'label'"),
        (Place("a.csv", column="label"), "a.csv, column 'label'"),
    ],
)
def test_place_says_where(place: Place, text: str) -> None:
    assert str(place) == text


def test_data_error_names_its_place_and_survives_pickling() -> None:
    error = DataError("the label is missing", Place("a.csv", 3, "label"))
    assert str(error) == "a.csv, row 3, column 'label': the label is missing"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message, again.place) == (str(error), error.message, error.place)
    assert str(DataError("the file is empty")) == "the file is empty"


def test_nearest_word() -> None:
    assert nearest("lstn", ["gru", "lstm"]) == " (did you mean 'lstm'?)"
    assert nearest("transformer", ["gru", "lstm"]) == ""


def test_choose_returns_a_valid_word() -> None:
    assert choose("cell", "gru", ["gru", "lstm"]) == "gru"


def test_choose_names_the_nearest_and_all() -> None:
    with pytest.raises(
        OptionError, match=r"^cell is 'gur' \(did you mean 'gru'\?\); choose one of gru, lstm$"
    ):
        choose("cell", "gur", ["gru", "lstm"])
    with pytest.raises(OptionError, match=r"^cell is 'x'; choose one of gru, lstm$"):
        choose("cell", "x", (name for name in ("gru", "lstm")))


@pytest.mark.parametrize("value", [0, -3, 2.0, "8", None])
@pytest.mark.usefixtures("as_users_run_it")
def test_sizes_are_whole_numbers_of_at_least_one(value: object) -> None:
    check_sizes(input_size=1, hidden_size=3)
    with pytest.raises(
        OptionError, match=rf"^hidden_size is {value!r}; choose a whole number of at least 1$"
    ):
        check_sizes(input_size=1, hidden_size=value)  # type: ignore[arg-type]
