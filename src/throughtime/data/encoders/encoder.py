"""What every encoder of sequences has: a kind, a frozen JSON form, and arrays out."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from throughtime.core.errors import OptionError, Place
from throughtime.data.forms import Form
from throughtime.data.signals import Hertz


class Encoder(BaseModel, ABC):
    """The base of the encoders of sequences: a frozen value whose JSON form is its save format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str

    def __eq__(self, other: object) -> bool:
        # By the fields alone: what is derived from them is kept in arrays, which do not compare as a whole.
        return type(self) is type(other) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    @abstractmethod
    def vocabulary_size(self) -> int | None:
        """Number of different ids, the unknown one included; None for numbers."""

    @property
    @abstractmethod
    def feature_count(self) -> int | None:
        """Number of features a time step; None for ids."""

    @property
    def letters_read(self) -> tuple[int, int] | None:
        """Of words that are read letter by letter too: the number of different letters, and how many of a
        word are read; None otherwise."""
        return None

    @property
    def sample_rate_heard(self) -> Hertz | None:
        """Of samples: how many a second it encodes (Hz); None otherwise."""
        return None

    def form(self) -> Form:
        """Return what brings raw sequences to the form that `encode` takes."""
        return Form(self.kind)

    @abstractmethod
    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one raw sequence into ids `[T]` or numbers `[T, F]`."""

    @abstractmethod
    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        """Turn many raw sequences, or records (whose errors then name their row), into arrays."""


class SymbolicEncoder(Encoder):
    """The base of the encoders that give ids."""

    @property
    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """The name of every id, in order."""

    @property
    @abstractmethod
    def unknown_id(self) -> int | None:
        """The id of whatever the training part did not hold; None where nothing can be unknown."""

    @property
    def vocabulary_size(self) -> int:
        return len(self.symbols)

    @property
    def feature_count(self) -> None:
        return None

    def token(self, index: int) -> str:
        """Return the name of one id."""
        if not 0 <= index < self.vocabulary_size:
            last = self.vocabulary_size - 1
            raise OptionError(f"id {index} is not in the vocabulary; choose one between 0 and {last}")
        return self.symbols[index]
