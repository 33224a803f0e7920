"""Encoders: raw sequences and targets in, arrays out; learnt from the training part alone, saved as JSON."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from throughtime.core.errors import OptionError, choose
from throughtime.data.encoders.audio import AudioEncoder, SoundForm
from throughtime.data.encoders.biosignals import BiosignalEncoder, SignalForm
from throughtime.data.encoders.byte import ByteEncoder
from throughtime.data.encoders.encoder import Encoder, SymbolicEncoder
from throughtime.data.encoders.labels import LabelEncoder, label_name
from throughtime.data.encoders.music import MusicEncoder
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.encoders.residues import ResidueEncoder
from throughtime.data.encoders.subwords import SubwordEncoder
from throughtime.data.encoders.symbols import SymbolEncoder
from throughtime.data.encoders.targets import NumberTargetEncoder, target_number
from throughtime.data.encoders.tokens import TokenEncoder
from throughtime.data.encoders.vocabulary import UNKNOWN, UNKNOWN_ID
from throughtime.data.encoders.words import WordEncoder
from throughtime.data.forms import Form
from throughtime.data.kinds import KINDS

SequenceEncoder = Annotated[
    WordEncoder
    | TokenEncoder
    | SubwordEncoder
    | SymbolEncoder
    | ByteEncoder
    | NumberEncoder
    | MusicEncoder
    | AudioEncoder
    | BiosignalEncoder
    | ResidueEncoder,
    Field(discriminator="kind"),
]
OF_VOCABULARY = ("words", "tokens", "subwords", "symbols", "characters")
"""The kinds whose symbols are learnt."""
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
    form: Form | None = None,
) -> SequenceEncoder:
    """Fit the encoder of `kind` on raw sequences or records, in one pass.

    `min_count` and `max_vocabulary` are for kinds with a learnt vocabulary (words, tokens, subwords, symbols,
    characters), `lowercase` for words, tokens and subwords, `standardise` for numbers, `frames_per_quarter`
    for music; the other kinds have no use for them. `form` is what raw sequences are brought to: audio and
    biosignals need it.

    **Raises** `OptionError` for a kind that does not exist, for limits on a vocabulary that is not learnt,
    and for frames of what is no music.
    """
    choose("kind", kind, KINDS)
    if frames_per_quarter is not None and kind != "music":
        raise OptionError(
            f"frames_per_quarter is {frames_per_quarter}, and sequences of {kind} have no quarter notes; "
            "leave it out, or choose the kind music"
        )
    if kind not in OF_VOCABULARY and (min_count != 1 or max_vocabulary is not None):
        raise OptionError(
            f"min_count={min_count} and max_vocabulary={max_vocabulary} were given, but sequences of {kind} "
            "have no vocabulary to limit; leave both out, or choose another kind"
        )
    if isinstance(form, SoundForm):
        return AudioEncoder.fit(values, form.features)
    if isinstance(form, SignalForm):
        return BiosignalEncoder.fit(values, form)
    if kind in ("audio", "biosignals"):
        raise OptionError(
            f"kind is {kind!r}, whose encoder needs to know the sample rate; use AudioEncoder.fit or "
            "BiosignalEncoder.fit, or give the form of the sequences"
        )
    if kind == "bases" or kind == "amino_acids":
        return ResidueEncoder.fit(values, "bases" if kind == "bases" else "amino_acids")
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
    "AudioEncoder",
    "BiosignalEncoder",
    "ByteEncoder",
    "Encoder",
    "LabelEncoder",
    "MusicEncoder",
    "NumberEncoder",
    "NumberTargetEncoder",
    "ResidueEncoder",
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
