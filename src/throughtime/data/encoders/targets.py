"""A number to be predicted, moved and scaled to mean 0 and standard deviation 1."""

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.moments import Moments
from throughtime.data.encoders.raw import converted, located


class NumberTargetEncoder(BaseModel):
    """A scaled number target.

    **Equations** `(y - mean) / scale`, over the training part; `scale` is the standard deviation (divided by
    n), and 1 when every target is the same.

    **Raises** `DataError` for a target that is missing, no number, NaN or infinite.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["number"] = "number"
    mean: Annotated[float, AllowInfNan(False)]
    scale: Annotated[float, AllowInfNan(False), Field(gt=0)]

    @classmethod
    def fit(cls, values: Iterable[Any]) -> "NumberTargetEncoder":
        """Learn mean and scale from a stream of raw targets or records, in one pass."""
        moments = Moments(1)
        targets = converted(values, target_number, "scale of the targets", field="target")
        moments.add(np.fromiter(targets, np.float64)[:, None])
        return cls(mean=float(moments.mean[0]), scale=float(moments.scale()[0]))

    def encode(self, value: Any, place: Place | None = None) -> float:
        """Turn one raw target into a scaled number."""
        return (target_number(value, place) - self.mean) / self.scale

    def encode_batch(self, values: Iterable[Any]) -> np.ndarray:
        """Turn many targets, or records, into scaled numbers `[N]` float32."""
        return np.array([self.encode(value, place) for value, place in located(values, "target")], np.float32)

    def decode(self, scaled: np.ndarray) -> np.ndarray:
        """Return targets in their own unit, float64, from scaled ones."""
        return np.asarray(scaled, np.float64) * self.scale + self.mean


def target_number(value: Any, place: Place | None = None) -> float:
    """Return a raw target as a finite number, or raise `DataError`."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise DataError("the target is missing; give every record a number, or leave the record out", place)
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"the target is {value!r}, which is not a number; give a number such as 0.5, or choose another "
            "target column",
            place,
        ) from error
    if not math.isfinite(number):
        raise DataError(f"the target is {number}; give a finite number, or leave the record out", place)
    return number
