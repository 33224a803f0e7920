"""The estimator of what comes next, and how its series become windows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from throughtime import SequenceForecaster
from throughtime.core.errors import DataError, OptionError, ShapeError
from throughtime.data.memory import MemorySource
from throughtime.training.series_preparation import prepare_series
from throughtime.training.settings import Settings

STEPS = np.arange(400)
WAVE = np.sin(STEPS / 5)
TWO = np.stack([10 + 3 * WAVE, np.cos(STEPS / 5)], 1)
SOLVED = {
    "cell": "echo_state",
    "hidden_size": 50,
    "optimizer": "ridge",
    "regularisation": 1e-6,
    "random_state": 0,
    "history": 50,
}
STRATEGIES: list[dict[str, Any]] = [
    {},
    {"strategy": "recursive"},
    {"season": 31, "base": "season"},
    {"strategy": "recursive", "base": "none"},
]


@pytest.mark.parametrize("options", STRATEGIES, ids=["direct", "recursive", "season", "recursive_plain"])
def test_it_foretells_a_wave_in_its_own_units(options: dict[str, Any]) -> None:
    model = SequenceForecaster(horizon=4, values="1", **SOLVED, **options).fit(TWO[:300])
    np.testing.assert_allclose(model.predict(TWO[:300]), TWO[300:304, 0], atol=0.02)
    np.testing.assert_allclose(model.predict([TWO[:310], TWO[:290]])[1], TWO[290:294, 0], atol=0.02)
    assert model.score(TWO) > 0.999


def test_trained_by_gradient_it_has_quantiles_and_is_saved(tmp_path: Path) -> None:
    noisy = WAVE + np.random.default_rng(0).normal(scale=0.3, size=400)
    model = SequenceForecaster(
        horizon=2, quantiles=(0.1, 0.5, 0.9), base="none", cell="gru", hidden_size=8, learning_rate=0.02,
        batch_size=4, epochs=40, patience=0, history=25, random_state=0,
    )  # fmt: skip
    model.fit(noisy[:300])
    quantiles = model.predict_quantiles(noisy[:300])
    assert quantiles.shape == (2, 3)
    assert np.all(np.diff(quantiles, axis=1) > 0)
    np.testing.assert_allclose(quantiles[:, 1], model.predict(noisy[:300]), rtol=1e-6)
    ends = range(300, 398, 2)
    inside = [
        (low <= noisy[end]) & (noisy[end] <= high)
        for end, (low, _, high) in zip(
            ends, (q[0] for q in model.predict_quantiles([noisy[:e] for e in ends])), strict=True
        )
    ]
    assert 0.6 < np.mean(inside) < 0.95
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(
        SequenceForecaster.load(tmp_path / "model").predict(noisy[:300]), model.predict(noisy[:300])
    )


def test_a_stream_answers_as_the_whole_series_does() -> None:
    # Small weights of the readout, that single precision is enough for.
    small = SOLVED | {"regularisation": 1.0}
    model = SequenceForecaster(horizon=3, strategy="recursive", season=7, base="season", **small).fit(WAVE)
    stream = model.model_.stream()
    for value in WAVE[:20]:
        said = stream.answer([value])
    np.testing.assert_allclose(said, model.predict(WAVE[:20]), rtol=1e-5, atol=1e-6)


def test_every_step_counts_once_and_only_with_the_history_before_it() -> None:
    settings = Settings.parse(
        {
            "task": "forecast",
            "options": {"horizon": 2, "history": 10, "base": "none"},
            "training": {"validation": 0.25},
        }
    )
    prepared = prepare_series(MemorySource([np.arange(60.0) ** 1.5]), settings)
    encoder = prepared.encoder
    scaled = encoder.encode(np.arange(60.0) ** 1.5)[:, 0]
    counted = []
    for inputs, targets in zip(
        prepared.train.store.sequences(), prepared.train.targets.sequences(), strict=True
    ):
        begin = int(np.flatnonzero(scaled == inputs[0, 0])[0])
        for step in np.flatnonzero(np.isfinite(targets[:, 0])):
            assert step >= 10 or begin == 0
            np.testing.assert_array_equal(targets[step], scaled[begin + step + 1 : begin + step + 3])
            counted.append(begin + int(step))
    # The training part has 45 steps: the last forecast of two steps is made after the 43rd.
    assert sorted(counted) == list(range(43))
    (validated,) = prepared.validation.targets.sequences()
    assert np.flatnonzero(np.isfinite(validated[:, 0])).tolist() == list(range(44, 58))
    np.testing.assert_allclose(encoder.mean[0], (np.arange(45.0) ** 1.5).mean())


def test_scikit_learn_can_clone_it() -> None:
    assert clone(SequenceForecaster(horizon=3)).horizon == 3


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (3.0, {}, ShapeError, r"X has the shape \[\]; give a series"),
        ([1.0, 2.0], {}, ShapeError, r"X is a list, and not all in it are series"),
        ([], {}, DataError, r"X holds no series"),
        (np.array(["a", "b"]), {}, DataError, r"X\[0\]: holds <U1 values"),
        (WAVE[:3], {"horizon": 5}, DataError, r"the training part of the series has 3 steps, .* needs 6"),
        (WAVE, {"direction": "both"}, OptionError, r"network.direction is 'both', and a forecast knows"),
        (WAVE, {"head": "crf"}, OptionError, r"head is 'crf', and the task 'forecast' has no use for it"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(
    given: Any, options: dict[str, Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        SequenceForecaster(**options).fit(given)


def test_what_was_not_trained_for_is_refused() -> None:
    with pytest.raises(NotFittedError):
        SequenceForecaster().predict(WAVE)
    model = SequenceForecaster(horizon=2, **SOLVED).fit(WAVE)
    with pytest.raises(DataError, match=r"the model has no quantiles; fit one with"):
        model.predict_quantiles(WAVE)
    with pytest.raises(DataError, match=r"the sequence has 2 numbers a time step"):
        model.predict(TWO)
    with pytest.raises(DataError, match=r"the series has 20 steps, and 50 are read before"):
        model.score(WAVE[:20])
