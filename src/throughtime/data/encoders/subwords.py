"""Subwords by byte-pair encoding, as ids."""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.raw import converted, located
from throughtime.data.encoders.vocabulary import UNKNOWN, UNKNOWN_ID, check_limits, nothing_frequent
from throughtime.data.encoders.words import encoded_texts
from throughtime.data.kinds import as_text

USUAL_SUBWORDS = 8_000


def _check_tokenizer(saved: str) -> str:
    tokenizer = _loaded(saved)
    if tokenizer.token_to_id(UNKNOWN) != UNKNOWN_ID:
        raise ValueError(f"the tokenizer must give {UNKNOWN!r} the id {UNKNOWN_ID}")
    if set(tokenizer.get_vocab().values()) != set(range(tokenizer.get_vocab_size())):
        raise ValueError("the tokenizer's ids must be 0, 1, 2, … without a gap")
    return saved


class SubwordEncoder(SymbolicEncoder):
    """Ids for pieces of words that byte-pair encoding finds frequent; the mark ▁ begins a word.

    `tokenizer` is the JSON form of a Hugging Face tokenizer. Characters that the training part did not hold
    get id 0, the unknown one.

    **Raises** `DataError` for a text of white space alone and for half of a surrogate pair.

    **Source** Sennrich, Haddow and Birch 2016, "Neural machine translation of rare words with subword units".
    """

    kind: Literal["subwords"] = "subwords"
    tokenizer: Annotated[str, AfterValidator(_check_tokenizer)]

    @classmethod
    def fit(
        cls,
        values: Iterable[Any],
        *,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        lowercase: bool = True,
    ) -> "SubwordEncoder":
        """Learn the pieces from a stream of raw texts or records, in one pass.

        `min_count` (1 or more) is how often a pair must occur to be joined; `max_vocabulary` (default 8,000)
        is the number of pieces, the unknown one not counted; every single character is kept even beyond it.
        """
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
        from tokenizers.trainers import BpeTrainer

        check_limits(min_count, max_vocabulary)
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        composed = normalizers.NFC()
        tokenizer.normalizer = (
            normalizers.Sequence([composed, normalizers.Lowercase()]) if lowercase else composed
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
        )
        trainer = BpeTrainer(
            vocab_size=(max_vocabulary or USUAL_SUBWORDS) + 1,
            min_frequency=min_count,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(converted(values, as_text, "subwords"), trainer)
        if tokenizer.get_vocab_size() < 2:
            raise nothing_frequent("piece of a word", min_count)
        return cls(tokenizer=tokenizer.to_str())

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        ids = self._tokenizer.get_vocab()
        return tuple(sorted(ids, key=ids.__getitem__))

    @property
    def unknown_id(self) -> int:
        return UNKNOWN_ID

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one text into ids `[T]` of the smallest unsigned type."""
        return encoded_texts(
            self._tokenizer, [(as_text(value, place), place)], self.vocabulary_size, "subwords"
        )[0]

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        pairs = [(as_text(value, place), place) for value, place in located(values)]
        return encoded_texts(self._tokenizer, pairs, self.vocabulary_size, "subwords")

    @cached_property
    def _tokenizer(self) -> Any:
        return _loaded(self.tokenizer)


def _loaded(saved: str) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(saved)
    except Exception as error:  # the binding raises bare Exception for whatever it cannot parse
        raise ValueError(f"this is not the JSON of a tokenizer: {error}") from error
