"""The task of what comes next in a series: targets, losses, scores, floors."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError
from throughtime.data.encoders import NumberEncoder
from throughtime.networks.quantile_levels import pinball
from throughtime.networks.seasonal_naive import seasonal_naive
from throughtime.tasks import Forecast, TaskOptions
from throughtime.tasks.forecast_scores import Forecasts, forecast_scores

SERIES = np.array([[3.0, 1.0], [5.0, 0.0], [4.0, 2.0], [8.0, 2.5], [7.0, 1.0], [9.0, 4.0]])


def task(series: np.ndarray = SERIES, **options: Any) -> Forecast:
    columns = ("a", "b")[: series.shape[1]]
    encoder = NumberEncoder.fit([series])
    return Forecast.fit_series([series], encoder, columns, TaskOptions(**{"history": 2, **options}))


def test_targets_are_differences_to_the_last_value() -> None:
    asked = task(horizon=2, values="a")
    found = asked.targets(SERIES)
    deviation = np.std([2, -1, 4, -1, 2])
    scaled = np.std(SERIES[:, 0])
    assert asked.change[0] * scaled == pytest.approx(deviation)
    # Scaled by the encoder they would be smaller, and their deviation too.
    expected = np.array([[2, 1], [-1, 3], [4, 3], [-1, 1]]) / asked.change[0]
    np.testing.assert_allclose(found[:4], expected, rtol=1e-6)
    assert np.isnan(found[4:]).all()


def test_targets_are_differences_to_the_season_before() -> None:
    asked = task(horizon=3, values="a", season=2, base="season")
    found = asked.targets(SERIES)
    # After the second step, 5, the season before has 3 and 5: 4 - 3, 8 - 5, and 7 - 3 two seasons on.
    np.testing.assert_allclose(found[1] * asked.change[0], [1, 3, 4], rtol=1e-6)
    assert np.isnan(found[0]).all()  # no season has passed
    assert np.isnan(found[3:]).all()


def test_a_recursive_one_is_asked_for_the_next_step_of_every_column() -> None:
    found = task(horizon=3, values="b", strategy="recursive", base="none").targets(SERIES)
    assert found[:5].tolist() == SERIES[1:].tolist()


def test_the_loss_is_the_mean_square_or_that_of_quantiles() -> None:
    assert float(Forecast.loss(jnp.array([1.0, 4.0]), jnp.array([0.0, 2.0]))) == pytest.approx(2.5)
    # Of the value 2, the quantiles 0.1 and 0.5 are said to be 1 and 5.
    said = jnp.array([1.0, 5.0, 0.1, 0.5])
    assert float(Forecast.loss(said, jnp.array([2.0]))) == pytest.approx((0.1 * 1 + 0.5 * 3) / 2)
    assert float(pinball(said, jnp.array([2.0]))) == pytest.approx(0.8)


def test_pinball_is_least_at_the_quantile() -> None:
    draw = np.random.default_rng(0).exponential(size=(5_000, 1))
    said = np.linspace(1, 2.5, 31)
    each = jax.vmap(jax.vmap(pinball, (None, 0)), (0, None))
    losses = each(jnp.stack([said, np.full(31, 0.8)], 1), jnp.array(draw)).mean(1)
    assert said[int(losses.argmin())] == pytest.approx(np.quantile(draw, 0.8), abs=0.05)


def test_scores_are_those_of_their_equations() -> None:
    truth = np.array([[[1.0], [2.0]], [[4.0], [0.0]]])
    said = np.array([[[2.0], [2.0]], [[1.0], [4.0]]])
    quantiles = np.stack([said - 1, said, said + 2], -1)
    found = forecast_scores(Forecasts(said, quantiles), truth, [0.5], (0.1, 0.5, 0.9))
    assert found["mae"] == 2
    assert found["mase"] == 4
    assert found["rmse"] == pytest.approx(np.sqrt(26 / 4))
    assert found["coverage"] == 0.5
    over = truth[..., None] - quantiles
    expected = np.mean(
        [
            max(t * e, (t - 1) * e)
            for row in over.reshape(-1, 3)
            for t, e in zip((0.1, 0.5, 0.9), row, strict=True)
        ]
    )
    assert found["pinball"] == pytest.approx(expected)


def test_the_naive_error_is_that_of_a_season_ahead() -> None:
    assert task(values="a").naive_error == (pytest.approx((2 + 1 + 4 + 1 + 2) / 5),)
    assert task(values="a", season=2).naive_error == (pytest.approx((1 + 3 + 3 + 1) / 4),)


def test_floors_repeat_the_last_value_and_the_season() -> None:
    asked = task(horizon=2, values="b", season=2)
    origins = asked.origins(len(SERIES))
    assert origins.tolist() == [1, 2, 3]
    floors = asked.floors(SERIES, origins)
    assert [one.values[0, :, 0].tolist() for one in floors.values()] == [[0, 0], [1, 0]]
    assert asked.truth(SERIES, origins)[0, :, 0].tolist() == [2, 2.5]


def test_a_season_is_repeated_as_often_as_needed() -> None:
    found = seasonal_naive(np.arange(4.0)[:, None], horizon=5, period=2)
    assert found[3, :, 0].tolist() == [2, 3, 2, 3, 2]
    assert np.isnan(found[0]).any()


def test_columns_are_named_or_numbered() -> None:
    assert task(values="b").features == (1,)
    assert task(values="2, 1").names == ("b", "a")
    assert task().names == ("a", "b")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": "c"}, r"values names 'c', which is no column that is read; they are a, b"),
        ({"values": "a,a"}, r"values is 'a,a', which names a column twice"),
        ({"base": "season"}, r"base is 'season' and season is left out"),
        ({"quantiles": "0.1,0.9"}, r"quantiles are 0.1, 0.9, and the one that is the forecast itself, 0.5"),
        ({"quantiles": "0.5,0.1"}, r"levels of the quantiles are 0.5, 0.1; give increasing numbers"),
        ({"quantiles": "0.5", "strategy": "recursive"}, r"strategy is 'recursive', which reads its own"),
    ],
)
def test_what_cannot_be_forecast_so_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((OptionError, ValueError), match=message):
        task(**options)


def test_what_never_changes_is_refused() -> None:
    with pytest.raises(DataError, match=r"'a' never differs from what it was 1 steps before"):
        task(np.ones((9, 1)))
    with pytest.raises(DataError, match=r"no series is longer than the 9 steps of a season"):
        task(season=9)
    with pytest.raises(DataError, match=r"the series has 3 steps, and 2 are read .* at least 4 steps"):
        task(horizon=2).check_length(3, None)
    with pytest.raises(OptionError, match=r"metric is 'pinball', and quantiles are left out"):
        task().check_metric("pinball")
