"""A text, or records joined to one, as an endless row of symbols that is read in lanes side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np

from throughtime.core.errors import DataError, OptionError, Place, check_sizes
from throughtime.data.batching import Batch, Ready
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.spelling import LINE_MARK
from throughtime.data.records import Record

Text = str | list[str]
"""A text, or a list of symbols."""

LINE_END = "\n"

SEARCHED = 1000
"""How far before the place asked for a text is cut, if a line ends there; no more than doubles the part."""

USUAL_CHUNK = 128
"""Steps of a chunk where nobody says how many."""

BLOCK = 4096
"""Lines that a tokeniser is given at once."""


def joined(records: Iterable[Record]) -> Text:
    """Return the sequences of records, texts or lists of symbols, as one, each with an end of line behind
    it."""
    sequences: list[Any] = [record.sequence for record in records]
    if all(isinstance(sequence, str) for sequence in sequences):
        return "".join(f"{sequence}{LINE_END}" for sequence in sequences)
    return [symbol for sequence in sequences for symbol in (*sequence, LINE_END)]


def cut(text: Text, fraction: float) -> tuple[Text, Text]:
    """Return a text without its last part, and that part.

    Arguments:
        fraction: how long the last part is, above 0 and below 1. It begins where a line begins, if one does
            close before.
    """
    place = round(len(text) * (1 - fraction))
    first = max(place - min(SEARCHED, len(text) - place), 0)
    before = text[first:place]
    for mark in (LINE_END, " "):
        if mark in before:
            behind = len(before) - before[::-1].index(mark)
            return text[: first + behind], text[first + behind :]
    return text[:place], text[place:]


def lines_of(text: Text, kind: str) -> Iterator[Text]:
    """Yield a text as an encoder of the kind reads it: line by line, with their ends, where it is cut into
    words, and else as a whole."""
    if isinstance(text, str) and kind in ("words", "subwords"):
        yield from (line.replace(LINE_END, LINE_MARK) for line in text.splitlines(keepends=True))
    elif text:
        yield text


@dataclass(frozen=True)
class Continuous:
    """A row of symbols, each of which but the first is predicted from those before it.

    **Shapes** `ids` `[N]` of an unsigned type

    Arguments:
        ids: two or more.
        characters: how many characters of text they stand for.
    """

    unit: ClassVar[str] = "symbols"
    goes_on: ClassVar[bool] = True

    ids: np.ndarray
    characters: int

    def __len__(self) -> int:
        return self.predicted

    @classmethod
    def encode(cls, text: Text, encoder: SymbolicEncoder, name: str) -> Continuous:
        """Return a text as an encoder reads it.

        Arguments:
            name: what the text is, for errors.

        **Raises**

            DataError: there are fewer than two symbols.
        """
        lines = lines_of(text, encoder.kind)
        parts = []
        while block := list(islice(lines, BLOCK)):
            parts += encoder.encode_batch(block)
        ids = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
        if len(ids) < 2:
            raise DataError(
                f"holds {len(ids)} symbols, too few for one to be predicted from another; give a longer text",
                Place(name),
            )
        return cls(ids, len(text))

    @property
    def predicted(self) -> int:
        """How many symbols are predicted."""
        return len(self.ids) - 1

    def batch_count(self, batch_size: int, chunk_size: int | None = None) -> int:
        """Return how many chunks the longest lane has."""
        return -(-int(self._sizes(batch_size).max()) // (chunk_size or USUAL_CHUNK))

    def epoch(
        self,
        batch_size: int,
        chunk_size: int | None = None,
        *,
        seed: int = 0,
        number: int = 0,
        first: int = 0,
    ) -> Iterator[Ready]:
        """Yield the chunks of `batch_size` lanes from the `first` on; see `chunks`."""
        for batch in self.chunks(batch_size, chunk_size or USUAL_CHUNK, first):
            yield Ready(batch, int(batch.lengths.sum()))

    def fingerprint(self) -> Iterator[bytes]:
        """Yield the symbols."""
        yield self.ids.tobytes()

    def close(self) -> None:
        """Nothing has to be given back."""

    def check_lanes(self, lanes: int, chunk_size: int | None, name: str) -> None:
        """Raise `OptionError` unless every lane has a whole chunk at least."""
        chunk_size = chunk_size or USUAL_CHUNK
        check_sizes(lanes=lanes, chunk_size=chunk_size)
        if lanes * chunk_size > self.predicted:
            longest = self.predicted // lanes
            advice = (
                f"a chunk_size of {longest} or less"
                if longest
                else f"a batch_size of {self.predicted} or less"
            )
            raise OptionError(
                f"{name} has {len(self.ids):,} symbols to train on, and batch_size={lanes} lanes of one "
                f"chunk of chunk_size={chunk_size} need {lanes * chunk_size + 1:,}; choose {advice}, or give "
                "more text"
            )

    def chunks(self, lanes: int, chunk_size: int, first: int = 0) -> Iterator[Batch]:
        """Yield the chunks of all lanes, one step of time after another, from one of them on.

        The symbols are parted into lanes of equal length, but for one symbol, each of which goes on where the
        one before ended. Every symbol but the first is a target once.

        **Shapes** `inputs` and `targets` `[chunk_size, lanes]` int32, `lengths` and `weights` `[lanes]`

        Arguments:
            lanes: how many rows are read side by side, at least 1.
            chunk_size: steps of a chunk, at least 1; where a lane ends within the last chunk, `lengths` says.
            first: number of the first chunk.
        """
        sizes = self._sizes(lanes)
        starts = np.cumsum(sizes) - sizes
        steps = np.arange(chunk_size)[:, None]
        ids = self.ids
        for number in range(first, self.batch_count(lanes, chunk_size)):
            lengths = np.clip(sizes - number * chunk_size, 0, chunk_size).astype(np.int32)
            inside = steps < lengths
            places = np.where(inside, starts + number * chunk_size + steps, 0)
            inputs = np.where(inside, ids[places], 0).astype(np.int32)
            targets = np.where(inside, ids[places + 1], 0).astype(np.int32)
            yield Batch(inputs, lengths, targets, np.ones(lanes, np.float32))

    def _sizes(self, lanes: int) -> np.ndarray:
        """Return how many symbols are predicted in each lane."""
        ends = np.arange(lanes + 1) * self.predicted // lanes
        return np.diff(ends)


def unknown_count(ids: Sequence[int] | np.ndarray, encoder: SymbolicEncoder) -> int:
    """Return how many symbols the training part did not hold."""
    return 0 if encoder.unknown_id is None else int(np.count_nonzero(np.asarray(ids) == encoder.unknown_id))
