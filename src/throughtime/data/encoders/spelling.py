"""From ids back to text, one symbol after another: what each adds to the text that is there."""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from throughtime.data.encoders.byte import ByteEncoder
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.subwords import SubwordEncoder
from throughtime.data.encoders.words import WordEncoder

REPLACEMENT = "\ufffd"
"""What stands in a text for a symbol that the training part did not hold."""

LINE_MARK = "¶"
"""What stands for the end of a line where white space only parts words: a punctuation mark, and so a word."""

_NO_SPACE_BEFORE = frozenset(".,;:!?)]}%'’-–—" + LINE_MARK)
_NO_SPACE_AFTER = frozenset("([{'’-–—$" + LINE_MARK)
_WORD_BEGINS = "▁"


class Speller(ABC):
    """Spells one text, symbol by symbol, with as much memory as the next symbol's spelling needs."""

    def __init__(self, symbols: tuple[str, ...], unknown_id: int | None):
        self._symbols = list(symbols)
        if unknown_id is not None:
            self._symbols[unknown_id] = REPLACEMENT

    @abstractmethod
    def spell(self, index: int) -> str:
        """Return what the symbol of this id adds to the text; nothing, if that is not known yet."""

    def finish(self) -> str:
        """Return what is still to be added when no symbol follows."""
        return ""


class _Letters(Speller):
    """Symbols one after the other."""

    def spell(self, index: int) -> str:
        return self._symbols[index]


class _Bytes(Speller):
    """A character at the last of its bytes; what is no UTF-8 becomes the replacement character."""

    def __init__(self) -> None:
        super().__init__((), None)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def spell(self, index: int) -> str:
        return self._decoder.decode(bytes([index]))

    def finish(self) -> str:
        return self._decoder.decode(b"", final=True)


class _Names(Speller):
    """Symbols of several letters, with a space between two of them."""

    _inside = False

    def spell(self, index: int) -> str:
        symbol = self._symbols[index]
        space = " " * (self._inside and symbol != "\n")
        self._inside = symbol != "\n"
        return space + symbol


class _Words(Speller):
    """Words with a space between them, but for punctuation, which closes up to the word before."""

    _spaced = False

    def spell(self, index: int) -> str:
        word = self._symbols[index]
        space = " " * (self._spaced and word not in _NO_SPACE_BEFORE)
        self._spaced = word not in _NO_SPACE_AFTER
        return "\n" if word == LINE_MARK else space + word


class _Pieces(Speller):
    """Pieces of words, the first of which in each word begins with a mark."""

    _inside = False

    def spell(self, index: int) -> str:
        piece = self._symbols[index].replace(LINE_MARK, "\n").replace(_WORD_BEGINS, " ")
        if not self._inside:
            piece = piece.removeprefix(" ")
        self._inside = not piece.endswith("\n") if piece else self._inside
        return piece


def speller(encoder: SymbolicEncoder) -> Speller:
    """Return a speller of one text for the ids of an encoder."""
    if isinstance(encoder, ByteEncoder):
        return _Bytes()
    symbols, unknown_id = encoder.symbols, encoder.unknown_id
    if isinstance(encoder, WordEncoder):
        return _Words(symbols, unknown_id)
    if isinstance(encoder, SubwordEncoder):
        return _Pieces(symbols, unknown_id)
    return (_Letters if has_letters_alone(encoder) else _Names)(symbols, unknown_id)


def has_letters_alone(encoder: SymbolicEncoder) -> bool:
    """Tell whether each symbol that is known is a single letter."""
    return all(
        len(symbol) == 1 for index, symbol in enumerate(encoder.symbols) if index != encoder.unknown_id
    )


def spelled(encoder: SymbolicEncoder, ids: Iterable[int] | np.ndarray) -> str:
    """Return the text that ids stand for; of words and subwords, with the spaces that are usual."""
    one = speller(encoder)
    return "".join([*(one.spell(int(index)) for index in ids), one.finish()])
