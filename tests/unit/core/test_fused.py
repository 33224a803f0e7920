"""When a kernel runs and when the scan does, and what is said about it."""

import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from throughtime import LSTM, LSTMState, unroll
from throughtime.core import fused
from throughtime.core.errors import OptionError
from throughtime.core.fused import VARIABLE, instruction_set, kernels
from throughtime.kernels import library

CELL = LSTM(3, 5, key=jax.random.key(0))
INPUTS = jnp.ones((4, 2, 3))


@pytest.fixture
def nothing_built(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(library, "available", lambda: ())
    fused._warn_once.cache_clear()
    yield
    fused._warn_once.cache_clear()


def program(cell: Any, inputs: Any = INPUTS) -> str:
    return str(jax.jit(lambda cell, inputs: unroll(cell, inputs)).lower(cell, inputs).as_text())


def test_the_best_build_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert instruction_set() == library.available()[-1]
    assert f"throughtime_{instruction_set()}_lstm_float32_infer" in program(CELL)


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "baseline")
    assert "throughtime_baseline_lstm_float32_infer" in program(CELL)
    monkeypatch.setenv(VARIABLE, "off")
    assert "throughtime_" not in program(CELL)


def test_a_choice_holds_within_its_block() -> None:
    with kernels("off"):
        assert "throughtime_" not in program(CELL)
        with kernels("baseline"):
            assert instruction_set() == "baseline"
        assert instruction_set() == "off"


def test_an_unknown_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "avx")
    with pytest.raises(
        OptionError, match=r"environment variable THROUGHTIME_KERNELS is 'avx' \(did you mean"
    ):
        instruction_set()


def test_a_choice_that_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "available", lambda: ("baseline",))
    with (
        pytest.raises(OptionError, match=r"^kernels is 'avx512', which was not built.*one of off, baseline$"),
        kernels("avx512"),
    ):
        pass


@pytest.mark.usefixtures("nothing_built")
def test_without_kernels_it_works_and_says_so_once() -> None:
    with pytest.warns(RuntimeWarning, match=r"without its native kernels.*THROUGHTIME_KERNELS=off"):
        text = program(CELL)
    assert "throughtime_" not in text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program(CELL)


@pytest.mark.usefixtures("nothing_built")
def test_doing_without_on_purpose_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program(CELL)


class OtherStep(LSTM):
    """A subclass whose step is not the kernel's."""

    def step(self, state: Any, projected: Any) -> Any:
        after, output = super().step(state, projected)
        return after, 2 * output


class SameStep(LSTM):
    """A subclass that changes something else."""


def test_a_subclass_with_another_step_does_not_get_the_kernel() -> None:
    assert "throughtime_" not in program(OtherStep(3, 5, key=jax.random.key(0)))
    assert "throughtime_" in program(SameStep(3, 5, key=jax.random.key(0)))


def test_types_that_no_kernel_has_take_the_scan() -> None:
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), CELL)
    state = LSTMState(jnp.zeros((2, 5), jnp.bfloat16), jnp.zeros((2, 5), jnp.bfloat16))
    text = jax.jit(unroll).lower(half, INPUTS.astype(jnp.bfloat16), state).as_text()
    assert "throughtime_" not in text
