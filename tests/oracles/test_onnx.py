"""ONNX Runtime's recurrent operators with the same weights: outputs and final states, padded and not."""

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import BATCH, CELL_ROWS, HIDDEN, INPUT, LENGTHS, TIME, fresh, lively
from throughtime import unroll

REASON = "{0} is not installed; pip install 'throughtime[oracles]'"
onnx = pytest.importorskip("onnx", reason=REASON.format("onnx"))
onnxruntime = pytest.importorskip("onnxruntime", reason=REASON.format("onnxruntime"))

SINGLE = 5e-6
"""The operators compute in float32; so do we here."""

ROWS = {row.name: row for row in CELL_ROWS}


@dataclass(frozen=True)
class Operator:
    """An operator of ONNX: where each of its blocks of rows comes from, and its attributes.

    `gates` are ours, in our order. `blocks` are the operator's, in its order, each one of our gates; a minus
    turns the gate round, since 1 - sigmoid(a) = sigmoid(-a), and a dot is a block that is there and not read.
    """

    name: str
    gates: str
    blocks: tuple[str, ...]
    peepholes: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


OPERATORS = {
    "elman_tanh": Operator("RNN", "h", ("h",), attributes={"activations": ["Tanh"]}),
    "elman_relu": Operator("RNN", "h", ("h",), attributes={"activations": ["Relu"]}),
    "lstm": Operator("LSTM", "ifgo", ("i", "o", "f", "g")),
    "lstm_peephole": Operator("LSTM", "ifgo", ("i", "o", "f", "g"), ("i", "o", "f")),
    "lstm_coupled": Operator("LSTM", "igo", ("i", "o", ".", "g"), attributes={"input_forget": 1}),
    "lstm_coupled_peephole": Operator(
        "LSTM", "igo", ("i", "o", ".", "g"), ("i", "o", "."), {"input_forget": 1}
    ),
    "gru": Operator("GRU", "rzn", ("z", "r", "n"), attributes={"linear_before_reset": 1}),
    "gru_reset_before": Operator("GRU", "rzn", ("z", "r", "n"), attributes={"linear_before_reset": 0}),
    # ONNX has no minimal gated unit; it is a GRU whose two gates are one gate and its complement.
    "mgu": Operator("GRU", "fn", ("-f", "f", "n"), attributes={"linear_before_reset": 0}),
}


def arrange(blocks: tuple[str, ...], ours: dict[str, np.ndarray]) -> np.ndarray:
    """Return the operator's blocks, one below the other, with the axis of its one direction in front."""
    unread = np.full_like(next(iter(ours.values())), 7)
    parts = {**ours, **{f"-{gate}": -block for gate, block in ours.items()}, ".": unread}
    return np.concatenate([parts[block] for block in blocks])[None]


def run_operator(
    operator: Operator, cell: Any, inputs: np.ndarray, state: Any, lengths: np.ndarray
) -> list[np.ndarray]:
    """Return the outputs `[T, B, H]` and the final states `[B, H]` that ONNX Runtime computes."""
    kinds = operator.gates
    split = {
        name: dict(zip(kinds, np.split(np.asarray(getattr(cell, name)), len(kinds)), strict=True))
        for name in ("input_weight", "recurrent_weight", "bias")
    }
    inner = dict.fromkeys(kinds, np.zeros(HIDDEN, np.float32))
    if getattr(cell, "candidate_bias", None) is not None:
        inner["n"] = np.asarray(cell.candidate_bias)
    values = {
        "X": inputs,
        "W": arrange(operator.blocks, split["input_weight"]),
        "R": arrange(operator.blocks, split["recurrent_weight"]),
        "B": np.hstack([arrange(operator.blocks, split["bias"]), arrange(operator.blocks, inner)]),
        "sequence_lens": lengths,
        "initial_h": np.asarray(state.hidden)[None],
    }
    ends = ["Y_h"]
    if operator.name == "LSTM":
        values["initial_c"] = np.asarray(state.cell)[None]
        ends.append("Y_c")
    if operator.peepholes:
        rows = dict(zip(cell.peepholes, np.asarray(cell.peephole_weight), strict=True))
        values["P"] = arrange(operator.peepholes, rows)

    make = onnx.helper
    node = make.make_node(
        operator.name, list(values), ["Y", *ends], hidden_size=HIDDEN, **operator.attributes
    )
    single = onnx.TensorProto.FLOAT
    graph = make.make_graph(
        [node],
        operator.name,
        [],
        [
            make.make_tensor_value_info("Y", single, (TIME, 1, BATCH, HIDDEN)),
            *(make.make_tensor_value_info(end, single, (1, BATCH, HIDDEN)) for end in ends),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    # Versions that every release of ONNX Runtime since 2021 reads.
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 14)], ir_version=7)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs, *final = session.run(None, {})
    return [outputs[:, 0], *(end[0] for end in final)]


@pytest.mark.parametrize("lengths", [(TIME,) * BATCH, LENGTHS], ids=["whole", "padded"])
@pytest.mark.parametrize("name", OPERATORS)
def test_cell_is_that_of_onnx_runtime(name: str, lengths: tuple[int, ...], rng: np.random.Generator) -> None:
    cell = lively(fresh(ROWS[name]))
    inputs = rng.normal(size=(TIME, BATCH, INPUT)).astype(np.float32)
    state = jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(size=(BATCH, *leaf.shape)), leaf.dtype), cell.initial_state()
    )
    after, outputs = unroll(cell, jnp.asarray(inputs), state, lengths=jnp.array(lengths))
    theirs, *ends = run_operator(OPERATORS[name], cell, inputs, state, np.array(lengths, np.int32))
    assert np.abs(theirs).max() > 0.1
    np.testing.assert_allclose(outputs, theirs, rtol=0, atol=SINGLE, err_msg="outputs")
    for part, end in zip(after, ends, strict=True):
        np.testing.assert_allclose(part, end, rtol=0, atol=SINGLE, err_msg="final state")
