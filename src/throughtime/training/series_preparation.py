"""From series to windows for training, and to what comes after them for validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.dataset import Encoded
from throughtime.data.encoders import fit_encoder
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.forms import NumberForm
from throughtime.data.readers.table import TableSource
from throughtime.data.records import Source
from throughtime.data.store import SequenceStore
from throughtime.tasks.forecast import Forecast, Series
from throughtime.training.forms import kind_of, width_of
from throughtime.training.preparation import Prepared, boundaries_for, usable
from throughtime.training.settings import Settings


class Located(NamedTuple):
    """A series `[T, F]` in its own units, and where it stands."""

    series: Series
    place: Place


def prepare_series(
    source: Source, settings: Settings, *, held_out: Source | None = None
) -> Prepared[Encoded]:
    """Read a source of series and return their first parts in windows, and what comes after them.

    A window has `history` steps whose forecasts do not count, but in the first one of a series, and as many
    whose forecasts do; windows overlap, so that every step counts once.

    Arguments:
        held_out: the series to validate on; the last part of each series when left out, as large as the
            settings have it, which is read with all that is before it.

    **Raises**

        DataError: a record that is no series of numbers (unless the settings skip those), or a series that is
            too short.
        OptionError: settings that do not go with the data.

    **Cost**

        memory for all series
    """
    kind, because = kind_of(source, settings.data)
    if kind != "numbers":
        raise OptionError(
            f"{source.name} is read as {kind} ({because}), and a forecast is of numbers; name columns of "
            "numbers, or choose the task 'generate' for what comes next in a text"
        )
    series = series_of(source, width_of(source))
    notes = [source.description, f"{len(series):,} series of {sum(len(one) for one, _ in series):,} steps"]
    if source.skipped.count:
        notes.append(f"skipped {source.skipped.count} bad rows, the first: {source.skipped.messages[0]}")
    share = settings.training.validation if held_out is None else 0.0
    cuts = [len(one) - round(share * len(one)) for one, _ in series]
    before = [one[:cut] for (one, _), cut in zip(series, cuts, strict=True)]
    encoder = fit_encoder(kind, before, frames_per_quarter=settings.data.frames_per_quarter)
    assert isinstance(encoder, NumberEncoder)
    task = Forecast.fit_series(before, encoder, columns_of(source), settings.options)
    task.check_metric(settings.training.metric)
    train, validation = _Store(), _Store()
    for (one, place), cut in zip(series, cuts, strict=True):
        _check_long_enough(task, cut, place)
        scaled = encoder.encode(one)
        _window(train, task, scaled[:cut])
        if held_out is None and cut < len(one):
            # The last step of the training part is the first whose forecasts lie behind it as a whole.
            validation.add(scaled, task.targets(scaled), first=cut - 1)
    for one, place in [] if held_out is None else series_of(held_out, encoder.feature_count):
        task.check_length(len(one), place)
        scaled = encoder.encode(one, place)
        validation.add(scaled, task.targets(scaled), first=task.history - 1)
    boundaries = boundaries_for(train.inputs.lengths, settings.training.batch_size)
    return Prepared(
        encoder,
        task,
        Encoded(train.inputs, train.targets, boundaries),
        Encoded(validation.inputs, validation.targets, boundaries) if len(validation.inputs) else None,
        tuple(notes),
    )


def series_of(source: Source, feature_count: int | None) -> list[Located]:
    """Return the series of a source, which are read whole.

    **Raises**

        DataError: a record that is no series of numbers, unless the source skips bad rows, or no other.
    """
    found = [
        Located(np.asarray(one.sequence), one.place) for one in usable(source, NumberForm(feature_count))
    ]
    if not found:
        raise DataError(f"every record is bad, the first: {source.skipped.messages[0]}", Place(source.name))
    return found


def columns_of(source: Source) -> tuple[str, ...] | None:
    """Return the names of the columns that a step of a series has, if its source knows them."""
    if isinstance(source, TableSource) and source.columns.rows_are_steps:
        return source.columns.sequence
    return None


class _Store:
    """Sequences and their targets, side by side."""

    def __init__(self) -> None:
        self.inputs, self.targets = SequenceStore(), SequenceStore()

    def add(self, scaled: Series, targets: np.ndarray, *, first: int) -> None:
        """Add a sequence whose steps count from the `first` on, unless none of them has a target."""
        counted = np.where(np.arange(len(targets))[:, None] < first, np.nan, targets)
        if np.isfinite(counted).any():
            self.inputs.append(scaled)
            self.targets.append(counted)


def _window(train: _Store, task: Forecast, scaled: Series) -> None:
    targets = task.targets(scaled)
    for start, first in _windows(len(scaled), task.history):
        part = slice(start, start + 2 * task.history)
        train.add(scaled[part], targets[part], first=first)


def _windows(length: int, history: int) -> Iterator[tuple[int, int]]:
    """Yield where each window starts, and from which of its steps on forecasts count."""
    yield 0, 0
    for start in range(history, length - history, history):
        yield start, history


def _check_long_enough(task: Forecast, length: int, place: Place) -> None:
    fewest = task.steps + task.period
    if length < fewest:
        raise DataError(
            f"the training part of the series has {length} steps, and a forecast of {task.steps} with a base "
            f"{task.period} before it needs {fewest}; give a longer series, or a smaller horizon or season",
            place,
        )
