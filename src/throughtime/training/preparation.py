"""From a source of records to encoded training and validation data."""

from __future__ import annotations

import hashlib
import sys
from collections import deque
from collections.abc import Iterator
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
from throughtime.data.forms import Form
from throughtime.data.places import PlaceList
from throughtime.data.records import Record, Source
from throughtime.data.store import SequenceStore
from throughtime.tasks import Target, Task, TaughtTask, taught
from throughtime.training.forms import form_of, kind_of
from throughtime.training.settings import Settings

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
    held_out: Source | None = None,
) -> Prepared[Encoded]:
    """Read a source of labelled records and return its data encoded, split into training and validation part.

    The source is read three times: for the targets, to fit the encoder to the training part, and to encode;
    numbers are kept in binary form by the first reading, so that the text of each is parsed once. Nothing of
    the source is held but the targets and what `SequenceStore` keeps in memory.

    Arguments:
        encoder: of an earlier run that goes on; fitted when left out.
        task: of an earlier run that goes on, or with targets that the source does not hold; fitted when left
            out.
        held_out: the validation part; a part of the source's records when left out, as large as the settings
            have it.

    **Raises**

        DataError: a record that cannot be used (unless the settings skip those), or targets that make no
            task.
        OptionError: settings that do not go with the data.
    """
    asked = taught(settings.task)
    _check_answers(source, asked, settings)
    if encoder is None:
        kind, because = kind_of(source, settings.data)
        form = form_of(source, kind, settings.data)
    else:
        kind, because, form = encoder.kind, "as before", encoder.form()
    if kind == "music" and not asked.answers_once:
        raise OptionError(
            f"{source.name} is read as music ({because}), and the task {settings.task!r} answers to each "
            "element or writes others; use 'generate', or 'classify' or 'regress' for one answer a piece"
        )
    with _Reading(source, form, asked) as reading:
        notes = [source.description, f"sequences are {kind}: {because}"]
        if source.skipped.count:
            notes.append(f"skipped {source.skipped.count} bad rows, the first: {source.skipped.messages[0]}")
        notes += [*source.notes(), *form.notes()]
        in_training = _training_part(reading.targets, settings, whole=held_out is not None)
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
                form=form,
            )
        train, validation = SequenceStore(), SequenceStore()
        for sequence, used in zip(_encoded(encoder, reading.again()), in_training, strict=True):
            (train if used else validation).append(sequence)
        trained_on, judged_by = (
            task.kept(task.encode(*located) for located in compress(reading.located_targets(), part))
            for part in (in_training, ~in_training)
        )
    if held_out is not None:
        with _Reading(held_out, form, asked) as reading:
            validation.extend(_encoded(encoder, reading.again()))
            judged_by = task.kept(task.encode(*located) for located in reading.located_targets())
        notes.append(f"{held_out.description}, to validate on")
    task.check_lengths(train.lengths, trained_on)
    if len(validation):
        task.check_lengths(validation.lengths, judged_by)
    steps = Encoded(train, trained_on, ()).steps
    boundaries = boundaries_for(steps, settings.training.batch_size)
    return Prepared(
        encoder,
        task,
        Encoded(train, trained_on, boundaries),
        Encoded(validation, judged_by, boundaries) if len(validation) else None,
        tuple(notes),
    )


def usable(source: Source, form: Form, task: type[TaughtTask] | None = None) -> Iterator[Record]:
    """Return the records whose sequence can be brought to a form, in that form.

    Arguments:
        task: for which the records need a target.

    **Raises**

        DataError: the first record that cannot be, unless the source skips bad rows; it then counts them.
    """
    if source.holds not in (None, form.kind):
        raise DataError(
            f"holds {source.holds}, and {form.kind} are expected; give another file", Place(source.name)
        )
    for record in source.records(form.ahead):
        try:
            record = record._replace(sequence=form(record.sequence, record.place))
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

    def __init__(self, source: Source, form: Form, task: type[TaughtTask]):
        self.targets: list[Target] = []
        self._places = PlaceList()
        self._form = form
        self._usable = partial(usable, source, form, task)
        self._kept = SequenceStore(memory_limit_bytes=KEPT_BYTES) if form.is_numbers else None
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
        return self._usable() if self._kept is None else map(self._form.kept, self._kept.sequences())

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


def _check_answers(source: Source, task: type[TaughtTask], settings: Settings) -> None:
    """Raise `OptionError` if a source has one target a sequence and the task wants one for each element, or
    the other way round."""
    if source.answers_once in (None, task.answers_once) or task.sees_whole:
        return
    given = settings.data.annotations
    if task.answers_once:
        what, other = "a label for each sample", "beats or rhythm"
    else:
        what, other = "one label a sequence", "rhythm_by_sample or waves"
    raise OptionError(
        f"annotations is {given!r}, which gives {what}, and the task is {settings.task!r}; choose {other}, "
        f"or the task {'label' if task.answers_once else 'classify'!r}"
    )


def boundaries_for(lengths: np.ndarray, batch_size: int) -> tuple[int, ...]:
    """Return the numbers of time steps to pad to: fewer for little data, where compiling costs more."""
    batches = -(-len(lengths) // batch_size)
    most = min(max(batches // BATCHES_PER_SHAPE, 1), MOST_SHAPES)
    return length_boundaries(lengths, most=most, waste=WASTE, batch_size=batch_size)


def _training_part(targets: list[Target], settings: Settings, *, whole: bool) -> np.ndarray:
    """Mark the records that train, all or what the settings leave; the rest is for validation, with the same
    share of every class."""
    in_training = np.ones(len(targets), bool)
    if settings.training.validation > 0 and not whole:
        labels = np.array(list(map(str, targets))) if taught(settings.task).has_classes else None
        generator = generator_for(settings.seed, "split")
        _, held_out = stratified_split(labels, len(targets), settings.training.validation, generator)
        in_training[held_out] = False
    return in_training
