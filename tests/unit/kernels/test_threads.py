"""However a kernel's work is shared, the numbers are the same; and a pool that is busy holds nothing up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pytest

from tests.laws.agreement import assert_close, assert_same
from tests.unit.kernels.cases import BUILT, DISTINCT, Case, results_and_gradients


@pytest.mark.parametrize("family", DISTINCT)
@pytest.mark.usefixtures("float64")
def test_rows_shared_among_threads(family: str) -> None:
    case = Case(family, 30, 23, 37, "float64", tuple(n % 31 for n in range(23)))
    alone = results_and_gradients(BUILT[-1], case, threads=1)
    for threads in (2, 3, 5):
        shared = results_and_gradients(BUILT[-1], case, threads=threads)
        assert_close(shared, alone, 1e-10, f"{threads} threads ")


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("family", DISTINCT)
def test_units_shared_among_threads(family: str, batch: int) -> None:
    case = Case(family, 40, batch, 203, "float32", (40, 31)[:batch])
    alone = results_and_gradients(BUILT[-1], case, threads=1)
    for threads in (2, 3):
        shared = results_and_gradients(BUILT[-1], case, threads=threads)
        assert_same(shared, alone, f"{threads} threads ")


def test_many_calls_at_once() -> None:
    case = Case("gru", 60, 1, 203, "float32")

    def run(threads: int) -> Any:
        return jax.tree.map(np.asarray, results_and_gradients(BUILT[-1], case, threads=threads))

    expected = run(2)
    with ThreadPoolExecutor(6) as pool:
        for result in pool.map(run, [2, 3, 4] * 4):
            assert_same(result, expected, "one of many ")
