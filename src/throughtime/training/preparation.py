"""From a source of records to encoded training and validation data."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import compress, islice
from types import TracebackType
from typing import Any, Generic, TypeVar

import numpy as np

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.core.randomness import generator_for
from throughtime.data.batching import Supply, length_boundaries
from throughtime.data.dataset import Encoded, stratified_split
from throughtime.data.encoders import SequenceEncoder, fit_encoder
from throughtime.data.encoders.numbers import check_width
from throughtime.data.kinds import Kind, as_numbers, converter, recognise
from throughtime.data.number_text import numbers_ahead
from throughtime.data.places import PlaceList
from throughtime.data.records import Record, Source
from throughtime.data.store import SequenceStore
from throughtime.tasks import Target, Task, TaughtTask, taught
from throughtime.training.settings import DataSettings, Settings

SAMPLE = 1000
"""Records that the kind of a sequence is recognised from."""

WASTE = 0.12
"""The part of all time steps that may be padding."""

MOST_SHAPES = 8
"""The most different numbers of time steps to pad to: each one has to be compiled."""

BATCHES_PER_SHAPE = 8
"""How many batches of an epoch have to share one."""

BLOCK = 256
"""Records that are encoded at once."""

KEPT_BYTES = 32 << 20
"""How much of the numbers that the first reading parses stays in memory before it moves to a file."""


Data = TypeVar("Data", bound=Supply)


@dataclass(frozen=True)
class Prepared(Generic[Data]):
    """Data ready for training, what was fitted to its training part, and what to say aloud about it."""

    encoder: SequenceEncoder
    task: Task
    train: Data
    validation: Data | None
    notes: tuple[str, ...]

    def close(self) -> None:
        """Give the memory or the temporary files of the sequences back."""
        self.train.close()
        if self.validation is not None:
            self.validation.close()

    def fingerprint(self, settings: Settings) -> str:
        """Return a digest of settings and data, so that a run goes on with the same ones only."""
        digest = hashlib.sha256(settings.model_dump_json().encode())
        digest.update(self.encoder.model_dump_json().encode())
        for part in (self.train, self.validation):
            if part is not None:
                for content in part.fingerprint():
                    digest.update(content)
        return digest.hexdigest()


def prepare(
    source: Source,
    settings: Settings,
    *,
    encoder: SequenceEncoder | None = None,
    task: Task | None = None,
) -> Prepared[Encoded]:
    """Read a source of labelled records and return its data encoded, split into training and validation part.

    The source is read three times: for the targets, to fit the encoder to the training part, and to encode;
    numbers are kept in binary form by the first reading, so that the text of each is parsed once. Nothing of
    the source is held but the targets and what `SequenceStore` keeps in memory.

    Arguments:
        encoder: of an earlier run that goes on; fitted when left out.
        task: of an earlier run that goes on, or with targets that the source does not hold; fitted when left
            out.

    **Raises**

        DataError: a record that cannot be used (unless the settings skip those), or targets that make no
            task.
        OptionError: settings that do not go with the data.
    """
    kind, because = kind_of(source, settings.data) if encoder is None else (encoder.kind, "as before")
    features = feature_count_of(source, kind) if encoder is None else encoder.feature_count
    asked = taught(settings.task)
    if kind == "music" and not asked.answers_once:
        raise OptionError(
            f"{source.name} is read as music ({because}), and the task {settings.task!r} answers to each "
            "element or writes others; use 'generate', or 'classify' or 'regress' for one answer a piece"
        )
    with _Reading(source, kind, features, asked) as reading:
        notes = [source.description, f"sequences are {kind}: {because}"]
        if source.skipped.count:
            notes.append(f"skipped {source.skipped.count} bad rows, the first: {source.skipped.messages[0]}")
        in_training = _training_part(reading.targets, settings)
        assert task is None or isinstance(task, TaughtTask)
        if task is None:
            task = _fitted_task(settings, compress(reading.located_targets(), in_training), source)
        task.check_metric(settings.training.metric)
        notes += task.notes
        if encoder is None:
            encoder = fit_encoder(
                kind,
                compress(reading.again(), in_training),
                min_count=settings.data.min_count,
                max_vocabulary=settings.data.max_vocabulary,
                lowercase=settings.data.lowercase,
                frames_per_quarter=settings.data.frames_per_quarter,
            )
        train, validation = SequenceStore(), SequenceStore()
        for sequence, used in zip(_encoded(encoder, reading.again()), in_training, strict=True):
            (train if used else validation).append(sequence)
        trained_on, held_out = (
            task.kept(task.encode(*located) for located in compress(reading.located_targets(), part))
            for part in (in_training, ~in_training)
        )
    task.check_lengths(train.lengths, trained_on)
    if len(validation):
        task.check_lengths(validation.lengths, held_out)
    steps = Encoded(train, trained_on, ()).steps
    boundaries = boundaries_for(steps, settings.training.batch_size)
    return Prepared(
        encoder,
        task,
        Encoded(train, trained_on, boundaries),
        Encoded(validation, held_out, boundaries) if len(validation) else None,
        tuple(notes),
    )


def usable(
    source: Source, kind: Kind, feature_count: int | None = None, task: type[TaughtTask] | None = None
) -> Iterator[Record]:
    """Return the records whose sequence is of the kind, converted to it.

    Arguments:
        feature_count: numbers in each time step, for sequences of numbers.
        task: for which the records need a target.

    **Raises**

        DataError: the first record that is not, unless the source skips bad rows; it then counts them.
    """
    convert = converter(kind)
    if source.holds not in (None, kind):
        raise DataError(
            f"holds {source.holds}, and {kind} are expected; give another file", Place(source.name)
        )
    for record in source.records(numbers_ahead) if kind == "numbers" else source:
        try:
            sequence = convert(record.sequence, record.place)
            if kind == "numbers" and feature_count is not None:
                check_width(sequence, feature_count, record.place)
            record = record._replace(sequence=sequence)
            if task is not None:
                _check_target(record, task)
        except DataError as error:
            if not source.skip_bad_rows:
                raise
            source.skipped.add(error)
        else:
            yield record


class _Reading:
    """The first reading of a source: its targets, and what the readings after it go over.

    It is a context manager, which gives the memory or the temporary file of the numbers back.
    """

    def __init__(self, source: Source, kind: Kind, feature_count: int | None, task: type[TaughtTask]):
        self.targets: list[Target] = []
        self._places = PlaceList()
        self._usable = partial(usable, source, kind, feature_count, task)
        self._kept = SequenceStore(memory_limit_bytes=KEPT_BYTES) if kind == "numbers" else None
        sequences = map(self._noted, self._usable())
        if self._kept is not None:
            self._kept.extend(sequences)
        else:
            deque(sequences, maxlen=0)

    def located_targets(self) -> Iterator[tuple[Target, Place]]:
        """Return the targets with their places."""
        return zip(self.targets, self._places, strict=True)

    def again(self) -> Iterator[Any]:
        """Return the records once more, or of numbers, about which nothing is left to complain, the sequences
        alone."""
        return self._usable() if self._kept is None else self._kept.sequences()

    def _noted(self, record: Record) -> Any:
        assert record.target is not None
        self.targets.append(_interned(record.target))
        self._places.append(record.target_place)
        return record.sequence

    def __enter__(self) -> _Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kept is not None:
            self._kept.close()


def _encoded(encoder: SequenceEncoder, records: Iterator[Any]) -> Iterator[np.ndarray]:
    """Encode a stream block by block, since text is encoded faster many at a time."""
    while block := list(islice(records, BLOCK)):
        yield from encoder.encode_batch(block)


def _fitted_task(settings: Settings, targets: Iterator[tuple[Target, Place]], source: Source) -> TaughtTask:
    try:
        return taught(settings.task).fit(targets, settings.options)
    except DataError as error:
        raise error if error.place else DataError(error.message, Place(source.name)) from None


def _check_target(record: Record, task: type[TaughtTask]) -> None:
    if record.target is None:
        raise DataError("the target is missing; fill it in, or leave the record out", record.target_place)
    task.check(record)


def _interned(target: Target) -> Target:
    """Return a target in little memory: every cell holds a text of its own, and labels are few."""
    if isinstance(target, list):
        return [_interned(one) for one in target]
    return sys.intern(target) if isinstance(target, str) else target


def kind_of(source: Source, settings: DataSettings) -> tuple[Kind, str]:
    """Return what the sequences of a source are made of, as set or recognised from the first, and why."""
    if source.holds is not None:
        if settings.kind not in (None, source.holds):
            raise OptionError(
                f"kind is {settings.kind!r}, and {source.name} holds {source.holds}; leave kind out, or give "
                "another file"
            )
        return source.holds, "nothing else is in such files"
    if settings.kind is not None:
        return settings.kind, "as set"
    found = recognise([record.sequence for record in islice(source, SAMPLE)])
    return found.kind, f"{found.because} (another kind can be set)"


def feature_count_of(source: Source, kind: Kind) -> int | None:
    """Return how many numbers most of the first records have in a time step; None for other kinds."""
    if kind != "numbers":
        return None
    widths = Counter[int]()
    for record in islice(source, SAMPLE):
        # What is no sequence of numbers is refused, or skipped, where all records are read.
        with suppress(DataError):
            widths[as_numbers(record.sequence, record.place).shape[1]] += 1
    return widths.most_common(1)[0][0] if widths else None


def boundaries_for(lengths: np.ndarray, batch_size: int) -> tuple[int, ...]:
    """Return the numbers of time steps to pad to: fewer for little data, where compiling costs more."""
    batches = -(-len(lengths) // batch_size)
    most = min(max(batches // BATCHES_PER_SHAPE, 1), MOST_SHAPES)
    return length_boundaries(lengths, most=most, waste=WASTE, batch_size=batch_size)


def _training_part(targets: list[Target], settings: Settings) -> np.ndarray:
    """Mark the records that train; the rest is for validation, with the same share of every class."""
    in_training = np.ones(len(targets), bool)
    if settings.training.validation > 0:
        labels = np.array(list(map(str, targets))) if taught(settings.task).has_classes else None
        generator = generator_for(settings.seed, "split")
        _, held_out = stratified_split(labels, len(targets), settings.training.validation, generator)
        in_training[held_out] = False
    return in_training
