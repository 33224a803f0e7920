"""Opening a file for a model: by the columns that it was trained on, unless others are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError
from throughtime.data.catalogue import found
from throughtime.data.encoders import SequenceEncoder
from throughtime.data.forms import Form
from throughtime.data.readers import STANDARD_INPUT, Source, open_source
from throughtime.data.readers.gene_entries import gene_format
from throughtime.data.readers.tables import TABLES
from throughtime.data.records import Record
from throughtime.tasks import TASKS, TaughtTask, needs_targets
from throughtime.training.preparation import usable
from throughtime.training.settings import DataSettings


def open_for(
    columns: DataSettings,
    path: str,
    *,
    task: str,
    sequence: str | None = None,
    target: str | None = None,
    group: str | None = None,
    needs_target: bool = True,
    skip_bad_rows: bool = False,
) -> Source:
    """Open a file whose columns are named as in training, unless the file's format has none.

    Arguments:
        columns: what the training was told about its file.
        task: name of the task that it is read for.
        sequence, target, group: columns of this file that are named otherwise.
        needs_target: whether the targets are read, of a task that has some.
    """
    needs_target = needs_target and needs_targets(task)
    path = found(path)
    has_columns = path == STANDARD_INPUT or Path(path).suffix.lower() in TABLES
    if has_columns:
        sequence = sequence or columns.sequence
        target = target or columns.target
        group = group or (None if path == STANDARD_INPUT else columns.group)
    elif gene_format(Path(path)) is not None or Path(path).is_dir():
        target = target or columns.target
    return open_source(
        path,
        sequence=sequence,
        target=target if needs_target else None,
        group=group,
        needs_target=needs_target,
        rows_are_steps=TASKS[task].rows_are_steps,
        skip_bad_rows=skip_bad_rows,
        annotations=columns.annotations,
        annotator=columns.annotator,
        segment_s=columns.segment_s,
        sample_rate=columns.sample_rate,
    )


def form_for(source: Source, encoder: SequenceEncoder) -> Form:
    """Return the form that the sequences of a source are brought to for an encoder, at whose sample rate the
    source gives them from now on if it can."""
    if encoder.sample_rate_heard is not None:
        source.give_at(encoder.sample_rate_heard)
    return encoder.form()


def labelled(source: Source, form: Form, task: TaughtTask) -> Iterator[Record]:
    """Return the records that can be brought to a form and whose target the task knows.

    **Raises**

        DataError: the first record that is not so, unless the source skips bad rows; it then counts them.
    """
    for record in usable(source, form, type(task)):
        assert record.target is not None
        try:
            task.encode(record.target, record.target_place)
        except DataError as error:
            if not source.skip_bad_rows:
                raise
            source.skipped.add(error)
        else:
            yield record


def skipped_in_words(source: Source) -> list[str]:
    """Return a line about the bad rows that were passed over in the last reading, if there were any."""
    skipped = source.skipped
    if not skipped.count:
        return []
    rows = "1 bad row" if skipped.count == 1 else f"{skipped.count:,} bad rows"
    return [f"skipped {rows} of {source.name}, the first: {skipped.messages[0]}"]
