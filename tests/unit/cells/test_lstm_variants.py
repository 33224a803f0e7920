"""The search space of Greff et al., peepholes on some gates, the LSTM of 1997: what each one changes."""

import inspect
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    LSTM,
    SEARCH_SPACE,
    FullGateRecurrenceLSTM,
    LSTMState,
    NoForgetGateLSTM,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
    OriginalLSTM,
    PartialPeepholeLSTM,
    PeepholeLSTM,
    initial_states,
    unroll,
)
from throughtime.cells import CELLS
from throughtime.cells.lstm_variants import LSTMVariant
from throughtime.core.cell import FusedCell
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import Architecture

EXACT = 1e-13
WIDE_OPEN = 40.0
"""A bias that opens a gate to the last bit: sigmoid(40) is 1 in double precision."""


def run(cell: Any, seed: int = 8, scale: float = 1.0) -> np.ndarray:
    inputs = scale * jax.random.normal(jax.random.key(seed), (6, 2, 3))
    return np.asarray(quick_jit(unroll)(cell, inputs, initial_states(cell, 2))[1])


def assert_equal_outputs(one: Any, other: Any) -> None:
    expected = run(other)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(run(one), expected, rtol=0, atol=EXACT)


def vanilla_of(cell: Any, key: jax.Array, opened: tuple[str, ...] = ()) -> PeepholeLSTM:
    """Return a `PeepholeLSTM` with the weights of `cell`; gates in `opened` have only a bias to open them."""
    vanilla = PeepholeLSTM(3, 5, key=key)

    def rows(name: str, gates: tuple[str, ...], own: tuple[str, ...]) -> Any:
        given = dict(zip(own, np.split(np.asarray(getattr(cell, name)), len(own)), strict=True))
        nothing = np.zeros_like(given["g" if "g" in own else own[0]])
        added = WIDE_OPEN if name == "bias" else 0
        return jnp.concatenate([given[k] if k in given else nothing + added * (k in opened) for k in gates])

    return eqx.tree_at(
        lambda cell: (cell.input_weight, cell.recurrent_weight, cell.bias, cell.peephole_weight),
        vanilla,
        (
            *(rows(name, vanilla.gates, cell.gates) for name in ("input_weight", "recurrent_weight", "bias")),
            rows("peephole_weight", vanilla.peepholes, cell.peepholes),
        ),
    )


def test_search_space_has_the_vanilla_lstm_and_eight_variants() -> None:
    assert list(SEARCH_SPACE) == ["V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"]
    assert len(set(SEARCH_SPACE.values())) == 9
    assert set(SEARCH_SPACE.values()) <= set(CELLS)


@pytest.mark.parametrize(
    ("kind", "gate"), [(NoInputGateLSTM, "i"), (NoForgetGateLSTM, "f"), (NoOutputGateLSTM, "o")]
)
@pytest.mark.usefixtures("float64")
def test_without_a_gate_is_the_vanilla_lstm_with_that_gate_open(
    kind: type[LSTMVariant], gate: str, key: jax.Array
) -> None:
    cell = lively(kind(3, 5, key=key))
    assert set("ifo") - set(kind.gates) == {gate}
    assert set(kind.peepholes) == set("ifo") - {gate}
    assert_equal_outputs(cell, vanilla_of(cell, key, opened=(gate,)))


@pytest.mark.parametrize("kind", [NoInputActivationLSTM, NoOutputActivationLSTM])
@pytest.mark.usefixtures("float64")
def test_without_a_squashing_is_the_vanilla_lstm_where_all_is_small(
    kind: type[LSTMVariant], key: jax.Array
) -> None:
    # tanh(x) = x - x^3/3 + ...: at a thousandth of the size the difference is a millionth of it or less.
    whole = lively(kind(3, 5, key=key))
    cell = eqx.tree_at(
        lambda cell: (cell.input_weight, cell.recurrent_weight, cell.bias),
        whole,
        (whole.input_weight / 1e3, whole.recurrent_weight / 1e3, whole.bias * 0),
    )
    small, vanilla = run(cell), run(vanilla_of(cell, key))
    np.testing.assert_allclose(small, vanilla, rtol=0, atol=1e-5 * np.abs(vanilla).max())
    assert np.abs(small - vanilla).max() > 0
    large, squashed = run(whole, scale=9.0), run(vanilla_of(whole, key), scale=9.0)
    assert np.abs(large - squashed).max() > 0.1
    assert (np.abs(large).max() > 1) == (kind is NoOutputActivationLSTM)


@pytest.mark.usefixtures("float64")
def test_full_gate_recurrence_starts_as_the_vanilla_lstm(key: jax.Array) -> None:
    cell = FullGateRecurrenceLSTM(3, 5, key=key)
    for name in ("input_weight", "recurrent_weight", "bias"):
        np.testing.assert_array_equal(getattr(cell, name), getattr(LSTM(3, 5, key=key), name))
    assert not np.any(cell.gate_weight)
    moved = lively(cell)
    assert_equal_outputs(
        eqx.tree_at(lambda cell: cell.gate_weight, moved, moved.gate_weight * 0), vanilla_of(moved, key)
    )
    assert np.abs(run(moved) - run(vanilla_of(moved, key))).max() > 1e-2


@pytest.mark.parametrize("kind", [NoInputGateLSTM, NoOutputGateLSTM, NoInputActivationLSTM])
def test_forget_bias_keeps_its_share(kind: type[LSTMVariant], key: jax.Array) -> None:
    cell = kind(3, 5, forget_bias=2.0, key=key)
    memory = jnp.arange(1.0, 6.0)
    after, _ = cell.step(LSTMState(jnp.zeros(5), memory), cell.project(jnp.zeros(3)))
    np.testing.assert_allclose(after.cell, memory / (1 + np.exp(-2.0)), rtol=1e-6)


def test_chrono_without_an_input_gate_draws_the_forget_biases_alone(key: jax.Array) -> None:
    bias = np.split(np.asarray(NoInputGateLSTM(3, 50, memory_steps=100, key=key).bias), 3)
    assert bias[0].min() >= 0
    assert bias[0].max() > 3
    assert not np.any(bias[1:])


@pytest.mark.parametrize("kind", [NoForgetGateLSTM, OriginalLSTM])
def test_without_a_forget_gate_nothing_says_how_long_to_keep(kind: type[LSTMVariant], key: jax.Array) -> None:
    assert not {"forget_bias", "memory_steps"} & set(inspect.signature(kind).parameters)
    assert not np.any(kind(3, 5, key=key).bias)
    with pytest.raises(OptionError, match=rf"memory_steps is 9 and cell is {kind.kind}, which cannot"):
        Architecture.parse({"cell": kind.kind, "memory_steps": 9})


@pytest.mark.parametrize("kind", [NoForgetGateLSTM, OriginalLSTM])
@pytest.mark.usefixtures("float64")
def test_error_carousel_turns_for_ever(kind: type[LSTMVariant], key: jax.Array) -> None:
    # With no way back into the gates, the memory a thousand steps later moves exactly as much as it is moved.
    cell = kind(3, 5, key=key)
    alone = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, cell.recurrent_weight * 0)
    inputs = jax.random.normal(key, (1000, 1, 3))

    def end(memory: jax.Array) -> jax.Array:
        return unroll(alone, inputs, LSTMState(jnp.zeros((1, 5)), memory))[0].cell[0]

    np.testing.assert_array_equal(quick_jit(jax.jacrev(end))(jnp.ones((1, 5)))[:, 0], np.eye(5))


def test_squashings_of_1997() -> None:
    g, h = OriginalLSTM.squashing["g"], OriginalLSTM.squashing["h"]
    for squash, bound, slope in ((g, 2.0, 1.0), (h, 1.0, 0.5)):
        np.testing.assert_allclose(
            squash(jnp.array([-50.0, 0.0, 50.0])), [-bound, 0, bound], rtol=1e-6, atol=1e-7
        )
        np.testing.assert_allclose(jax.jacfwd(squash)(jnp.zeros(1)), [[slope]], rtol=1e-6)


@pytest.mark.parametrize("peepholes", [("i",), ("f", "o"), ("o", "i"), ("i", "f", "o")])
@pytest.mark.usefixtures("float64")
def test_peepholes_on_some_gates_are_zeros_on_the_others(peepholes: tuple[str, ...], key: jax.Array) -> None:
    cell = lively(PartialPeepholeLSTM(3, 5, peepholes=peepholes, key=key))
    assert cell.peepholes == tuple(gate for gate in "ifo" if gate in peepholes)
    assert cell.peephole_weight.shape == (len(peepholes), 5)
    assert_equal_outputs(cell, vanilla_of(cell, key))


def test_peepholes_on_some_gates_are_all_the_parameters_there_are(key: jax.Array) -> None:
    cell = PartialPeepholeLSTM(3, 5, peepholes=("f",), key=key)
    plain = LSTM(3, 5, key=key)
    count, without = (sum(leaf.size for leaf in jax.tree.leaves(one)) for one in (cell, plain))
    assert count == without + 5
    gradient = quick_jit(jax.grad(lambda cell: unroll(cell, jnp.ones((6, 2, 3)))[1].sum()))(cell)
    assert gradient.peephole_weight.shape == (1, 5)
    assert np.abs(gradient.peephole_weight).min() > 0
    np.testing.assert_allclose(run(cell), run(plain), atol=1e-6)  # they start at zero


def test_peepholes_on_some_gates_take_no_kernel(key: jax.Array) -> None:
    # The kernel of the family reads three rows; this cell may have fewer, and its type says that it has none.
    assert isinstance(PeepholeLSTM(3, 5, key=key), FusedCell)
    assert not isinstance(PartialPeepholeLSTM(3, 5, peepholes=("i", "f", "o"), key=key), FusedCell)


@pytest.mark.parametrize(
    ("peepholes", "message"),
    [
        ((), r"peepholes names no gate; choose some of i, f, o, or use LSTM"),
        (("f", "f"), r"peepholes is \('f', 'f'\); name each gate once"),
        (("g",), r"a gate in peepholes is 'g'; choose one of i, f, o"),
    ],
)
def test_impossible_peepholes(peepholes: tuple[str, ...], message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        PartialPeepholeLSTM(3, 5, peepholes=peepholes, key=key)
