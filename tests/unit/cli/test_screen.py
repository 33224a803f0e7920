"""Numbers and names for people."""

import pytest

from throughtime.cli.screen import metric_name, score, scores_in_words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.97304, "0.9730"), (1, "1.0000"), (-436.3, "-436.3000"), (123456.7, "1.2346e+05"), (None, "")],
)
def test_score(value: float | None, text: str) -> None:
    assert score(value) == text


def test_scores_in_words() -> None:
    assert scores_in_words({"accuracy": 0.5, "macro_f1": 0.25}) == "accuracy 0.5000, macro F1 0.2500"
    assert metric_name("loss") == "loss"
