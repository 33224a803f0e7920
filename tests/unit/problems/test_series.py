"""Series in, series out: each beside its equations, written once more."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from throughtime.core.errors import OptionError
from throughtime.problems import Lorenz, MackeyGlass, MemoryCapacity, Narma10
from throughtime.problems.lorenz import CENTRE, SCALE, lorenz_series, valid_time
from throughtime.problems.mackey_glass import mackey_glass_series
from throughtime.problems.memory_capacity import capacities
from throughtime.problems.series import Series, normalised_errors

DRAWN = (
    Narma10(length=300),
    MackeyGlass(length=300, washout=0),
    Lorenz(length=300),
    MemoryCapacity(length=300, delays=5, margin=4.9),
)


def test_narma10_follows_its_equation(rng: np.random.Generator) -> None:
    inputs, targets, mask, _ = Narma10(length=260, washout=50).draw(2, rng)
    u, y = inputs[:, 1, 0].astype(float), targets[:, 1, 0].astype(float)
    assert 0 <= u.min() < 0.01 < 0.49 < u.max() <= 0.5
    for t in range(20, 259):  # the target of t is y_{t+1}
        follows = 0.3 * y[t - 1] + 0.05 * y[t - 1] * sum(y[t - 10 : t]) + 1.5 * u[t - 9] * u[t] + 0.1
        assert y[t] == pytest.approx(follows, abs=1e-6)
    assert mask[:, 1].tolist() == [0] * 50 + [1] * 210


def test_mackey_glass_follows_its_equation(rng: np.random.Generator) -> None:
    x = mackey_glass_series(600, 1, rng, delay=30)[:, 0]
    y = 1 + np.arctanh(x)
    # Euler's ten steps seen from outside: the slope is about that of the equation, halfway between.
    then, now = (y[:-31] + y[1:-30]) / 2, (y[30:-1] + y[31:]) / 2
    slope = 0.2 * then / (1 + then**10) - 0.1 * now
    np.testing.assert_allclose(np.diff(y)[30:], slope, atol=0.01)
    assert slope.std() > 0.03
    ahead = MackeyGlass(length=100, washout=10, ahead=7).draw(2, rng)
    np.testing.assert_array_equal(ahead.inputs[7:], ahead.targets[:-7])


def test_lorenz_follows_its_equations(rng: np.random.Generator) -> None:
    series = lorenz_series(60, 2, rng)[:, 1] * SCALE + CENTRE

    def flow(_: float, point: np.ndarray) -> list[float]:
        x, y, z = point
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 * z / 3]

    exact = solve_ivp(flow, (0, 59 * 0.02), series[0], t_eval=np.arange(60) * 0.02, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(series, exact.y.T, atol=0.05)
    assert np.ptp(series, axis=0).min() > 10


def test_valid_time_counts_to_the_first_error() -> None:
    asked = np.stack([np.sin(np.arange(50.0))] * 2, axis=-1)[:, :, None]
    answered = asked.copy()
    answered[30:, 0] += 1
    assert valid_time(answered, asked, step_size=0.1).tolist() == [3.0, 5.0]
    answered[4, 1] = np.nan
    assert valid_time(answered, asked, step_size=0.1).tolist() == [3.0, 0.4]


def test_memory_asks_for_the_noise_before(rng: np.random.Generator) -> None:
    examples = MemoryCapacity(length=300, delays=3).draw(2, rng)
    for k in (1, 2, 3):
        np.testing.assert_array_equal(examples.inputs[:-k, :, 0], examples.targets[k:, :, k - 1])
    assert capacities(examples.targets * 2 + 1, examples) == pytest.approx([3, 3])
    assert capacities(np.zeros_like(examples.targets), examples).tolist() == [0, 0]


@pytest.mark.parametrize("problem", DRAWN, ids=lambda problem: problem.kind)
def test_scores(problem: Series, rng: np.random.Generator) -> None:
    examples = problem.draw(20, rng)
    assert problem.right(examples.targets, examples).all()
    counted = examples.targets[examples.mask[:, 0] > 0]
    mean = np.broadcast_to(counted.mean(axis=(0, 1)), examples.targets.shape)
    assert not problem.right(mean, examples).any()
    errors = ((counted - mean[0, 0]) ** 2).sum(axis=-1)
    assert errors.mean() == pytest.approx(problem.trivial_loss, rel=0.2)
    own_mean = np.broadcast_to(counted.mean(axis=0), examples.targets.shape)
    np.testing.assert_allclose(normalised_errors(own_mean, examples), 1, rtol=1e-5)


def test_washout_leaves_steps() -> None:
    with pytest.raises(OptionError, match="washout is 50 and length is 50; the washout has to be shorter"):
        Narma10.parse({"length": 50, "washout": 50})
