"""Bias, variance and angle of draws whose distribution is known."""

import numpy as np
import pytest

from throughtime.analysis.agreement import ALL, agreements, silent_parameters

REFERENCE = {"a": np.array([3.0, 0.0]), "b": np.array([[0.0, 4.0]]), "c": np.zeros(2)}


def times(factors: dict[str, float]) -> dict[str, np.ndarray]:
    return {name: factors.get(name, 1.0) * array for name, array in REFERENCE.items()}


def test_a_constant_error_is_a_bias_without_variance() -> None:
    found = agreements([times({"a": 1.5, "b": 0.5})] * 3, REFERENCE)
    assert list(found) == [ALL, "a", "b"], "c has no gradient, so nothing can be said about it"
    assert (found["a"].bias, found["b"].bias) == pytest.approx((0.5, 0.5))
    assert found["a"].angle == found["b"].angle == 0
    # |(1.5, 2)| / 5, and the angle between (4.5, 2) and (3, 4).
    assert found[ALL].bias == pytest.approx(0.5)
    assert found[ALL].angle == pytest.approx(np.degrees(np.arctan2(4, 3) - np.arctan2(2, 4.5)))
    assert (found[ALL].variance, found[ALL].bias_error, found[ALL].draws) == (0, 0, 1)
    assert silent_parameters(REFERENCE) == ["c"]


def test_draws_have_a_variance_and_their_mean_an_error(rng: np.random.Generator) -> None:
    draws = [{**REFERENCE, "a": REFERENCE["a"] + rng.normal(0.0, 0.6, 2)} for _ in range(4000)]
    found = agreements(draws, REFERENCE)["a"]
    assert found.variance == pytest.approx(2 * 0.6**2 / 3**2, rel=0.05)
    assert found.bias_error == pytest.approx(np.sqrt(found.variance / 4000))
    assert found.bias < 3 * found.bias_error
    assert found.draws == 4000
    shifted = agreements([{**draw, "a": draw["a"] + [0.3, 0.0]} for draw in draws], REFERENCE)["a"]
    assert shifted.bias == pytest.approx(0.1, abs=3 * shifted.bias_error)
    assert shifted.bias > 6 * shifted.bias_error


def test_angles_from_zero_to_opposite() -> None:
    def angle(a: list[float]) -> float:
        return agreements([{**REFERENCE, "a": np.array(a)}], REFERENCE)["a"].angle

    assert angle([1.0, 1e-9]) == pytest.approx(np.degrees(1e-9), rel=1e-6), "no cosine could tell that"
    assert angle([0.0, 2.0]) == pytest.approx(90)
    assert angle([-1.0, 0.0]) == pytest.approx(180)
    assert angle([0.0, 0.0]) == 90
    assert np.isnan(angle([np.inf, 0.0]))
