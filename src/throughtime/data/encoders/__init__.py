"""Encoders: raw sequences and targets in, arrays out; learnt from the training part alone, saved as JSON."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from throughtime.core.errors import OptionError, choose
from throughtime.data.encoders.byte import ByteEncoder
from throughtime.data.encoders.encoder import Encoder, SymbolicEncoder
from throughtime.data.encoders.labels import LabelEncoder, label_name
from throughtime.data.encoders.music import MusicEncoder
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.encoders.subwords import SubwordEncoder
from throughtime.data.encoders.symbols import SymbolEncoder
from throughtime.data.encoders.targets import NumberTargetEncoder, target_number
from throughtime.data.encoders.tokens import TokenEncoder
from throughtime.data.encoders.vocabulary import UNKNOWN, UNKNOWN_ID
from throughtime.data.encoders.words import WordEncoder
from throughtime.data.kinds import KINDS

SequenceEncoder = Annotated[
    WordEncoder | TokenEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder | NumberEncoder | MusicEncoder,
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
    frames_per_quarter: int | None = None,
) -> WordEncoder | TokenEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder | NumberEncoder | MusicEncoder:
    """Fit the encoder of `kind` on raw sequences or records, in one pass.

    `min_count` and `max_vocabulary` are for kinds with a learnt vocabulary (words, tokens, subwords, symbols,
    characters), `lowercase` for words, tokens and subwords, `standardise` for numbers, `frames_per_quarter`
    for music; the other kinds have no use for them.

    **Raises** `OptionError` for a kind that does not exist, for limits on a vocabulary that is not learnt,
    and for frames of what is no music.
    """
    choose("kind", kind, KINDS)
    if frames_per_quarter is not None and kind != "music":
        raise OptionError(
            f"frames_per_quarter is {frames_per_quarter}, and sequences of {kind} have no quarter notes; "
            "leave it out, or choose the kind music"
        )
    if kind in ("bytes", "numbers", "music") and (min_count != 1 or max_vocabulary is not None):
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
    if kind == "music":
        return MusicEncoder.fit(values, frames_per_quarter=frames_per_quarter)
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
    "MusicEncoder",
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
