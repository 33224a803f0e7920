"""Parameters of the estimators: those of a run, stored as given and checked by `fit`."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from throughtime.core.errors import OptionError
from throughtime.estimators import SequenceClassifier, SequenceRegressor
from throughtime.estimators.parameters import seed_from
from throughtime.learning import RULES
from throughtime.networks.architecture import Architecture
from throughtime.tasks import TaskOptions
from throughtime.training.settings import DataSettings, Settings, TrainingSettings

# Settings of files: what is in memory has neither columns nor rows that cannot be read.
OF_FILES = {"sequence", "target", "group", "skip_bad_rows", "annotations", "annotator", "segment_s"}
GROUPS = {
    "data": DataSettings(),
    "options": TaskOptions(),
    "network": Architecture(),
    "training": TrainingSettings(),
}
X, Y = [[0.0, 1.0], [1.0, 0.0]] * 2, ["up", "down"] * 2


@pytest.mark.parametrize("estimator", [SequenceClassifier, SequenceRegressor])
def test_parameters_and_their_defaults_are_those_of_the_settings(estimator: type) -> None:
    settings = {name: value for group in GROUPS.values() for name, value in group if name not in OF_FILES}
    assert estimator().get_params() == {**settings, "random_state": None}


def test_the_settings_of_a_run_are_the_parameters_grouped() -> None:
    model = SequenceClassifier(cell="gru", hidden_size=5, kind="bytes", epochs=3, random_state=7)
    assert model._settings() == Settings(
        task="classify",
        seed=7,
        data=DataSettings(kind="bytes"),
        network=Architecture(cell="gru", hidden_size=5),
        training=TrainingSettings(epochs=3),
    )


def test_numbers_of_numpy_are_taken_as_numbers() -> None:
    model = SequenceRegressor(
        hidden_size=np.int64(5), learning_rate=np.float32(0.5), lowercase=np.bool_(False), cell=np.str_("gru")
    )
    assert model._settings().network == Architecture(hidden_size=5, cell="gru")
    assert model._settings().training.learning_rate == 0.5
    assert model._settings().data.lowercase is False


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "lstn"}, r"cell is 'lstn' \(did you mean 'lstm'\?\); choose one of"),
        ({"hidden_size": 0}, "^hidden_size is 0; it has to be greater than or equal to 1"),
        ({"layers": "two"}, "^layers is 'two'; it has to be a valid integer"),
        (
            {"direction": "bath"},
            r"^direction is 'bath' \(did you mean 'both'\?\); choose one of forward, both",
        ),
        ({"dropout": 1.0}, "^dropout is 1.0; it has to be less than 1"),
        ({"kind": "word"}, r"^kind is 'word' \(did you mean 'words'\?\)"),
        ({"max_vocabulary": 1}, "^max_vocabulary is 1; it has to be greater than or equal to 2"),
        ({"optimizer": "adam"}, r"^optimizer is 'adam' \(did you mean 'adamw'\?\)"),
        ({"learning_rate": -1}, "^learning_rate is -1; it has to be greater than 0"),
        ({"metric": "r2"}, "^metric is 'r2'; choose one of loss, accuracy, macro_f1"),
        ({"random_state": -1}, "^random_state is -1; choose a whole number from 0 to 4294967295, None, or"),
        (
            {"direction": "both", "chunk_size": 5},
            "^a network of direction=.both. must see the whole sequence, so it cannot be trained in chunks "
            "of 5; leave chunk_size out, or use direction=.forward.",
        ),
    ],
)
def test_a_wrong_parameter_is_refused_by_fit(wrong: dict[str, Any], message: str) -> None:
    model = clone(SequenceClassifier(**wrong))
    with pytest.raises(OptionError, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "model_")


def test_an_online_rule_is_refused_for_a_network_that_reads_both_ways(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RULES["bptt"], "is_online", True)
    with pytest.raises(
        OptionError, match=r"whole sequence, so it cannot learn by the online rule 'bptt'; use"
    ):
        SequenceClassifier(direction="both").fit(X, Y)


def test_the_seed_comes_from_the_random_state() -> None:
    assert seed_from(17) == seed_from(np.uint32(17)) == 17
    assert seed_from(np.random.RandomState(3)) == seed_from(np.random.RandomState(3))
    state = np.random.RandomState(3)
    assert seed_from(state) != seed_from(state)


def test_without_a_random_state_the_seed_is_that_of_numpy() -> None:
    before = np.random.get_state()  # noqa: NPY002
    try:
        seeds = []
        for _ in range(2):
            np.random.seed(5)  # noqa: NPY002
            seeds.append((seed_from(None), seed_from(None)))
    finally:
        np.random.set_state(before)  # noqa: NPY002
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


def test_something_else_is_no_random_state() -> None:
    with pytest.raises(ValueError, match="'nobody' cannot be used to seed"):
        SequenceClassifier(random_state="nobody").fit(X, Y)


def test_an_option_of_another_task_is_refused() -> None:
    message = r"^head is 'crf', and the task 'classify' has no use for it; leave it out, or choose 'label'$"
    with pytest.raises(OptionError, match=message):
        SequenceClassifier(head="crf").fit(X, Y)
