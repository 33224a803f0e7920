"""The convolutional LSTM written with PyTorch's convolutions: outputs, final state and every gradient."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, CELL_ROWS, TIME, specimen
from throughtime import unroll

torch = pytest.importorskip("torch", reason="torch is not installed; pip install 'throughtime[oracles]'")

EXACT = 1e-10

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # torch's own
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning"),
]


def test_convolutional_lstm_is_that_of_torch(rng: np.random.Generator) -> None:
    s = specimen(next(row for row in CELL_ROWS if row.name == "convolutional_lstm"))
    shape = s.state.hidden.shape
    output_weights, end_weights = rng.normal(size=(TIME, *shape)), rng.normal(size=(2, *shape))

    # Theirs.
    def leaf(values: Any) -> Any:
        return torch.tensor(np.asarray(values), requires_grad=True)

    x, h_0, c_0 = leaf(s.inputs), leaf(s.state.hidden), leaf(s.state.cell)
    W, U, b, p = map(
        leaf, (s.cell.input_weight, s.cell.recurrent_weight, s.cell.bias, s.cell.peephole_weight)
    )
    p_i, p_f, p_o = (row[:, None, None] for row in p)
    h, c, total = h_0, c_0, torch.zeros((), dtype=torch.float64)
    outputs = []
    for t in range(TIME):
        image = x[t].reshape(BATCH, -1, *s.cell.space)
        both = torch.nn.functional.conv2d(image, W, b, padding="same")
        i, f, g, o = (both + torch.nn.functional.conv2d(h, U, padding="same")).chunk(4, dim=1)
        c_last = c
        c = torch.sigmoid(f + p_f * c_last) * c_last + torch.sigmoid(i + p_i * c_last) * torch.tanh(g)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        outputs.append(h)
        total = total + (h * torch.tensor(output_weights[t])).sum()
    for end, weight in zip((h, c), end_weights, strict=True):
        total = total + (end * torch.tensor(weight)).sum()
    total.backward()

    # Ours.
    def ours(cell: Any, inputs: Any, state: Any) -> Any:
        after, given = unroll(cell, inputs, state)
        value = jnp.sum(given * output_weights.reshape(given.shape))
        value += sum(jnp.sum(end * weight) for end, weight in zip(after, end_weights, strict=True))
        return value, (after, given)

    (_, (after, given)), (by_cell, by_inputs, by_state) = quick_jit(
        jax.value_and_grad(ours, argnums=(0, 1, 2), has_aux=True)
    )(s.cell, s.inputs, s.state)
    theirs = torch.stack(outputs).detach().reshape(given.shape)
    for what, one, other in (
        ("outputs", given, theirs),
        ("hidden", after.hidden, h.detach()),
        ("cell", after.cell, c.detach()),
        ("gradient by the inputs", by_inputs, x.grad),
        ("gradient by the hidden state", by_state.hidden, h_0.grad),
        ("gradient by the cell state", by_state.cell, c_0.grad),
        ("gradient by W", by_cell.input_weight, W.grad),
        ("gradient by U", by_cell.recurrent_weight, U.grad),
        ("gradient by b", by_cell.bias, b.grad),
        ("gradient by p", by_cell.peephole_weight, p.grad),
    ):
        assert np.abs(np.asarray(other)).max() > 1e-3, what
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=0, atol=EXACT, err_msg=what)
