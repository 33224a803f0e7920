"""Characters of a text, letters of a string such as DNA, or lists of symbols, as ids."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.raw import converted, located, parted
from throughtime.data.encoders.vocabulary import (
    UNKNOWN,
    UNKNOWN_ID,
    check_limits,
    check_saved,
    id_type,
    nothing_frequent,
)
from throughtime.data.kinds import as_symbols, as_text

_CHARACTERS_A_COUNT = 1 << 20


class SymbolEncoder(SymbolicEncoder):
    """Ids for symbols: every character of a string, or every entry of a list.

    `alphabet` holds `"<unknown>"` (id 0) and then the symbols from the most to the least frequent, equally
    frequent ones in the order of their code points.

    **Raises** `DataError` for an empty sequence and for half of a surrogate pair.

    **Cost** of encoding a string: one look-up in a table a character, in numpy.
    """

    kind: Literal["characters", "symbols"]
    alphabet: Annotated[tuple[str, ...], AfterValidator(check_saved)]

    @classmethod
    def fit(
        cls,
        values: Iterable[Any],
        *,
        kind: Literal["characters", "symbols"] = "symbols",
        min_count: int = 1,
        max_vocabulary: int | None = None,
    ) -> "SymbolEncoder":
        """Count the symbols of a stream of raw sequences or records, in one pass.

        `min_count` (1 or more) leaves rarer symbols to the unknown one; `max_vocabulary` keeps so many of the
        most frequent, the unknown one not counted.
        """
        check_limits(min_count, max_vocabulary)
        counts: Counter[str] = Counter()
        waiting: list[str] = []
        waiting_length = 0
        for symbols in converted(values, _RAW[kind], "symbols"):
            if isinstance(symbols, str):
                waiting.append(symbols)
                waiting_length += len(symbols)
                # Counting in numpy pays only for long strings, and short sequences are the rule.
                if waiting_length >= _CHARACTERS_A_COUNT:
                    counts.update(_character_counts("".join(waiting)))
                    waiting, waiting_length = [], 0
            else:
                counts.update(symbols)
        counts.update(_character_counts("".join(waiting)))
        frequent = [(-n, symbol) for symbol, n in counts.items() if n >= min_count and symbol != UNKNOWN]
        if not frequent:
            raise nothing_frequent("symbol", min_count)
        kept = sorted(frequent)[:max_vocabulary]
        return cls(kind=kind, alphabet=(UNKNOWN, *(symbol for _, symbol in kept)))

    @property
    def symbols(self) -> tuple[str, ...]:
        return self.alphabet

    @property
    def unknown_id(self) -> int:
        return UNKNOWN_ID

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn a string or a list of symbols into ids `[T]` of the smallest unsigned type."""
        symbols = _RAW[self.kind](value, place)
        return self._looked_up(symbols) if isinstance(symbols, str) else self._found(symbols)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        convert = _RAW[self.kind]
        sequences = [convert(value, place) for value, place in located(values)]
        if not all(isinstance(symbols, str) for symbols in sequences):
            return [
                self._looked_up(symbols) if isinstance(symbols, str) else self._found(symbols)
                for symbols in sequences
            ]
        # One look-up for all: a numpy call takes longer than the letters of a short sequence.
        return parted(self._looked_up("".join(sequences)), map(len, sequences))

    def _looked_up(self, symbols: str) -> np.ndarray:
        # mode="clip" sends everything beyond the table to its last entry, which is the unknown id.
        return self._table.take(_code_points(symbols), mode="clip")

    def _found(self, symbols: list[str]) -> np.ndarray:
        known = self._ids
        return np.array([known.get(symbol, UNKNOWN_ID) for symbol in symbols], id_type(len(self.alphabet)))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: index for index, symbol in enumerate(self.alphabet)}

    @cached_property
    def _table(self) -> np.ndarray:
        single = {ord(symbol): index for symbol, index in self._ids.items() if len(symbol) == 1}
        table = np.zeros(max(single, default=0) + 2, id_type(len(self.alphabet)))
        table[list(single)] = list(single.values())
        return table


_RAW: dict[str, Any] = {"characters": as_text, "symbols": as_symbols}


def _code_points(text: str) -> np.ndarray:
    return (
        np.frombuffer(text.encode("ascii"), np.uint8)
        if text.isascii()
        else np.frombuffer(text.encode("utf-32-le"), np.uint32)
    )


def _character_counts(text: str) -> dict[str, int]:
    counts = np.bincount(_code_points(text))
    return {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}
