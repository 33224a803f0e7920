"""Words that are parted already, as an id for the word and ids for its letters."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.raw import converted, located
from throughtime.data.encoders.vocabulary import (
    UNKNOWN,
    UNKNOWN_ID,
    check_limits,
    check_saved,
    nothing_frequent,
)
from throughtime.data.kinds import as_tokens

LONGEST_WORD = 20
"""Letters of a word that are read; of a longer one, as many from its start as from its end."""

NO_LETTER = 0
"""What fills up the letters of a shorter word."""


class TokenEncoder(SymbolicEncoder):
    """Ids for words, and for the letters of each, so that a word that was never seen has a form still.

    `words` holds `"<unknown>"` (id 0) and then the words from the most to the least frequent, equally
    frequent ones in the order of their code points; words are in small letters if `lowercase`. `letters`
    holds every letter of the training part as it stood, numbered from 2: 0 is no letter, 1 an unknown one.

    **Shapes** a sequence of T words is `[T, 1 + L]`: the word, then its letters, L being 20 or, if all words
    of the training part are shorter, the longest one's length.

    **Raises** `DataError` for a sequence without a word, and for an entry that is none.
    """

    kind: Literal["tokens"] = "tokens"
    lowercase: bool = True
    words: Annotated[tuple[str, ...], AfterValidator(check_saved)]
    letters: tuple[str, ...]
    longest: Annotated[int, Field(ge=1, le=LONGEST_WORD)]

    @classmethod
    def fit(
        cls,
        values: Iterable[Any],
        *,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        lowercase: bool = True,
    ) -> "TokenEncoder":
        """Count the words of a stream of raw sequences or records, in one pass.

        `min_count` (1 or more) leaves rarer words to the unknown one; `max_vocabulary` keeps so many of the
        most frequent, the unknown one not counted.
        """
        check_limits(min_count, max_vocabulary)
        written: Counter[str] = Counter()
        for tokens in converted(values, as_tokens, "words"):
            written.update(tokens)
        counts: Counter[str] = Counter()
        for word, count in written.items():
            counts[word.lower() if lowercase else word] += count
        frequent = [(-n, word) for word, n in counts.items() if n >= min_count and word != UNKNOWN]
        if not frequent:
            raise nothing_frequent("word", min_count)
        return cls(
            lowercase=lowercase,
            words=(UNKNOWN, *(word for _, word in sorted(frequent)[:max_vocabulary])),
            letters=tuple(sorted(set("".join(written)))),
            longest=min(max(map(len, written)), LONGEST_WORD),
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        return self.words

    @property
    def unknown_id(self) -> int:
        return UNKNOWN_ID

    @property
    def letters_read(self) -> tuple[int, int]:
        return len(self.letters) + 2, self.longest

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one sequence of words into ids `[T, 1 + L]`."""
        tokens = as_tokens(value, place)
        ids = np.full((len(tokens), 1 + self.longest), NO_LETTER, np.uint32)
        for row, word in zip(ids, tokens, strict=True):
            row[0] = self._ids.get(word.lower() if self.lowercase else word, UNKNOWN_ID)
            letters = _both_ends(word, self.longest)
            row[1 : 1 + len(letters)] = [self._letter_ids.get(letter, 1) for letter in letters]
        return ids

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        return [self.encode(value, place) for value, place in located(values)]

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words)}

    @cached_property
    def _letter_ids(self) -> dict[str, int]:
        return {letter: index for index, letter in enumerate(self.letters, start=2)}


def _both_ends(word: str, most: int) -> str:
    if len(word) <= most:
        return word
    end = most // 2
    return word[: most - end] + word[len(word) - end :]
