"""Runs without steps: estimators and problems whose readout is solved for."""

from pathlib import Path

import jax
import numpy as np
import pytest

from throughtime import SequenceClassifier, SequenceLabeller, SequenceRegressor
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import Architecture
from throughtime.problems import MemoryCapacity
from throughtime.training.settings import SolvingSettings, TrainingSettings
from throughtime.training.solving import solve


@pytest.fixture
def sequences(rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    given = [rng.normal(size=(length, 2)) for length in rng.integers(4, 8, size=60)]
    return given, np.array([one[-2:].sum() for one in given])


@pytest.mark.parametrize("optimizer", ["ridge", "logistic"])
def test_classifier(optimizer: str, sequences: tuple[list[np.ndarray], np.ndarray], tmp_path: Path) -> None:
    given, sums = sequences
    labels = np.where(sums > 0, "more", "less")
    model = SequenceClassifier(
        cell="echo_state", hidden_size=30, optimizer=optimizer, regularisation=0.1, leak=0.8, fan_in=3,
        input_scaling=0.5, net_noise=0.01, validation=0.0, random_state=0,
    )  # fmt: skip
    model.fit(given, labels)
    assert model.score(given, labels) > 0.9
    assert len(model.history_) == 1
    assert model.history_[0]["regularisation"] == 0.1
    model.save(tmp_path / "model")
    loaded = SequenceClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(given), model.predict_proba(given))
    with pytest.raises(OptionError, match=f"optimizer is '{optimizer}', which solves for the readout from"):
        model.partial_fit(given, labels)


def test_regressor_chooses_its_regularisation(sequences: tuple[list[np.ndarray], np.ndarray]) -> None:
    given, sums = sequences
    model = SequenceRegressor(cell="gru", hidden_size=30, optimizer="ridge", random_state=0)
    model.fit(given, sums)
    assert model.score(given, sums) > 0.8
    assert {"regularisation", "train_loss", "rmse"} <= set(model.history_[0])


def test_problem() -> None:
    problem = MemoryCapacity(delays=4, length=300, washout=20, margin=3.5)
    network = Architecture(
        cell="echo_state", hidden_size=20, activation="identity", structure="ring", input_scaling=0.1
    ).build(feature_count=1, output_size=4, key=jax.random.key(0))
    settings = SolvingSettings(
        optimizer="ridge", regularisation=1e-6, batch_size=2, iterations=2, test_sequences=2
    )
    attempt = solve(problem, network, settings, seed=0)
    assert [check.sequences for check in attempt.checks] == [0, 4]
    assert [check.right for check in attempt.checks] == [0, 1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"regularisation": 1.0}, "regularisation is 1.0 and optimizer is 'adamw', which has no use for it"),
        ({"washout": 2}, "washout is 2 and optimizer is 'adamw'.* choose optimizer='ridge'"),
        ({"optimizer": "ridge", "learning_rate": 0.1}, "learning_rate is 0.1 and optimizer is 'ridge'"),
        (
            {"optimizer": "logistic", "damping": 0.2},
            "damping is 0.2 and .*choose optimizer='hessian_free'",
        ),
    ],
)
def test_settings_that_a_solver_has_no_use_for(settings: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        TrainingSettings.parse(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"leak": 0.5},
            "leak is 0.5 and cell is lstm, which has no use for it; leave leak out",
        ),
        ({"activation": "relu"}, "activation is relu and cell is lstm, whose units have their own; .* elman"),
    ],
)
def test_settings_of_other_cells(settings: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Architecture.parse(settings)


def test_labels_of_every_step(rng: np.random.Generator) -> None:
    given = [rng.normal(size=(length, 1)) for length in rng.integers(4, 8, size=40)]
    labels = [["up" if total > 0 else "down" for total in np.cumsum(one)] for one in given]
    model = SequenceLabeller(
        cell="echo_state", hidden_size=30, fan_in=3, optimizer="ridge", regularisation=0.1, validation=0.0,
        random_state=0,
    )  # fmt: skip
    answers = model.fit(given, labels).predict(given)
    right = [np.array(one) == np.array(two) for one, two in zip(answers, labels, strict=True)]
    assert np.concatenate(right).mean() > 0.8
