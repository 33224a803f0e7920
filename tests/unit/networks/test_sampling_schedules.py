"""Schedules are the formulas of their paper."""

import math

import jax
import numpy as np
import pytest

from throughtime import ConstantProbability, ExponentialDecay, InverseSigmoidDecay, LinearDecay
from throughtime.core.errors import OptionError

ITERATIONS = (0, 1, 7, 100, 1000, 10**6)


@pytest.mark.parametrize(
    ("schedule", "formula"),
    [
        (LinearDecay(0.01), lambda i: max(0.0, 1 - 0.01 * i)),
        (LinearDecay(0.01, offset=0.9, least=0.2), lambda i: max(0.2, 0.9 - 0.01 * i)),
        (ExponentialDecay(0.99), lambda i: 0.99**i),
        (InverseSigmoidDecay(30.0), lambda i: 30 / (30 + math.exp(min(i / 30, 700)))),
        (ConstantProbability(0.4), lambda i: 0.4),
    ],
)  # fmt: skip
def test_formula(schedule, formula) -> None:  # type: ignore[no-untyped-def]
    given = [float(schedule(i)) for i in ITERATIONS]
    np.testing.assert_allclose(given, [formula(i) for i in ITERATIONS], atol=2e-6)
    assert all(0 <= probability <= 1 for probability in given)
    assert given == sorted(given, reverse=True)
    np.testing.assert_allclose(jax.jit(schedule)(7), given[2], atol=1e-6)


def test_teacher_and_network_are_alike_at_k_log_k() -> None:
    assert float(InverseSigmoidDecay(50.0)(round(50 * math.log(50)))) == pytest.approx(0.5, abs=0.01)


def test_equal_constants_make_equal_schedules() -> None:
    assert LinearDecay(0.1) == LinearDecay(0.1)
    assert hash(LinearDecay(0.1)) == hash(LinearDecay(0.1))
    assert ExponentialDecay(0.5) != ExponentialDecay(0.6)


def test_a_coin_is_thrown_only_where_it_decides() -> None:
    assert [ConstantProbability(p).is_random for p in (0.0, 0.5, 1.0)] == [False, True, False]
    assert LinearDecay(0.1).is_random


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LinearDecay(0.0), r"slope is 0\.0; choose a number above 0"),
        (lambda: LinearDecay(0.1, offset=1.5), r"offset is 1\.5; choose a probability from 0 to 1"),
        (lambda: LinearDecay(0.1, least=1.0), r"least is 1\.0; choose a probability from 0 to below 1"),
        (lambda: ExponentialDecay(1.0), r"base is 1\.0; choose 0 < base < 1"),
        (lambda: InverseSigmoidDecay(0.5), r"pace is 0\.5; choose a number of at least 1"),
        (lambda: ConstantProbability(1.1), r"probability is 1\.1; choose a number from 0 to 1"),
    ],
)  # fmt: skip
def test_impossible_constants(build, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OptionError, match=message):
        build()
