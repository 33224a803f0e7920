"""Names of classes, as indices."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from numbers import Real
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict

from throughtime.core.errors import DataError, Place, nearest
from throughtime.data.encoders.raw import converted, located
from throughtime.data.records import unicode_text

_NAMES_IN_A_MESSAGE = 20


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) < 2 or len(set(names)) != len(names):
        raise ValueError(f"labels are two or more different names, these are {names[:_NAMES_IN_A_MESSAGE]}")
    return names


class LabelEncoder(BaseModel):
    """Indices 0, 1, … for the labels of the training part.

    `names` are sorted: by value if every one is a number, by code points otherwise. A label is known by its
    text, so that 1, 1.0 and "1" are the same one, whatever the format of the file.

    **Raises** `DataError` for a missing label, for one that the training part did not hold, and for a
    training part with a single class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["labels"] = "labels"
    names: Annotated[tuple[str, ...], AfterValidator(_check_names)]

    @classmethod
    def fit(cls, values: Iterable[Any]) -> "LabelEncoder":
        """Collect the labels of a stream of raw labels or records, in one pass."""
        names = set(converted(values, label_name, "labels", field="target"))
        if len(names) == 1:
            raise DataError(
                f"every record has the label {next(iter(names))!r}; give records of at least two classes, or "
                "choose another target column"
            )
        return cls(names=tuple(_sorted(names)))

    @property
    def class_count(self) -> int:
        """Number of classes."""
        return len(self.names)

    def encode(self, value: Any, place: Place | None = None) -> int:
        """Turn one label into its index."""
        name = label_name(value, place)
        index = self._indices.get(name)
        if index is None:
            known = ", ".join(map(repr, self.names[:_NAMES_IN_A_MESSAGE]))
            more = ", …" if len(self.names) > _NAMES_IN_A_MESSAGE else ""
            raise DataError(
                f"the label {name!r} does not occur in the training part{nearest(name, self.names)}; its "
                f"labels are {known}{more}",
                place,
            )
        return index

    def encode_batch(self, values: Iterable[Any]) -> np.ndarray:
        """Turn many labels, or records, into indices `[N]` int32."""
        return np.array([self.encode(value, place) for value, place in located(values, "target")], np.int32)

    def decode(self, indices: np.ndarray | Sequence[int]) -> list[str]:
        """Return the names of indices."""
        return [self.names[index] for index in np.asarray(indices).tolist()]

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}


def label_name(value: Any, place: Place | None = None) -> str:
    """Return the text of a raw label; a whole number is written without a decimal point."""
    missing = value is None or (isinstance(value, Real) and value != value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    name = "" if missing else str(value)
    if not name.strip():
        raise DataError("the label is missing; give every record a label, or leave the record out", place)
    return unicode_text(name, place)


def _sorted(names: set[str]) -> list[str]:
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)
