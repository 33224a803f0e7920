"""The embedded Reber grammar: its strings, what can come next in them, and what not remembering costs."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

SYMBOLS = "BTPSXVE"
"""The symbols in the order of their numbers."""

START = 0
"""The state before a string, and after it."""

# Reber's grammar: where each symbol leads from each state. State 7 is behind it.
_REBER = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)


def _embedded() -> tuple[Integer[np.ndarray, "S 7"], tuple[int, int]]:
    """Return where each symbol leads from each state, and which two states want the second symbol again.

    -1 is for a symbol that cannot come. Behind B and T there is one copy of Reber's grammar, behind B and P
    another.
    """
    inner = len(_REBER)
    number = {symbol: place for place, symbol in enumerate(SYMBOLS)}
    leads = np.full((2 + 2 * (inner + 2), len(SYMBOLS)), -1)
    leads[START, number["B"]] = 1
    first = (2, 2 + inner + 2)
    for wrapping, base in zip("TP", first, strict=True):
        leads[1, number[wrapping]] = base
        for state, moves in enumerate(_REBER):
            for symbol, to in moves.items():
                leads[base + state, number[symbol]] = base + to
        leads[base + inner, number[wrapping]] = base + inner + 1
        leads[base + inner + 1, number["E"]] = START
    return leads, (first[0] + inner, first[1] + inner)


_LEADS, _WRAPPING = _embedded()
_POSSIBLE = _LEADS >= 0
_CHANCE = _POSSIBLE / _POSSIBLE.sum(axis=1, keepdims=True)
# Of one or two symbols that can come, the first and the last.
_CHOICES = np.stack([_POSSIBLE.argmax(axis=1), 6 - _POSSIBLE[:, ::-1].argmax(axis=1)], axis=1)
# The probability that a symbol comes and leads from one state to another, `[symbol, from, to]`.
_MOVES = np.moveaxis(_CHANCE[..., None] * (_LEADS[..., None] == np.arange(len(_LEADS))), 1, 0)


def draw_stream(steps: int, count: int, generator: np.random.Generator) -> Integer[np.ndarray, "T B"]:
    """Return so many symbols of strings that follow one another."""
    walk = _walk(count, generator)
    return np.stack([next(walk)[0] for _ in range(steps)])


def draw_strings(
    count: int, generator: np.random.Generator
) -> tuple[Integer[np.ndarray, "T B"], Integer[np.ndarray, " B"]]:
    """Return strings, with anything behind the end of those that are not the longest, and their lengths."""
    lengths = np.zeros(count, int)
    symbols = []
    for came, state in _walk(count, generator):
        symbols.append(came)
        lengths[(lengths == 0) & (state == START)] = len(symbols)
        if lengths.all():
            break
    return np.stack(symbols), lengths


def _walk(
    count: int, generator: np.random.Generator
) -> Iterator[tuple[Integer[np.ndarray, " B"], Integer[np.ndarray, " B"]]]:
    """Yield a symbol of each string and the state that it leads to, without end."""
    state = np.full(count, START)
    while True:
        symbol = _CHOICES[state, generator.integers(2, size=count)]
        state = _LEADS[state, symbol]
        yield symbol, state


def possible_after(given: Float[np.ndarray, "T B I"]) -> Bool[np.ndarray, "T B I"]:
    """Return which symbols can come next, after each symbol of strings or streams; none after padding."""
    state = np.full(given.shape[1], START)
    possible = np.zeros(given.shape, bool)
    for step, vectors in enumerate(given):
        real = vectors.any(axis=-1)
        state = np.where(real, _LEADS[state, vectors.argmax(axis=-1)], state)
        possible[step, real] = _POSSIBLE[state[real]]
    return possible


class Costs(NamedTuple):
    """The mean loss of the best answer that knows the symbol at hand alone, and of the best answer."""

    memoryless: float
    least: float


@functools.cache
def costs(steps: int | None) -> Costs:
    """Return what foretelling the next symbol costs in a stream of so many steps, or in a single string."""
    at = np.eye(len(_LEADS))[START]
    pairs = np.zeros((len(SYMBOLS), len(SYMBOLS)))  # how often a symbol is at hand and another one next
    least, done = 0.0, 0
    while at.sum() > 1e-15 if steps is None else done < steps:
        here = at @ _MOVES  # [symbol at hand, state]
        if steps is None:
            here[:, START] = 0  # nothing comes after the end
        at, done = here.sum(axis=0), done + 1
        pairs += here @ _CHANCE
        least += float(at @ np.log(_POSSIBLE.sum(axis=1)))
    share = pairs / pairs.sum(axis=1, keepdims=True)
    memoryless = -float(np.sum(pairs * np.log(np.where(pairs > 0, share, 1))))
    return Costs(memoryless / float(pairs.sum()), least / float(pairs.sum()))


@functools.cache
def right_by_guessing(steps: int) -> float:
    """Return the share of such streams that is right if only the second symbols that return are guessed."""
    at = np.eye(len(_LEADS))[START]
    for _ in range(steps):
        at = at @ _MOVES.sum(axis=0)
        at[list(_WRAPPING)] /= 2
    return float(at.sum())
