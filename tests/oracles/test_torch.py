"""`torch.nn` with the same weights: outputs, final states and every gradient."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, HIDDEN, INPUT, TIME
from throughtime import ElmanState, GRUState, LSTMState, apply, from_torch, unroll

torch = pytest.importorskip("torch", reason="torch is not installed; pip install 'throughtime[oracles]'")

EXACT = 1e-10
LENGTHS = (7, 4)
"""Longest first, as `pack_padded_sequence` wants them."""

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # torch's own
]


def torch_module(kind: str, **options: Any) -> Any:
    """Return a module of torch with all weights, and both biases, drawn at random."""
    torch.manual_seed(0)
    modules: dict[str, Callable[[], Any]] = {
        "tanh": lambda: torch.nn.RNN(INPUT, HIDDEN, nonlinearity="tanh", dtype=torch.float64, **options),
        "relu": lambda: torch.nn.RNN(INPUT, HIDDEN, nonlinearity="relu", dtype=torch.float64, **options),
        "lstm": lambda: torch.nn.LSTM(INPUT, HIDDEN, dtype=torch.float64, **options),
        "gru": lambda: torch.nn.GRU(INPUT, HIDDEN, dtype=torch.float64, **options),
    }
    return modules[kind]()


def gradients_of(module: Any, suffix: str = "") -> dict[str, np.ndarray]:
    """Return torch's gradients under our names; each of two added biases has the gradient of their sum."""
    get = {name: value.grad.numpy() for name, value in module.named_parameters()}
    found = {
        "input_weight": get[f"weight_ih_l0{suffix}"],
        "recurrent_weight": get[f"weight_hh_l0{suffix}"],
        "bias": get[f"bias_ih_l0{suffix}"],
    }
    if isinstance(module, torch.nn.GRU):
        found["candidate_bias"] = get[f"bias_hh_l0{suffix}"][2 * HIDDEN :]
    return found


def our_state(kind: str, parts: list[np.ndarray]) -> Any:
    return {"lstm": LSTMState, "gru": GRUState}.get(kind, ElmanState)(*map(jnp.asarray, parts))


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "padded"])
@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_cell_is_that_of_torch(kind: str, lengths: tuple[int, ...] | None, rng: np.random.Generator) -> None:
    module = torch_module(kind)
    inputs, output_weights = rng.normal(size=(TIME, BATCH, INPUT)), rng.normal(size=(TIME, BATCH, HIDDEN))
    starts = [rng.normal(size=(BATCH, HIDDEN)) for _ in range(2 if kind == "lstm" else 1)]
    end_weights = [rng.normal(size=(BATCH, HIDDEN)) for _ in starts]

    # Theirs.
    x = torch.tensor(inputs, requires_grad=True)
    before = [torch.tensor(start[None], requires_grad=True) for start in starts]
    read = x if lengths is None else torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths))
    their_outputs, ends = module(read, tuple(before) if kind == "lstm" else before[0])
    if lengths is not None:
        their_outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(their_outputs, total_length=TIME)
    their_ends = [end[0] for end in (ends if kind == "lstm" else (ends,))]
    total = (their_outputs * torch.tensor(output_weights)).sum()
    for end, weight in zip(their_ends, end_weights, strict=True):
        total = total + (end * torch.tensor(weight)).sum()
    total.backward()

    # Ours.
    cell = from_torch(module.state_dict(), activation="relu" if kind == "relu" else "tanh")

    def ours(cell: Any, inputs: Any, state: Any, lengths: Any) -> Any:
        after, outputs = unroll(cell, inputs, state, lengths=lengths)
        value = jnp.sum(outputs * output_weights)
        for end, weight in zip(after, end_weights, strict=True):
            value += jnp.sum(end * weight)
        return value, (after, outputs)

    (_, (after, outputs)), (by_cell, by_inputs, by_state) = quick_jit(
        jax.value_and_grad(ours, argnums=(0, 1, 2), has_aux=True)
    )(cell, jnp.asarray(inputs), our_state(kind, starts), None if lengths is None else jnp.array(lengths))

    agree(outputs, their_outputs.detach(), "outputs")
    for number, end in enumerate(their_ends):
        agree(after[number], end.detach(), f"final state {number}")
        agree(by_state[number], before[number].grad[0], f"gradient by the initial state {number}")
    agree(by_inputs, x.grad, "gradient by the inputs")
    for name, theirs in gradients_of(module).items():
        assert np.abs(theirs).max() > 1e-3
        agree(getattr(by_cell, name), theirs, f"gradient by {name}")


def test_bidirectional_lstm_is_that_of_torch(rng: np.random.Generator) -> None:
    module = torch_module("lstm", bidirectional=True)
    inputs, output_weights = rng.normal(size=(TIME, BATCH, INPUT)), rng.normal(size=(TIME, BATCH, 2 * HIDDEN))
    x = torch.tensor(inputs, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(LENGTHS))
    their_outputs, (h_n, _) = module(packed)
    their_outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(their_outputs, total_length=TIME)
    (their_outputs * torch.tensor(output_weights)).sum().backward()

    aligned = from_torch(module.state_dict())

    def ours(network: Any, inputs: Any) -> Any:
        outputs = apply(network, inputs, lengths=jnp.array(LENGTHS))
        return jnp.sum(outputs * output_weights), outputs

    (_, outputs), (by_network, by_inputs) = quick_jit(jax.value_and_grad(ours, argnums=(0, 1), has_aux=True))(
        aligned, jnp.asarray(inputs)
    )
    agree(outputs, their_outputs.detach(), "outputs")
    agree(by_inputs, x.grad, "gradient by the inputs")
    for direction, suffix in ((by_network.forward, ""), (by_network.backward, "_reverse")):
        for name, theirs in gradients_of(module, suffix).items():
            agree(getattr(direction, name), theirs, f"gradient by {name}{suffix}")

    to_the_end = from_torch(module.state_dict(), to_the_end=True)
    finished = apply(to_the_end, jnp.asarray(inputs), lengths=jnp.array(LENGTHS))
    for row, length in enumerate(LENGTHS):
        agree(
            finished[length - 1, row], torch.cat([h_n[0, row], h_n[1, row]]).detach(), f"h_n of example {row}"
        )
        assert not np.allclose(outputs[length - 1, row], finished[length - 1, row]), (
            "the pairing does not matter"
        )


def agree(ours: Any, theirs: Any, what: str) -> None:
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=0, atol=EXACT, err_msg=what)
