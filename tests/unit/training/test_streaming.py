"""A trained model that answers while a sequence comes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, NotACellError, UsageError
from throughtime.data.memory import MemorySource
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network
from throughtime.training.preparation import prepare
from throughtime.training.settings import Settings

FRAMES = [np.random.default_rng(seed).normal(size=(4, 2)) for seed in range(4)]
WORDS = [["a", "b", "a", "c"], ["c", "b", "a", "a"]]


def untrained(task: str, X: list[Any], y: list[Any], **settings: Any) -> Model:
    """A model with fresh weights, which answers as well as any other."""
    wanted = Settings.parse({"task": task, "training": {"validation": 0}, **settings})
    prepared = prepare(MemorySource(X, y), wanted)
    network = build_network(wanted, prepared.encoder, prepared.task)
    return Model(wanted, prepared.encoder, prepared.task, network, (8,))


@pytest.fixture(scope="module")
def classifier() -> Model:
    return untrained("classify", FRAMES, ["x", "y", "x", "y"], network={"cell": "gru", "hidden_size": 5})


def test_after_each_time_step_the_answer_is_that_of_the_sequence_so_far(classifier: Model) -> None:
    stream = classifier.stream()
    with classifier.encode([FRAMES[0][:steps] for steps in range(1, 5)]) as data:
        expected = classifier.answering.columns(classifier.outputs(data))
    for steps, frame in enumerate(FRAMES[0]):
        found = stream.step(frame)
        assert found["label"] == expected["label"][steps]
        assert found["probability"] == pytest.approx(expected["probability"][steps], abs=2e-4)
    stream.reset()
    assert stream.answer(FRAMES[0]) == expected["label"][-1]


def test_numbers_come_as_text_or_lists(classifier: Model) -> None:
    stream, state = classifier.stream(), classifier.stream().state
    ways = ["0.5 -1.5", [0.5, -1.5], [[0.5, -1.5]], np.array([0.5, -1.5])]
    answers = []
    for way in ways:
        stream.state = state
        answers.append(stream.step(way))
    assert all(answer == answers[0] for answer in answers)
    for wrong, message in (("0.5", "holds 1 numbers, and a time step has 2"), ("a b", "time step 1")):
        with pytest.raises(DataError, match=message):
            stream.step(wrong)


@pytest.mark.parametrize("kind", ["symbols", "tokens"])
def test_labels_of_elements(kind: str) -> None:
    settings = {"network": {"hidden_size": 5}, "data": {"kind": kind}}
    model = untrained("label", WORDS, [list("XYXZ"), list("ZYXX")], **settings)
    stream = model.stream()
    one_by_one = [label for word in WORDS[0] for label in stream.answer([word])]
    stream.reset()
    assert one_by_one == stream.answer(WORDS[0]) == model.predict(WORDS)[0]


def test_under_a_crf_the_past_counts_and_the_future_does_not() -> None:
    settings = {"network": {"hidden_size": 5}, "options": {"head": "crf"}}
    model = untrained("label", WORDS, [["B-a", "I-a", "O", "O"], ["O", "O", "B-a", "I-a"]], **settings)
    stream = model.stream()
    columns = stream.step(WORDS[0])
    assert len(columns["labels"]) == 4
    assert columns["labels"][0] != "I-a"  # which cannot stand at the start
    stream.reset()
    last = [stream.step([word]) for word in WORDS[0]][-1]
    assert last["labels"][0] == columns["labels"][-1]
    assert last["probabilities"] == columns["probabilities"][-1:]


def test_what_is_remembered_goes_through_a_file(classifier: Model, tmp_path: Path) -> None:
    whole, parted = classifier.stream(), classifier.stream()
    expected = whole.step(FRAMES[1])
    parted.step(FRAMES[1][:2])
    parted.save(tmp_path / "state")
    other = classifier.stream()
    other.restore(tmp_path / "state")
    assert other.step(FRAMES[1][2:]) == expected
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        other.restore(tmp_path / "none")
    (tmp_path / "state").write_bytes(b"no state")
    with pytest.raises(UsageError, match="not the state of a stream of this model"):
        other.restore(tmp_path / "state")


def test_a_model_that_must_see_whole_sequences_says_so() -> None:
    model = untrained("classify", FRAMES[:2], ["x", "y"], network={"direction": "both", "hidden_size": 3})
    with pytest.raises(NotACellError, match=r"must see the whole sequence before .* direction='forward'"):
        model.stream()
