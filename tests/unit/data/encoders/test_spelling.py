"""Ids become text again, whole or symbol by symbol."""

import pytest

from throughtime.data.continuous import lines_of
from throughtime.data.encoders import SymbolicEncoder, fit_encoder
from throughtime.data.encoders.spelling import REPLACEMENT, spelled, speller

VERSE = "O, what a rogue (and slave) am I!\nIs it not monstrous?\n\n'Tis so: the king's.\n"


def fitted(kind: str, text: str, **options: object) -> SymbolicEncoder:
    encoder = fit_encoder(kind, list(lines_of(text, kind)), **options)  # type: ignore[arg-type]
    assert isinstance(encoder, SymbolicEncoder)
    return encoder


def round_trip(kind: str, text: str, **options: object) -> str:
    encoder = fitted(kind, text, **options)
    return spelled(
        encoder, [index for line in lines_of(text, kind) for index in encoder.encode(line).tolist()]
    )


@pytest.mark.parametrize("kind", ["characters", "bytes", "subwords", "symbols"])
def test_text_comes_back_as_it_was(kind: str) -> None:
    options = {"lowercase": False} if kind == "subwords" else {}
    text = VERSE if kind == "subwords" else VERSE + "grün 日本\t"
    assert round_trip(kind, text, **options) == text


def test_words_come_back_with_the_usual_spaces() -> None:
    assert round_trip("words", VERSE, lowercase=False) == VERSE.replace("\n'Tis", "\n'Tis")


def test_a_character_of_several_bytes_comes_with_its_last_byte() -> None:
    one = speller(fitted("bytes", "x"))
    assert [one.spell(byte) for byte in "aé".encode()] == ["a", "", "é"]
    assert one.finish() == ""
    one.spell("é".encode()[0])
    assert one.finish() == REPLACEMENT


def test_unknown_symbols_and_symbols_of_several_letters() -> None:
    assert spelled(fitted("characters", "ab"), [0, 1]) == f"{REPLACEMENT}a"
    encoder = fit_encoder("symbols", [["do", "re", "\n", "mi"]])
    assert isinstance(encoder, SymbolicEncoder)
    names = {name: index for index, name in enumerate(encoder.symbols)}
    assert spelled(encoder, [names[name] for name in ("do", "re", "\n", "mi")]) == "do re\nmi"
