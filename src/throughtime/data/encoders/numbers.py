"""Numbers a time step, each feature moved and scaled to mean 0 and standard deviation 1."""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AllowInfNan, Field, model_validator

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import Encoder
from throughtime.data.encoders.moments import Moments
from throughtime.data.encoders.raw import located
from throughtime.data.encoders.vocabulary import nothing_given
from throughtime.data.forms import NumberForm, check_width
from throughtime.data.kinds import as_numbers

_STEPS_A_COUNT = 1 << 14

Finite = Annotated[float, AllowInfNan(False)]
Positive = Annotated[float, AllowInfNan(False), Field(gt=0)]


class NumberEncoder(Encoder):
    """Scaled numbers `[T, F]` in float32.

    **Equations** `(x - mean) / scale`, feature by feature, over all time steps of the training part; `scale`
    is the standard deviation (divided by n), and 1 for a feature that never changes. With
    `standardise=False`, mean 0 and scale 1.

    **Raises** `DataError` for another number of features than the training part had, and for numbers that
    `as_numbers` refuses (NaN, infinite, rows of different width, none at all).
    """

    kind: Literal["numbers"] = "numbers"
    mean: tuple[Finite, ...] = Field(min_length=1)
    scale: tuple[Positive, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _same_width(self) -> "NumberEncoder":
        if len(self.mean) != len(self.scale):
            raise ValueError(f"mean has {len(self.mean)} features but scale has {len(self.scale)}")
        return self

    @classmethod
    def fit(cls, values: Iterable[Any], *, standardise: bool = True) -> "NumberEncoder":
        """Learn mean and scale from a stream of raw sequences or records, in one pass and in float64."""
        moments: Moments | None = None
        waiting: list[np.ndarray] = []
        waiting_steps = 0
        for value, place in located(values):
            sequence = as_numbers(value, place)
            if moments is None:
                moments = Moments(sequence.shape[1])
            check_width(sequence, moments.feature_count, place)
            waiting.append(sequence)
            waiting_steps += len(sequence)
            # Several sequences at once: a numpy call costs more than the arithmetic of a short sequence.
            if waiting_steps >= _STEPS_A_COUNT:
                moments.add(np.concatenate(waiting))
                waiting, waiting_steps = [], 0
        if moments is None:
            raise nothing_given("scale of the numbers")
        if waiting:
            moments.add(np.concatenate(waiting))
        if not standardise:
            return cls(mean=(0.0,) * moments.feature_count, scale=(1.0,) * moments.feature_count)
        return cls(mean=tuple(moments.mean.tolist()), scale=tuple(moments.scale().tolist()))

    @property
    def vocabulary_size(self) -> None:
        return None

    @property
    def feature_count(self) -> int:
        return len(self.mean)

    def form(self) -> NumberForm:
        """Return what brings raw sequences to the form that `encode` takes."""
        return NumberForm(self.feature_count)

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one raw sequence into scaled numbers `[T, F]`."""
        sequence = as_numbers(value, place)
        check_width(sequence, self.feature_count, place)
        mean, scale = self._arrays
        return ((sequence - mean) / scale).astype(np.float32)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        return [self.encode(value, place) for value, place in located(values)]

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.mean), np.array(self.scale)
