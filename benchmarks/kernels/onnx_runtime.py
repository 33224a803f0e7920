"""ONNX Runtime: the operators `RNN`, `LSTM` and `GRU`, for inference.

Gates i, o, f, c with peepholes i, o, f, and z, r, h; f = 1 - i with `input_forget`, where the rows of f are
read by nobody. `linear_before_reset` is our GRU's form, and its second bias acts within the reset.
"""

from functools import partial
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import What
from benchmarks.kernels.ways import Builders, Result, Way
from benchmarks.kernels.work import CORES, Work, fields

OPERATORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "elman": ("RNN", "h", {}),
    "lstm": ("LSTM", "iofg", {}),
    "gru": ("GRU", "zrn", {"linear_before_reset": 1}),
    "peephole_lstm": ("LSTM", "iofg", {}),
    "coupled_lstm": ("LSTM", "iofg", {"input_forget": 1}),
    "coupled_peephole_lstm": ("LSTM", "iofg", {"input_forget": 1}),
    "reset_before_gru": ("GRU", "zrn", {"linear_before_reset": 0}),
}
"""Operator, order of gates and attributes for each of our cells."""

PEEPHOLES = "iof"
OPERATOR_SET = 17
FORMAT = 9  # of the file, the one that came with this set of operators


def refusal(work: Work, what: What) -> str | None:
    """Refuse training, and cells that no operator computes."""
    if what == "train":
        return "inference only"
    return None if work.point.cell in OPERATORS else "no such operator"


def builders(work: Work, what: What) -> Builders:
    """Return the model with all cores, and with a single thread if there are more."""
    found = {"onnxruntime": partial(_way, work, threads=CORES)}
    if CORES > 1:
        found["onnxruntime_1_thread"] = partial(_way, work, threads=1, rival_of="onnxruntime")
    return found


def _way(work: Work, *, threads: int, rival_of: str | None = None) -> Way:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would otherwise go on spinning on the cores that the next way is timed on.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(
        model(work).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def read(came_out: Any) -> Result:
        steps, directions, batch, hidden = came_out[0].shape
        outputs = came_out[0].transpose(0, 2, 1, 3).reshape(steps, batch, directions * hidden)
        return Result(outputs)

    return Way(lambda: session.run(None, {"X": work.x}), read, rival_of=rival_of)


def model(work: Work) -> onnx.ModelProto:
    """Return our network as a model: a node for each layer, its weights within."""
    operator, order, attributes = OPERATORS[work.point.cell]
    both_ways = work.point.wiring == "both_ways"
    layers = [work.cells] if both_ways else [(cell,) for cell in work.cells]
    nodes, tensors = [], {}
    if work.lengths is not None:
        tensors["lengths"] = work.lengths.astype(np.int32)
    below = "X"
    for number, cells in enumerate(layers):
        packed = [_packed(work, cell, order) for cell in cells]
        own = {f"{name}{number}": np.stack([each[name] for each in packed]) for name in packed[0]}
        tensors |= own
        inputs = [
            below,
            *(f"{name}{number}" for name in "WRB"),
            "lengths" if work.lengths is not None else "",
        ]
        if work.row.peepholes:
            inputs += ["", "", f"P{number}"]
        if number:
            tensors["direction"] = np.asarray([1], dtype=np.int64)
            nodes.append(helper.make_node("Squeeze", [below, "direction"], [f"{below}_whole"]))
            inputs[0] = f"{below}_whole"
        below = f"Y{number}"
        nodes.append(
            helper.make_node(
                operator,
                inputs,
                [below],
                hidden_size=work.point.hidden_size,
                direction="bidirectional" if both_ways else "forward",
                **attributes,
            )
        )
    graph = helper.make_graph(
        nodes,
        "layers",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, work.x.shape)],
        [helper.make_tensor_value_info(below, TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATOR_SET)], ir_version=FORMAT)


def _packed(work: Work, cell: Any, order: str) -> dict[str, np.ndarray]:
    ours = fields(cell)
    recurrent_bias = np.zeros_like(ours["bias"])
    if "candidate_bias" in ours:
        recurrent_bias[-work.point.hidden_size :] = ours["candidate_bias"]
    biases = [repack(bias, work.row.gates, order) for bias in (ours["bias"], recurrent_bias)]
    packed = {
        "W": repack(ours["input_weight"], work.row.gates, order),
        "R": repack(ours["recurrent_weight"], work.row.gates, order),
        "B": np.concatenate(biases),
    }
    if work.row.peepholes:
        packed["P"] = repack(ours["peephole_weight"], work.row.peepholes, PEEPHOLES).ravel()
    return packed
