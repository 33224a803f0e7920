"""Prompts are read as texts are, and a text ends where it is told to."""

import pytest

from throughtime.core.errors import DataError, OptionError, UsageError
from throughtime.data.continuous import lines_of
from throughtime.data.encoders import SymbolicEncoder, fit_encoder
from throughtime.tasks.writing import prompt_ids, until


def fitted(kind: str, *texts: object) -> SymbolicEncoder:
    encoder = fit_encoder(kind, [line for text in texts for line in lines_of(text, kind)])  # type: ignore[arg-type]
    assert isinstance(encoder, SymbolicEncoder)
    return encoder


def read(prompt: str | None, encoder: SymbolicEncoder) -> list[str]:
    seen = [index != encoder.unknown_id for index in range(encoder.vocabulary_size)]
    return [encoder.symbols[index] for index in prompt_ids(prompt, encoder, seen)]


@pytest.mark.parametrize(
    ("kind", "text", "prompt", "expected"),
    [
        ("characters", "ab c\n", "b a", ["b", " ", "a"]),
        ("characters", "ab c\n", None, ["\n"]),
        ("characters", "aab c", None, ["a"]),
        ("words", "to be\nor not\n", "or\nbe", ["or", "¶", "be"]),
        ("words", "to be\nor not\n", None, ["¶"]),
        ("symbols", ["do", "re", "\n"], "re do\ndo", ["re", "do", "\n", "do"]),
        ("symbols", ["do", "re", "\n"], None, ["\n"]),
        ("symbols", "acg\n", "gca", ["g", "c", "a"]),
    ],
)
def test_a_prompt_is_read_as_a_text_is(
    kind: str, text: object, prompt: str | None, expected: list[str]
) -> None:
    assert read(prompt, fitted(kind, text)) == expected


@pytest.mark.parametrize(
    ("kind", "text", "prompt", "error", "message"),
    [
        ("characters", "ab", "", OptionError, "the prompt is empty"),
        (
            "characters",
            "ab",
            "xayzuvwx",
            UsageError,
            "has 'x', 'y', 'z', 'u', 'v' and 1 more, which the model",
        ),
        ("words", "to be", "to see", UsageError, "the prompt has 'see', which the model never saw"),
        ("words", "to be", " ", DataError, "holds no words"),
        ("symbols", ["do", "re"], "do fa", UsageError, "the prompt has 'fa', which the model never saw"),
        ("symbols", ["do", "re"], " ", OptionError, "the prompt ' ' holds no symbol; give at least one"),
    ],
)
def test_a_prompt_that_cannot_be_gone_on_from(
    kind: str, text: object, prompt: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(prompt, fitted(kind, text))


@pytest.mark.parametrize(
    ("pieces", "stop", "expected"),
    [
        (["ab", "cd"], (), ["ab", "cd"]),
        (["a", "b", "c", "d"], ("cd",), ["a", "b"]),
        (["a", "b", "c", "x"], ("cd",), ["a", "b", "cx"]),
        (["abc"], ("b", "c"), ["a"]),
        (["a", "a", "b"], ("aab",), []),
        (["a", "a", "a", "b"], ("aab",), ["a"]),
        (["a", "", "b"], ("zz",), ["a", "b"]),
    ],
)
def test_a_text_ends_before_the_first_stop(
    pieces: list[str], stop: tuple[str, ...], expected: list[str]
) -> None:
    assert list(until(pieces, stop)) == expected
