"""What is timed has computed the same, and nothing passes by being empty."""

import numpy as np
import pytest

from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.parity import TOLERANCE, ParityError, check_parity
from benchmarks.kernels.ways import Result


def result(rng: np.random.Generator) -> Result:
    gradients = {"input_weight": rng.normal(size=(8, 3)), "bias": 1e-6 * rng.normal(size=8)}
    return Result(rng.normal(size=(5, 2, 2)), (gradients,))


def changed(of: Result, name: str, value: np.ndarray) -> Result:
    return Result(of.value, (of.gradients[0] | {name: value},))


def test_what_agrees_passes(rng: np.random.Generator) -> None:
    ours = result(rng)
    nearly = changed(ours, "bias", ours.gradients[0]["bias"] * (1 + TOLERANCE / 2))
    check_parity(ours, nearly)


def test_two_gates_swapped_in_a_gradient_are_found(rng: np.random.Generator) -> None:
    ours = result(rng)
    swapped = repack(ours.gradients[0]["input_weight"], "ifgo", "figo")
    with pytest.raises(ParityError, match="gradient by input_weight of cell 0 differs"):
        check_parity(ours, changed(ours, "input_weight", swapped))


def test_a_small_gradient_does_not_hide_behind_a_large_one(rng: np.random.Generator) -> None:
    ours = result(rng)
    with pytest.raises(ParityError, match="gradient by bias of cell 0 differs"):
        check_parity(ours, changed(ours, "bias", ours.gradients[0]["bias"] * 1.01))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((5, 2, 2)), "value differs by"),
        (np.full((5, 2, 2), np.nan), "value differs by nan"),
        (np.zeros((2, 5, 2)), r"value has the shape \(2, 5, 2\), ours \(5, 2, 2\)"),
    ],
)
def test_other_outputs_are_found(rng: np.random.Generator, value: np.ndarray, message: str) -> None:
    ours = result(rng)
    with pytest.raises(ParityError, match=message):
        check_parity(ours, Result(value, ours.gradients))


def test_zeros_prove_nothing(rng: np.random.Generator) -> None:
    nothing = changed(result(rng), "bias", np.zeros(8))
    with pytest.raises(ParityError, match="our largest entry is 0"):
        check_parity(nothing, nothing)


def test_no_gradient_may_be_missing(rng: np.random.Generator) -> None:
    ours = result(rng)
    with pytest.raises(ParityError, match=r"gradients by \['bias'\], ours by \['bias', 'input_weight'\]"):
        check_parity(ours, Result(ours.value, ({"bias": ours.gradients[0]["bias"]},)))
    with pytest.raises(ParityError, match="gradients of 0 cells, ours of 1"):
        check_parity(ours, Result(ours.value))
