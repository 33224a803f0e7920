"""Schemes of labels that mark spans."""

import pytest

from throughtime.tasks.spans import broken_at, can_follow, forbidden_pairs, marked, scheme_of


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        (["O", "B-PER", "I-PER"], "bio"),
        (["O", "B-PER", "I-PER", "E-PER", "S-LOC"], "bioes"),
        (["O", "S-PER"], "bioes"),
        (["O"], "none"),
        (["NN", "VB"], "none"),
        (["O", "B-PER", "NN"], "none"),
        (["B-", "O"], "none"),
    ],
)
def test_the_scheme_is_recognised(labels: list[str], scheme: str) -> None:
    assert scheme_of(labels) == scheme


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        ("O B-a I-a O B-b B-b", None),
        ("I-a O", 0),
        ("B-a I-a I-b", 2),
        ("B-a O I-a", 2),
        ("S-a B-a E-a O S-b", None),
        ("B-a O S-a", 1),
        ("B-a S-a", 1),
        ("S-a I-a E-a", 1),
        ("S-a B-a I-a", 3),
        ("NN I-a", None),
    ],
)
def test_the_first_label_that_cannot_stand_there(labels: str, wrong: int | None) -> None:
    assert broken_at(labels.split()) == wrong


def test_what_cannot_follow_is_forbidden() -> None:
    labels = ["B-a", "B-b", "I-a", "I-b", "O"]
    pairs = forbidden_pairs(labels, "bio")
    assert pairs == ((0, 3), (1, 2), (2, 3), (3, 2), (4, 2), (4, 3), (5, 2), (5, 3))
    assert forbidden_pairs(labels, "none") == ()
    assert can_follow(None, "O", "bioes")
    assert not can_follow("B-a", "O", "bioes")


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ("B-P I-P O B-L", "[P a b] c [L d]"),
        ("B-P B-P O O", "[P a] [P b] c d"),
        ("S-P B-L E-L O", "[P a] [L b c] d"),
        ("I-P O I-P I-L", "[P a] b [P c] [L d]"),
        ("O O O O", "a b c d"),
        ("N V N V", "a/N b/V c/N d/V"),
    ],
)
def test_marked_text(labels: str, text: str) -> None:
    assert marked(["a", "b", "c", "d"], labels.split()) == text
