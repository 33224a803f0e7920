"""The task of transduction: what its targets are, what is learned from them, how answers are scored."""

from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, MissingExtraError, OptionError
from throughtime.tasks import TaskOptions, Transduce
from throughtime.tasks.hypotheses import Hypotheses
from throughtime.tasks.transduce import Transduction

PHONES = [["K", "AE", "T"], ["D", "AO", "G"], ["K", "AE", "T"], ["AE"]]


def fitted(targets: list[Any], **options: Any) -> Transduce:
    return Transduce.fit([(target, None) for target in targets], TaskOptions(**options))


def ids(task: Transduce, target: Any) -> tuple[int, ...]:
    """Return the symbols of a target, without its end."""
    return tuple((task.encode(target)[:-1].astype(int) - 1).tolist())


def found(source: str, *answers: tuple[int, ...]) -> Transduction:
    """Return what a search would find for a source: these answers, each less probable than the one before."""
    longest = max(map(len, answers))
    symbols = np.array([[*answer, *[-1] * (longest - len(answer))] for answer in answers], np.int32)
    scores = -np.arange(1.0, len(answers) + 1)
    lengths = np.array([len(answer) for answer in answers])
    hypotheses = Hypotheses(symbols, lengths, scores, scores, np.ones(len(answers), bool))
    letters = np.frombuffer(source.encode(), np.uint8).astype(np.int32)
    return Transduction(hypotheses, np.pad(letters, (0, 3)), np.array(len(letters)))


def test_targets_are_numbers_from_one_with_their_end() -> None:
    task = fitted(PHONES)
    assert (
        task.written_in.symbols
        == ("<unknown>", "AE", "K", "T", "D", "AO", "G")[:1] + task.written_in.symbols[1:]
    )
    assert task.output_size == len(task.written_in.symbols) + 1
    assert task.longest == 3
    assert task.answers([found("cat", task.majority)]) == [["K", "AE", "T"]]
    encoded = task.encode(["K", "AE", "T"])
    assert encoded.tolist() == [*(symbol + 1 for symbol in task.majority), task.output_size]
    assert task.notes == (
        "targets are symbols: each of the 4 records looked at is a list of symbols (another kind can be set "
        "with target_kind)",
    )


def test_targets_as_text_and_as_digits() -> None:
    task = fitted(["no, one", "two"], target_kind="words")
    assert task.answers([found("x", ids(task, "no, one"))]) == ["no, one"]
    digits = fitted([2026, 17], target_kind="characters")
    assert digits.answers([found("x", ids(digits, 17))]) == ["17"]


def test_any_of_the_targets_of_a_source_is_right() -> None:
    task = fitted(PHONES)
    cat, dog, short = (
        tuple((task.encode(phones)[:-1] - 1).tolist()) for phones in (PHONES[0], PHONES[1], PHONES[3])
    )
    # A source of two targets, of which the second was found, and one whose target lacks two symbols.
    outputs = [found("c", dog, cat), found("c", dog, cat), found("d", short)]
    with task.kept([task.encode(target) for target in (PHONES[0], PHONES[1], PHONES[0])]) as targets:
        scores = task.scores(outputs, targets)
    assert scores == {"exact_match": 0.5, "symbol_error": pytest.approx(2 / 6)}
    with task.kept([task.encode(PHONES[1])]) as targets:
        assert task.trivial_scores(targets) == {"exact_match": 0.0, "symbol_error": pytest.approx(1.0)}
    assert task.trivial == "always 'K AE T'"


def test_texts_have_the_scores_of_translations_too() -> None:
    task = fitted(["the cat sat on the mat", "a dog"], target_kind="words")
    right = ids(task, "the cat sat on the mat")
    with task.kept([task.encode("the cat sat on the mat")]) as targets:
        assert task.scores([found("x", right)], targets) == {
            "exact_match": 1.0,
            "symbol_error": 0.0,
            "bleu": pytest.approx(100),
            "chrf": pytest.approx(100),
        }
        worse = task.scores([found("x", right[:5])], targets)
    # Of five words out of six all n-grams are right, so that BLEU is its brevity penalty.
    assert worse["bleu"] == pytest.approx(100 * np.exp(1 - 6 / 5), abs=1e-6)
    assert worse["symbol_error"] == pytest.approx(1 / 6)
    assert task.main_metric == "bleu"
    with pytest.raises(OptionError, match=r"metric is 'bleu', which counts words .* targets are symbols"):
        fitted(PHONES).check_metric("bleu")


def test_more_answers_than_one() -> None:
    task = fitted(["ab", "ba"], n_best=2)
    assert task.columns([found("x", (1, 2), (2,))]) == {
        "target": [task.written_in.symbols[1] + task.written_in.symbols[2]],
        "score": [-1.0],
        "target_2": [task.written_in.symbols[2]],
        "score_2": [-2.0],
    }


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (
            [[0.5, 1.5], [2.5]],
            "the targets are numbers: .* set target_kind to symbols or words, or use the task",
        ),
        ([1.5, 2.5], "the target is 1.5, a single number; give text or a list of symbols"),
    ],
)
def test_targets_that_are_no_symbols(targets: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fitted(targets)


def test_a_symbol_that_was_never_seen() -> None:
    with pytest.raises(DataError, match="the target has the symbol 'ZH', which is in no target"):
        fitted(PHONES).encode(["K", "ZH"])
    assert fitted(["one two", "two"], target_kind="words").encode("one three")[1] == 1


def test_a_source_too_short_for_its_target() -> None:
    task = fitted([["A", "A", "B"], ["A"]], writer="ctc", stretch=2)
    with task.kept([task.encode(["A", "A", "B"])]) as targets:
        task.check_lengths(np.array([2]), targets)
        with pytest.raises(
            DataError,
            match="the source of 1 elements has a target of 3 symbols, for which 4 have to be read, and with "
            "stretch=2 it is 2; set stretch to 4",
        ):
            task.check_lengths(np.array([1]), targets)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_best": 6}, "n_best is 6 and beam is 5, which finds no more; choose a beam of at least 6"),
        ({"input_feeding": True, "attention": "additive"}, "input_feeding is for multiplicative attention"),
        ({"attention_size": 3}, "attention_size is 3 and attention is 'multiplicative', which has no hidden"),
        ({"teacher_pace": 5.0}, "teacher_pace is 5 and teacher is 'always'; leave it out, or choose linear"),
        (
            {"writer": "ctc", "attention": "additive"},
            "attention is 'additive' and writer is 'ctc', which",
        ),
        ({"stretch": 2}, "stretch is 2 and writer is 'decoder', which has no use for it; leave stretch out"),
        ({"decoder_cell": "lstn"}, r"decoder_cell is 'lstn' \(did you mean 'lstm'\?\); choose one of"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        TaskOptions.parse(options)


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'throughtime\[transduce\]'"):
        fitted(["one two", "two"], target_kind="words")
