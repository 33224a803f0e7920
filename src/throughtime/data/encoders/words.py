"""Words and punctuation marks, as ids."""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.raw import converted, located
from throughtime.data.encoders.vocabulary import (
    UNKNOWN,
    UNKNOWN_ID,
    check_limits,
    check_saved,
    id_type,
    nothing_frequent,
)
from throughtime.data.kinds import as_text, no_tokens

MOST_WORDS = 1_000_000


class WordEncoder(SymbolicEncoder):
    """Ids for words and punctuation marks, as white space and punctuation part them.

    `words` holds `"<unknown>"` (id 0) and then the words from the most to the least frequent, equally
    frequent ones in the order of their code points. Texts are brought to Unicode's composed form (NFC) first,
    and to small letters if `lowercase`.

    **Raises** `DataError` for a text without a word and for half of a surrogate pair.

    **Cost** of fitting: memory for every different word of the training part.
    """

    kind: Literal["words"] = "words"
    lowercase: bool = True
    words: Annotated[tuple[str, ...], AfterValidator(check_saved)]

    @classmethod
    def fit(
        cls,
        values: Iterable[Any],
        *,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        lowercase: bool = True,
    ) -> "WordEncoder":
        """Count the words of a stream of raw texts or records, in one pass.

        `min_count` (1 or more) leaves rarer words to the unknown one; `max_vocabulary` (default 1,000,000)
        keeps so many of the most frequent, the unknown one not counted.
        """
        from tokenizers.trainers import WordLevelTrainer

        check_limits(min_count, max_vocabulary)
        tokenizer = _tokenizer({UNKNOWN: UNKNOWN_ID}, lowercase)
        trainer = WordLevelTrainer(
            vocab_size=(max_vocabulary or MOST_WORDS) + 1,
            min_frequency=min_count,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(converted(values, as_text, "words"), trainer)
        ids = tokenizer.get_vocab()
        if len(ids) < 2:
            raise nothing_frequent("word", min_count)
        return cls(lowercase=lowercase, words=tuple(sorted(ids, key=ids.__getitem__)))

    @property
    def symbols(self) -> tuple[str, ...]:
        return self.words

    @property
    def unknown_id(self) -> int:
        return UNKNOWN_ID

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one text into ids `[T]` of the smallest unsigned type."""
        return encoded_texts(
            self._tokenizer, [(as_text(value, place), place)], self.vocabulary_size, "words"
        )[0]

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        pairs = [(as_text(value, place), place) for value, place in located(values)]
        return encoded_texts(self._tokenizer, pairs, self.vocabulary_size, "words")

    @cached_property
    def _tokenizer(self) -> Any:
        return _tokenizer({word: index for index, word in enumerate(self.words)}, self.lowercase)


def encoded_texts(
    tokenizer: Any, pairs: list[tuple[str, Place | None]], vocabulary_size: int, what: str
) -> list[np.ndarray]:
    """Encode texts in one call of the tokenizer; raise `DataError` for one in which it finds nothing."""
    dtype = id_type(vocabulary_size)
    # The fast form leaves out the offsets into the text, which nothing here needs.
    encodings = tokenizer.encode_batch_fast([text for text, _ in pairs], add_special_tokens=False)
    arrays = [np.array(encoding.ids, dtype) for encoding in encodings]
    for ids, (text, place) in zip(arrays, pairs, strict=True):
        if ids.size == 0:
            raise no_tokens(text, what, place)
    return arrays


def _tokenizer(ids: dict[str, int], lowercase: bool) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    composed = normalizers.NFC()
    tokenizer.normalizer = (
        normalizers.Sequence([composed, normalizers.Lowercase()]) if lowercase else composed
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer
