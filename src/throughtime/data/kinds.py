"""What a sequence is made of: recognised from the data, and raw values brought to that form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import numpy as np

from throughtime.core.errors import DataError, Place, choose
from throughtime.data.number_text import numbers_in, split_numbers
from throughtime.data.records import unicode_text
from throughtime.data.residues import Residues, kind_of_residues
from throughtime.data.signals import Biosignal, Recording

Kind = Literal[
    "words",
    "characters",
    "bytes",
    "subwords",
    "symbols",
    "tokens",
    "numbers",
    "music",
    "audio",
    "biosignals",
    "bases",
    "amino_acids",
]
"""What one element of a sequence is. `characters` is text letter by letter; `symbols` are the letters of a
string without separators, such as DNA, or the entries of a list; `tokens` are words that stand in a list;
`music` are notes, of which each moment on a grid is an element; `audio` is frames of sound, `biosignals`
samples of channels, `bases` and `amino_acids` are the letters of genes and proteins, ambiguous ones as shares
of what they can stand for."""

KINDS: tuple[Kind, ...] = get_args(Kind)

CONVERTED: tuple[Kind, ...] = tuple(
    kind for kind in KINDS if kind not in ("audio", "biosignals", "bases", "amino_acids")
)
"""The kinds whose sequences have one form, whatever the data; the others have a `Form` of their own."""

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".aiff", ".aif", ".au")
"""What the names of files of sound end in."""

BIOSIGNAL_SUFFIX = ".hea"
"""What the name of the header of a WFDB record ends in."""

MOST_SYMBOLS = 64
"""A string without spaces over more different letters than this is text, such as Chinese, not symbols."""

MOST_NAMES = 256
"""Lists of texts with more different letters than one, over more different ones than this, hold words."""

HIGHEST_MIDI_KEY = 127

S = TypeVar("S", str, list[str])

_SPELLED = 40
"""Characters of a value that a message repeats."""


class Recognised(NamedTuple):
    """A kind, and the reason for it in words that can follow a colon."""

    kind: Kind
    because: str


def recognise(sample: Iterable[object]) -> Recognised:
    """Tell from raw sequences what they are made of, by what most of them are.

    Bad rows among good ones must not turn numbers into text, so the majority decides; the others are refused
    when they are converted. Bytes, subwords and music are never guessed: set them.

    **Raises** `DataError` when the sample is empty.
    """
    sequences = list(sample)
    if not sequences:
        raise DataError("there are no sequences to recognise the kind of; give at least one")
    forms = Counter(_form(sequence) for sequence in sequences)
    form, count = forms.most_common(1)[0]
    if form == "numbers" or (form == "digits" and _separated(sequences)):
        return Recognised("numbers", f"{_share(count, sequences)} a list of numbers")
    if form == "audio":
        return Recognised("audio", f"{_share(count, sequences)} a recording")
    if form == "biosignals":
        return Recognised("biosignals", f"{_share(count, sequences)} a record of biosignals")
    if form == "residues":
        residues = kind_of_residues([sequence for sequence in sequences if isinstance(sequence, Residues)])
        return Recognised(residues, f"the letters are those of {residues.replace('_', ' ')}")
    if form == "list":
        if (words := _different_words(sequences)) > MOST_NAMES:
            return Recognised("tokens", f"{_share(count, sequences)} a list, of {words:,} different words")
        return Recognised("symbols", f"{_share(count, sequences)} a list of symbols")
    texts = [sequence for sequence in sequences if isinstance(sequence, str)]
    spaced = sum(len(text.split()) > 1 for text in texts)
    if 2 * spaced > len(texts):
        return Recognised("words", f"{_share(spaced, sequences)} text with spaces")
    letters = len(set("".join(texts)))
    if letters > MOST_SYMBOLS:
        return Recognised("characters", f"text without spaces, over {letters} different characters")
    return Recognised("symbols", f"strings without spaces, over {letters} different letters")


def converter(kind: str) -> Callable[[Any, Place | None], Any]:
    """Return the function that brings a raw sequence of a kind that needs no more than that into its form, or
    raises `DataError`."""
    choose("kind", kind, CONVERTED)
    other = {
        "numbers": as_numbers,
        "music": as_notes,
        "symbols": as_symbols,
        "tokens": as_tokens,
        "words": as_words,
        "subwords": as_words,
    }
    return other.get(kind, as_text)


def as_numbers(value: object, place: Place | None = None) -> np.ndarray:
    """Numbers as float32 `[T, F]`, from an array, a list, or text (`0.1 0.2`, `0.1,0.2`, `[[1, 2], [3]]`).

    A sequence of single numbers gets one feature.

    **Raises** `DataError` that names the time step and the feature, from 1: text or a gap where a number
    belongs, NaN or infinity, rows of different width, no time step at all.
    """
    array = _array(value, place)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise DataError(
            f"the numbers have the shape {list(array.shape)}; expected [time] or [time, feature]", place
        )
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise DataError(
            f"the sequence is empty (its shape is {list(array.shape)}); give at least one time step",
            place,
        )
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(numbers).all():
        step, feature = map(int, np.argwhere(~np.isfinite(numbers))[0])
        raise DataError(
            f"{_where(step, feature, array.shape[1])} is {array[step, feature]} where a finite number was "
            f"expected, at most 3.4e38; replace it, or leave the record out",
            place,
        )
    return numbers


def as_notes(value: object, place: Place | None = None) -> np.ndarray:
    """Notes as float32 `[N, 3]`: start and end in quarter notes from the beginning of the piece, and the MIDI
    number of the key, of which 60 is the middle C.

    **Raises** `DataError` that names the note, from 1: no three numbers, an end that is not behind the start,
    a start before the beginning, a key that MIDI does not have.
    """
    if isinstance(value, str) and not value.lstrip().startswith("["):
        raise DataError(
            f"{_spelled(value)} is no piece of music; give a file of MIDI or MusicXML, or notes as [[start, "
            "end, key], ...]",
            place,
        )
    notes = as_numbers(value, place)
    if notes.shape[1] != 3:
        raise DataError(
            f"the notes have {notes.shape[1]} numbers each; expected 3: start and end in quarter notes, and "
            "the MIDI number of the key",
            place,
        )
    start, end, key = notes.T
    wrong = (start < 0) | (end <= start) | (key != np.round(key)) | (key < 0) | (key > HIGHEST_MIDI_KEY)
    if wrong.any():
        number = int(wrong.argmax())
        raise DataError(
            f"note {number + 1} is {notes[number].tolist()}; expected a start of 0 quarter notes or later, "
            f"an end behind it, and a whole number of a key from 0 to {HIGHEST_MIDI_KEY}",
            place,
        )
    return notes


def as_symbols(value: object, place: Place | None = None) -> str | list[str]:
    """Symbols: a string, each letter of which is one, or a list of them.

    Text that is a JSON list of texts, and whole numbers in a list or an array, make a list of symbols.

    **Raises** `DataError` for anything else, with the time step from 1, and for half of a surrogate pair.
    """
    if isinstance(value, str):
        listed = _json_list(value)
        if listed is None or not all(isinstance(symbol, str) for symbol in listed):
            return unicode_text(_not_empty(value, place), place)
        value = listed
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list):
        raise DataError(f"{_spelled(value)} is no sequence of symbols; give text or a list of symbols", place)
    symbols = [_symbol(entry, step, place) for step, entry in enumerate(value, start=1)]
    unicode_text("".join(_not_empty(symbols, place)), place)
    return symbols


def as_tokens(value: object, place: Place | None = None) -> list[str]:
    """Words in a list; text is parted at white space.

    **Raises** `DataError` for what is no list of texts, with the time step from 1.
    """
    symbols = as_symbols(value, place)
    return as_words(symbols, place).split() if isinstance(symbols, str) else symbols


def as_text(value: object, place: Place | None = None) -> str:
    """Text as it stands.

    **Raises** `DataError` for lists and numbers, for text without a single letter, and for half of a
    surrogate pair.
    """
    if not isinstance(value, str):
        raise DataError(
            f"{_spelled(value)} is no text; give text, or set the kind to symbols (a list of "
            f"them) or numbers",
            place,
        )
    return unicode_text(_not_empty(value, place), place)


def as_words(value: object, place: Place | None = None) -> str:
    """Text with something in it besides white space.

    **Raises** `DataError` for what `as_text` refuses, and for white space alone.
    """
    text = as_text(value, place)
    if text.isspace():
        raise no_tokens(text, "words", place)
    return text


def no_tokens(text: str, what: str, place: Place | None) -> DataError:
    """Return the error for a text in which there is nothing to encode."""
    return DataError(
        f"the text {text[:_SPELLED]!r} holds no {what}; give at least one, or leave the record out", place
    )


def _form(sequence: object) -> str:
    """`numbers`, `list` (of symbols), `digits` (text that reads as numbers), `audio`, `biosignals`,
    `residues` or `text`."""
    if isinstance(sequence, Recording):
        return "audio"
    if isinstance(sequence, Biosignal):
        return "biosignals"
    if isinstance(sequence, Residues):
        return "residues"
    if isinstance(sequence, np.ndarray):
        return "numbers" if sequence.dtype.kind in "biuf" else "list"
    if isinstance(sequence, str):
        listed = _json_list(sequence)
        if listed is not None:
            return _form(listed)
        if sequence.lower().endswith(SOUND_SUFFIXES):
            return "audio"
        if sequence.lower().endswith(BIOSIGNAL_SUFFIX):
            return "biosignals"
        try:
            numbers_in(sequence)
        except ValueError:
            return "text"
        return "digits"
    if not isinstance(sequence, list):
        return "text"
    texts = sum(isinstance(entry, str) for entry in sequence)
    return "list" if 2 * texts > len(sequence) else "numbers"


def _separated(sequences: Sequence[object]) -> bool:
    """Whether texts of digits are mostly more than a run of them: `0110100` is "
    "seven symbols, not a number."""
    digits = [text for text in sequences if isinstance(text, str) and _form(text) == "digits"]
    return 2 * sum(not text.strip().isdigit() for text in digits) >= len(digits)


def _different_words(sequences: Sequence[object]) -> int:
    """Return how many different entries of lists have two letters or more."""
    lists = (sequence for sequence in sequences if isinstance(sequence, list))
    entries = {entry for listed in lists for entry in listed if isinstance(entry, str)}
    return sum(sum(map(str.isalpha, entry)) > 1 for entry in entries)


def _share(count: int, sequences: Sequence[object]) -> str:
    if len(sequences) == 1:
        return "the record is"
    if count == len(sequences):
        return f"each of the {count:,} records looked at is"
    return f"{count:,} of the {len(sequences):,} records looked at are each"


def _array(value: object, place: Place | None) -> np.ndarray:
    if isinstance(value, str):
        value = _numbers_in_text(value, place)
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf":
            return value
        if value.dtype.kind not in "OUS":
            raise DataError(f"the array holds {value.dtype} values; give real numbers", place)
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise DataError(
            f"{_spelled(value)} where numbers were expected; give them as [time] or [time, feature]", place
        )
    try:
        array = np.array(value)
    except ValueError:
        array = None
    if array is not None and array.dtype.kind in "biuf":
        return array
    return _one_by_one(value, place)


def _numbers_in_text(text: str, place: Place | None) -> Any:
    if text.lstrip().startswith("["):
        listed = _json_list(text)
        if listed is None:
            raise DataError(
                f"{_spelled(text)} starts like a JSON list and is none; expected [[1, 2], [3, 4]] or [1, 2]",
                place,
            )
        return listed
    try:
        return numbers_in(text)
    except ValueError:
        return split_numbers(text)


def _one_by_one(rows: Sequence[Any], place: Place | None) -> np.ndarray:
    """The slow way, to name what is wrong."""
    listed = (list, tuple, np.ndarray)
    first = rows[0] if len(rows) else []
    nested = isinstance(first, listed)
    width = len(first) if nested else 1
    numbers = []
    for step, row in enumerate(rows):
        if isinstance(row, listed) != nested or (nested and len(row) != width):
            size = f"{len(row)} numbers" if isinstance(row, listed) else _spelled(row)
            before = f"{width} numbers" if nested else "one number by itself"
            raise DataError(
                f"time step {step + 1} has {size} where time step 1 has {before}; give every time step the "
                f"same number of features",
                place,
            )
        entries = row if nested else [row]
        numbers.append([_number(entry, step, feature, width, place) for feature, entry in enumerate(entries)])
    return np.array(numbers, dtype=np.float64).reshape(len(numbers), width)


def _number(entry: object, step: int, feature: int, width: int, place: Place | None) -> float:
    where = _where(step, feature, width)
    if entry is None or (isinstance(entry, str) and not entry.strip()):
        raise DataError(f"{where} is missing; fill it in, or leave the record out", place)
    try:
        if not (isinstance(entry, str) and "_" in entry):
            return float(entry)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(
        f"{where} is {_spelled(entry)} where a number was expected; correct it, or set another kind", place
    )


def _symbol(entry: object, step: int, place: Place | None) -> str:
    if isinstance(entry, int) and not isinstance(entry, bool):
        return str(entry)
    if not isinstance(entry, str) or not entry:
        raise DataError(
            f"time step {step} is {_spelled(entry)} where a symbol was expected; give texts or whole numbers",
            place,
        )
    return entry


def _not_empty(sequence: S, place: Place | None) -> S:
    if len(sequence) == 0:
        raise DataError("the sequence is empty; give at least one element, or leave the record out", place)
    return sequence


def _json_list(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _where(step: int, feature: int, width: int) -> str:
    return f"time step {step + 1}" + (f", feature {feature + 1}" if width > 1 else "")


def _spelled(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, shape {list(value.shape)},"
    text = repr(value)
    return text if len(text) <= _SPELLED else f"{text[:_SPELLED]}…"
