"""From pieces of music to a training part and a validation part of whole pieces."""

from __future__ import annotations

import numpy as np

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.core.randomness import generator_for
from throughtime.data.dataset import Encoded, stratified_split
from throughtime.data.encoders import MusicEncoder, fit_encoder
from throughtime.data.forms import Form
from throughtime.data.piano_roll import off_the_keys
from throughtime.data.readers.music_files import MusicFiles
from throughtime.data.records import Source
from throughtime.data.store import SequenceStore
from throughtime.tasks import GenerateFrames
from throughtime.tasks.key_counts import KeyCounts
from throughtime.training.forms import kind_of
from throughtime.training.preparation import Prepared, boundaries_for, usable
from throughtime.training.settings import DataSettings, Settings


def is_of_music(source: Source, settings: DataSettings) -> bool:
    """Tell whether what a source holds is to be read as music."""
    return "music" in (settings.kind, source.holds)


def prepare_pieces(
    source: Source, settings: Settings, *, held_out: Source | None = None
) -> Prepared[Encoded]:
    """Read a source of music and return its pieces as frames, split into training and validation part.

    Arguments:
        held_out: the validation part; when left out, pieces of the source that chance chooses, as many as the
            settings have it.

    **Raises**

        DataError: a piece that cannot be used (unless the settings skip those).
        OptionError: settings that do not go with music.

    **Cost**

        memory for what `SequenceStore` keeps of the frames
    """
    _, because = kind_of(source, settings.data)
    _check_settings(settings)
    encoder = fit_encoder(
        "music",
        source,
        min_count=settings.data.min_count,
        max_vocabulary=settings.data.max_vocabulary,
        frames_per_quarter=settings.data.frames_per_quarter,
    )
    assert isinstance(encoder, MusicEncoder)
    frames = encoder.frames_per_quarter
    grid = f"{frames} frame{'s' * (frames > 1)} to a quarter note"
    train, left_out = pieces_of(source, encoder)
    notes = [source.description, f"pieces are music: {because}; {grid}", *left_out]
    if source.skipped.count:
        notes.append(f"skipped {source.skipped.count} bad rows, the first: {source.skipped.messages[0]}")
    validation = None
    if held_out is not None:
        validation, left_out = pieces_of(held_out, encoder)
        notes += left_out
    elif settings.training.validation > 0:
        generator = generator_for(settings.seed, "split")
        train, validation = _parted(train, settings.training.validation, generator)
    task = GenerateFrames(counts=KeyCounts.of([piece > 0.5 for piece in train.sequences()]))
    task.check_metric(settings.training.metric)
    boundaries = boundaries_for(train.lengths, settings.training.batch_size)
    return Prepared(
        encoder,
        task,
        Encoded(train, train, boundaries),
        None if validation is None else Encoded(validation, validation, boundaries),
        tuple(notes),
    )


def pieces_of(source: Source, encoder: MusicEncoder) -> tuple[SequenceStore, list[str]]:
    """Return the pieces of a source as frames, and what to say aloud about notes that are left out.

    **Raises**

        DataError: a piece that cannot be read, unless the source skips those, or nothing but such.
    """
    store = SequenceStore()
    strange = count = 0
    for record in usable(source, Form("music")):
        try:
            store.append(encoder.encode(record.sequence, record.place))
        except DataError as error:
            if not source.skip_bad_rows:
                raise
            source.skipped.add(error)
            continue
        assert isinstance(record.sequence, np.ndarray)
        strange += int(off_the_keys(record.sequence).sum())
        count += len(record.sequence)
    name = source.name
    if not len(store):
        raise DataError(f"every record is bad, the first: {source.skipped.messages[0]}", Place(name))
    said = []
    if strange:
        said.append(
            f"{strange:,} of the {count:,} notes of {name} are below or above the 88 keys (A0 to C8) and are "
            "left out"
        )
    if isinstance(source, MusicFiles) and source.percussion:
        said.append(f"{source.percussion:,} notes of percussion in {name}, which has no keys, are left out")
    return store, said


def _check_settings(settings: Settings) -> None:
    if settings.training.softmax_samples is not None:
        raise OptionError(
            f"training.softmax_samples is {settings.training.softmax_samples}, and music has no softmax: "
            "each key is foreseen for itself; leave it out"
        )


def _parted(
    pieces: SequenceStore, fraction: float, generator: np.random.Generator
) -> tuple[SequenceStore, SequenceStore]:
    chosen = set(stratified_split(None, len(pieces), fraction, generator)[1].tolist())
    train, validation = SequenceStore(), SequenceStore()
    for number, piece in enumerate(pieces.sequences()):
        (validation if number in chosen else train).append(piece)
    pieces.close()
    return train, validation
