"""Encoders: raw sequences and targets in, arrays out; learnt from the training part alone, saved as JSON."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from throughtime.core.errors import OptionError, choose
from throughtime.data.encoders.byte import ByteEncoder
from throughtime.data.encoders.encoder import Encoder, SymbolicEncoder
from throughtime.data.encoders.labels import LabelEncoder, label_name
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.encoders.subwords import SubwordEncoder
from throughtime.data.encoders.symbols import SymbolEncoder
from throughtime.data.encoders.targets import NumberTargetEncoder, target_number
from throughtime.data.encoders.tokens import TokenEncoder
from throughtime.data.encoders.vocabulary import UNKNOWN, UNKNOWN_ID
from throughtime.data.encoders.words import WordEncoder
from throughtime.data.kinds import KINDS

SequenceEncoder = Annotated[
    WordEncoder | TokenEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder | NumberEncoder,
    Field(discriminator="kind"),
]
TargetEncoder = Annotated[LabelEncoder | NumberTargetEncoder, Field(discriminator="kind")]


def fit_encoder(
    kind: str,
    values: Iterable[Any],
    *,
    min_count: int = 1,
    max_vocabulary: int | None = None,
    lowercase: bool = True,
    standardise: bool = True,
) -> WordEncoder | TokenEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder | NumberEncoder:
    """Fit the encoder of `kind` on raw sequences or records, in one pass.

    `min_count` and `max_vocabulary` are for kinds with a learnt vocabulary (words, tokens, subwords, symbols,
    characters), `lowercase` for words, tokens and subwords, `standardise` for numbers; the other kinds have
    no use for them.

    **Raises** `OptionError` for a kind that does not exist, and for limits on a vocabulary that is not
    learnt.
    """
    choose("kind", kind, KINDS)
    if kind in ("bytes", "numbers") and (min_count != 1 or max_vocabulary is not None):
        raise OptionError(
            f"min_count={min_count} and max_vocabulary={max_vocabulary} were given, but sequences of {kind} "
            "have no vocabulary to limit; leave both out, or choose another kind"
        )
    if kind in ("words", "tokens", "subwords"):
        kinds: dict[str, type[WordEncoder | TokenEncoder | SubwordEncoder]] = {
            "words": WordEncoder,
            "tokens": TokenEncoder,
            "subwords": SubwordEncoder,
        }
        return kinds[kind].fit(
            values, min_count=min_count, max_vocabulary=max_vocabulary, lowercase=lowercase
        )
    if kind == "bytes":
        return ByteEncoder.fit(values)
    if kind == "numbers":
        return NumberEncoder.fit(values, standardise=standardise)
    return SymbolEncoder.fit(
        values,
        kind="characters" if kind == "characters" else "symbols",
        min_count=min_count,
        max_vocabulary=max_vocabulary,
    )


__all__ = [
    "UNKNOWN",
    "UNKNOWN_ID",
    "ByteEncoder",
    "Encoder",
    "LabelEncoder",
    "NumberEncoder",
    "NumberTargetEncoder",
    "SequenceEncoder",
    "SubwordEncoder",
    "SymbolEncoder",
    "SymbolicEncoder",
    "TargetEncoder",
    "TokenEncoder",
    "WordEncoder",
    "fit_encoder",
    "label_name",
    "target_number",
]
