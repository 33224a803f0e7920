"""However a kernel's work is shared, the numbers are the same; and a pool that is busy holds nothing up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close, assert_same
from tests.unit.kernels.cases import BUILT, draw, results_and_gradients

FAMILIES = ["elman_tanh", "lstm", "gru"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("float64")
def test_rows_shared_among_threads(family: str) -> None:
    arguments, lengths = draw(family, 30, 23, 37, "float64"), jnp.arange(23) % 31
    alone = results_and_gradients(BUILT[-1], arguments, lengths, threads=1)
    for threads in (2, 3, 5):
        shared = results_and_gradients(BUILT[-1], arguments, lengths, threads=threads)
        assert_close(shared, alone, 1e-10, f"{threads} threads ")


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_units_shared_among_threads(family: str, batch: int) -> None:
    arguments, lengths = draw(family, 40, batch, 203, "float32"), jnp.array([40, 31][:batch])
    alone = results_and_gradients(BUILT[-1], arguments, lengths, threads=1)
    for threads in (2, 3):
        shared = results_and_gradients(BUILT[-1], arguments, lengths, threads=threads)
        assert_same(shared, alone, f"{threads} threads ")


def test_many_calls_at_once() -> None:
    arguments = draw("gru", 60, 1, 203, "float32")

    def run(threads: int) -> Any:
        results = results_and_gradients(BUILT[-1], arguments, None, threads=threads)
        return jax.tree.map(np.asarray, results)

    expected = run(2)
    with ThreadPoolExecutor(6) as pool:
        for result in pool.map(run, [2, 3, 4] * 4):
            assert_same(result, expected, "one of many ")
