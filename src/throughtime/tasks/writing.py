"""A network writes on: symbol after symbol, each drawn from what it says after the ones before."""

from collections.abc import Iterable, Iterator, Sequence

from throughtime.core.errors import OptionError, UsageError
from throughtime.data.continuous import LINE_END, Text, lines_of
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.spelling import LINE_MARK, has_letters_alone, speller
from throughtime.networks.stream import Stream
from throughtime.tasks.sampling import Sampler

NAMED = 5
"""How many symbols that the model never saw a message names."""


def symbols_after(
    stream: Stream, prompt: Sequence[int], sampler: Sampler, length: int | None
) -> Iterator[int]:
    """Yield symbols that go on from a prompt, each as soon as it is drawn.

    Arguments:
        stream: a network that gives a score for each symbol; it goes on from where it is.
        prompt: at least one symbol.
        length: how many symbols, at least 0; without an end when left out.

    **Cost**

        a step of the network a symbol
    """
    for symbol in prompt:
        scores = stream.step(symbol)
        sampler.note(symbol)
    written = 0
    while length is None or written < length:
        symbol = sampler.draw(scores)
        yield symbol
        written += 1
        scores = stream.step(symbol)


def text_after(
    stream: Stream,
    encoder: SymbolicEncoder,
    prompt: Sequence[int],
    sampler: Sampler,
    length: int | None,
    stop: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the text that goes on from a prompt, piece by piece, up to the first of the `stop` texts.

    Arguments:
        others: as in `symbols_after`.
    """
    one = speller(encoder)
    for symbol in prompt:
        one.spell(symbol)

    def pieces() -> Iterator[str]:
        for symbol in symbols_after(stream, prompt, sampler, length):
            yield one.spell(symbol)
        yield one.finish()

    yield from until(pieces(), stop)


def until(pieces: Iterable[str], stop: Sequence[str]) -> Iterator[str]:
    """Yield a text piece by piece up to where one of the `stop` texts begins in it.

    What may be the beginning of one is held back until it turns out to be none.
    """
    held = ""
    for piece in pieces:
        held += piece
        found = [place for place in map(held.find, stop) if place >= 0]
        if found:
            held = held[: min(found)]
            break
        ready = len(held) - max((_begun(held, text) for text in stop), default=0)
        if ready:
            yield held[:ready]
            held = held[ready:]
    if held:
        yield held


def prompt_ids(prompt: str | None, encoder: SymbolicEncoder, seen: Iterable[bool]) -> list[int]:
    """Return a prompt as a network reads it; of none, the end of a line.

    Arguments:
        seen: whether each symbol was in the training part.

    **Raises**

        OptionError: the prompt is empty.
        UsageError: the network never saw one of its symbols.
        DataError: an encoder finds no symbol in it.
    """
    if prompt is None:
        mark = LINE_MARK if encoder_cuts_words(encoder) else LINE_END
        ids = encoder.encode(mark).tolist()
        known = list(seen)
        # Of a text that has no ends of lines, whatever is most frequent.
        return ids if all(known[index] for index in ids) else [known.index(True)]
    if not prompt:
        raise OptionError(
            "the prompt is empty; give at least one symbol, or leave it out to begin as after the end of a "
            "line"
        )
    text = _as_text(prompt, encoder)
    ids = [index for line in lines_of(text, encoder.kind) for index in encoder.encode(line).tolist()]
    known = list(seen)
    if not all(known[index] for index in ids):
        raise UsageError(_never_seen(text, encoder, known))
    return ids


def _as_text(prompt: str, encoder: SymbolicEncoder) -> Text:
    """Return a prompt as a text of the encoder's kind: symbols of several letters are parted by spaces."""
    if encoder.kind != "symbols" or has_letters_alone(encoder):
        return prompt
    symbols = [symbol for line in prompt.splitlines(keepends=True) for symbol in _parted(line)]
    if not symbols:
        raise OptionError(f"the prompt {prompt!r} holds no symbol; give at least one")
    return symbols


def _parted(line: str) -> list[str]:
    return line.split() + [LINE_END] * line.endswith(LINE_END)


def encoder_cuts_words(encoder: SymbolicEncoder) -> bool:
    """Tell whether white space only parts words for an encoder."""
    return encoder.kind in ("words", "subwords")


def _never_seen(text: Text, encoder: SymbolicEncoder, known: list[bool]) -> str:
    parts = text.split() if isinstance(text, str) and encoder_cuts_words(encoder) else list(text)
    strange = [
        part
        for part in dict.fromkeys(parts)
        if not all(known[index] for index in encoder.encode([part] if isinstance(text, list) else part))
    ]
    more = f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
    named = ", ".join(map(repr, strange[:NAMED])) + more
    return f"the prompt has {named}, which the model never saw in training; write it without"


def _begun(text: str, stop: str) -> int:
    """Return how much of a stop text the text ends in."""
    for size in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:size]):
            return size
    return 0
