"""What can be predicted of a row of symbols by counting: each symbol's frequency, and what follows it."""

import base64
import zlib
from functools import cached_property
from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Float, Integer
from pydantic import Field

from throughtime.core.options import Options

MOST_PAIRS = 1 << 18
"""Pairs of symbols that are kept, the most frequent ones."""


class _Tables(NamedTuple):
    frequencies: np.ndarray
    followed: np.ndarray
    distinct: np.ndarray
    pairs: np.ndarray
    pair_counts: np.ndarray
    kept: np.ndarray


class SymbolCounts(Options):
    r"""How often each symbol, and each pair of neighbours, stands in a row of symbols.

    **Equations**

        p(b) = (c(b) + 1) / (N + V)
        p(b | a) = (c(a, b) + d(a) p(b)) / (c(a) + d(a)),   d(a) the different symbols that follow a

    Arguments:
        size: V, the number of symbols.
        tables: the counts, packed: c(b), the number of pairs that begin with a, d(a), the most frequent pairs
            as a V + b, increasing, and their counts. A pair that is not among them counts as none, and what
            it would have had goes to p(b).

    **Source**

        Witten & Bell 1991, IEEE Transactions on Information Theory 37(4), method C.
    """

    size: Annotated[int, Field(ge=1)]
    tables: tuple[str, str, str, str, str]

    @classmethod
    def of(cls, ids: Integer[np.ndarray, " N"], size: int, most_pairs: int = MOST_PAIRS) -> "SymbolCounts":
        """Count the symbols and the pairs of a row of ids below `size`."""
        first = ids[:-1].astype(np.int64)
        pairs, counts = np.unique(first * size + ids[1:], return_counts=True)
        followed = np.bincount(first, minlength=size)
        distinct = np.bincount(pairs // size, minlength=size)
        if len(pairs) > most_pairs:
            chosen = np.sort(np.argsort(-counts, kind="stable")[:most_pairs])
            pairs, counts = pairs[chosen], counts[chosen]
        tables = np.bincount(ids, minlength=size), followed, distinct, pairs, counts
        first_, followed_, distinct_, pairs_, counts_ = map(_packed, tables)
        return cls(size=size, tables=(first_, followed_, distinct_, pairs_, counts_))

    def seen(self, symbol: int) -> bool:
        """Tell whether a symbol was counted."""
        return bool(self._tables.frequencies[symbol])

    def unigram_losses(self, ids: Integer[np.ndarray, " N"]) -> Float[np.ndarray, " M"]:
        """Return -log p(b) of each symbol but the first, in nats."""
        return -np.log(self._unigram[ids[1:]])

    def bigram_losses(self, ids: Integer[np.ndarray, " N"]) -> Float[np.ndarray, " M"]:
        """Return -log p(b | a) of each symbol but the first, in nats."""
        tables = self._tables
        first, second = ids[:-1].astype(np.int64), ids[1:]
        wanted = first * self.size + second
        places = np.minimum(np.searchsorted(tables.pairs, wanted), max(len(tables.pairs) - 1, 0))
        counts = np.where(tables.pairs[places] == wanted, tables.pair_counts[places], 0)
        spread = (tables.followed - tables.kept + tables.distinct)[first]
        whole = (tables.followed + tables.distinct)[first]
        unigram = self._unigram[second]
        return -np.log(np.where(whole > 0, (counts + spread * unigram) / np.maximum(whole, 1), unigram))

    @cached_property
    def _tables(self) -> _Tables:
        frequencies, followed, distinct, pairs, counts = map(_unpacked, self.tables)
        kept = np.bincount(pairs // self.size, weights=counts, minlength=self.size)
        return _Tables(frequencies, followed, distinct, pairs, counts, kept.astype(np.int64))

    @cached_property
    def _unigram(self) -> Float[np.ndarray, " V"]:
        frequencies = self._tables.frequencies
        return (frequencies + 1) / (frequencies.sum() + self.size)


def _packed(counts: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(counts.astype("<i8").tobytes())).decode()


def _unpacked(packed: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(packed)), "<i8")
