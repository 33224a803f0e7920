"""The grammar accepts the strings that others print as its own, and refuses those that they do not."""

import numpy as np
import pytest

from throughtime.problems import ContinualReber, EmbeddedReber
from throughtime.problems.reber_grammar import SYMBOLS, draw_stream, draw_strings, possible_after

# From the course on neural networks by G. Orr (Willamette University), "Reber grammar".
REBER = ("BTSSXXTVVE", "BPVVE", "BTXXVPSE", "BPVPXVPXVPXVVE", "BTSXXVPSE", "BTSSXSE")
NOT_REBER = ("BTSSPXSE", "BPTVVB", "BTXXVVSE", "BPVSPSE", "BTSSSE")


def accepted(text: str) -> bool:
    """Tell whether each symbol of a string can come after those before it."""
    numbers = [SYMBOLS.index(symbol) for symbol in text]
    given = np.eye(len(SYMBOLS), dtype=np.float32)[numbers][:, None]
    possible = possible_after(given)[:, 0]
    return all(possible[step, number] for step, number in enumerate(numbers[1:]))


@pytest.mark.parametrize("inner", REBER)
def test_strings_of_the_language(inner: str) -> None:
    assert accepted(f"BT{inner}TE")
    assert accepted(f"BP{inner}PE")
    assert accepted(f"BP{inner}PEBT{inner}TEB")
    assert not accepted(f"BT{inner}PE")
    assert not accepted(f"BP{inner}TE")


@pytest.mark.parametrize("inner", NOT_REBER)
def test_strings_that_are_not(inner: str) -> None:
    assert not accepted(f"BT{inner}TE")


def test_both_ways_are_taken_alike() -> None:
    symbols, lengths = draw_strings(4000, np.random.default_rng(0))
    assert lengths.min() == 9  # BT, BPVVE or BTXSE, TE
    assert set(symbols[1]) == {SYMBOLS.index("T"), SYMBOLS.index("P")}
    for place in (1, 3):
        share = np.mean(symbols[place] == SYMBOLS.index("T"))
        assert abs(share - 0.5) < 4 * 0.5 / np.sqrt(4000)
    np.testing.assert_array_equal(symbols[1], symbols[lengths - 2, np.arange(4000)])
    np.testing.assert_array_equal(symbols[lengths - 1, np.arange(4000)], SYMBOLS.index("E"))


def test_a_stream_is_strings_one_after_another() -> None:
    stream = draw_stream(60, 50, np.random.default_rng(0))
    texts = ["".join(SYMBOLS[number] for number in row) for row in stream.T]
    assert all(accepted(text) for text in texts)
    assert all("EB" in text for text in texts)


def test_strings_are_padded_so_that_few_shapes_are_compiled() -> None:
    steps = {len(EmbeddedReber().draw(64, np.random.default_rng(seed)).inputs) for seed in range(20)}
    assert steps <= {32, 64}


def test_more_symbols_are_harder_to_guess() -> None:
    assert EmbeddedReber().chance == 0.5
    assert ContinualReber(length=10).chance > ContinualReber(length=50).chance > 0
    assert ContinualReber(length=50, test_length=70).tested_on.feature_count == 7
    assert len(ContinualReber(test_length=70).tested_on.draw(1, np.random.default_rng(0)).inputs) == 70
