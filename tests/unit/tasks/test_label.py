"""The task that labels each element."""

import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.records import Record
from throughtime.networks.head import Labelling
from throughtime.tasks import Label, TaskOptions

PLACE = Place("f.jsonl", 4)
NAMES = [["B-PER", "I-PER", "O"], ["O", "O", "B-LOC"], ["O"]]


def fitted(head: str = "softmax") -> Label:
    return Label.fit([(row, None) for row in NAMES], TaskOptions.parse({"head": head}))


def labelled(*rows: list[int]) -> list[Labelling]:
    return [Labelling(np.array(row), np.full(len(row), 0.5)) for row in rows]


def test_labels_are_numbered_and_the_most_frequent_one_is_known() -> None:
    task = fitted()
    assert task.labels.names == ("B-LOC", "B-PER", "I-PER", "O")
    assert task.trivial == "always 'O'"
    assert task.scheme == "bio"
    assert task.encode(["O", "B-PER", "I-PER"]).tolist() == [3, 1, 2]
    assert task.answers(labelled([3, 1, 2])) == [["O", "B-PER", "I-PER"]]


def test_for_a_crf_each_target_is_a_pair_with_the_label_before() -> None:
    task = fitted("crf")
    assert task.encode(["O", "B-PER", "I-PER"]).tolist() == [4 * 4 + 3, 3 * 4 + 1, 1 * 4 + 2]


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_scores_count_elements_and_whole_spans(head: str) -> None:
    task = fitted(head)
    with task.kept(task.encode(row) for row in NAMES) as truth:
        scores = task.scores(labelled([1, 3, 3], [3, 3, 0], [3]), truth)
        trivial = task.trivial_scores(truth)
    # One of two names has another end; of four labels, three are right where they occur.
    assert scores["accuracy"] == pytest.approx(6 / 7)
    assert (scores["span_precision"], scores["span_recall"], scores["span_f1"]) == (0.5, 0.5, 0.5)
    assert trivial["accuracy"] == pytest.approx(4 / 7)
    assert trivial["span_f1"] == 0


def test_labels_without_spans_have_no_scores_of_spans() -> None:
    task = Label.fit([("HHEC", None)])
    with task.kept([task.encode("HEC")]) as truth:
        assert set(task.scores(labelled([2, 1, 0]), truth)) == {"accuracy", "macro_f1"}
    assert task.main_metric == "accuracy"
    task.check_metric("macro_f1")
    with pytest.raises(OptionError, match=r"^metric is 'span_f1', and the labels \(C, E, H, …\) mark no"):
        task.check_metric("span_f1")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["O"], "there are 2 elements and 1 labels; give one label for each element"),
        (["O", "I-PER"], "label 2 is 'I-PER' after 'O', where it cannot stand"),
        (["I-PER", "O"], "label 1 is 'I-PER' at the start, where it cannot stand"),
        (["S-PER", "B-PER"], "the last label is 'B-PER', which begins a span that does not end"),
        (3, "the target is 3; give a list of labels"),
        (["O", ""], "the label is missing"),
    ],
)
def test_what_cannot_be_a_target(target: object, message: str) -> None:
    with pytest.raises(DataError, match=rf"^f\.jsonl, row 4, column 'tags': {message}"):
        Label.check(Record(["a", "b"], target, PLACE, "tags"))


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(DataError, match=r"^f\.jsonl, row 4: the label 'B-PRE' does not occur .* 'B-PER'\?\)"):
        fitted().encode(["O", "B-PRE"], PLACE)
