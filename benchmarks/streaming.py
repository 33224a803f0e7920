"""One step of one sequence, from Python: our streams beside ONNX Runtime and PyTorch.

Each is a function that takes an element `[I]` as a NumPy array and gives the output `[H]` as one, with the
state carried on, as in a loop over a stream. ONNX Runtime is asked in its usual way, `session.run`, and with
all arrays bound beforehand, which is its fastest.
"""

import functools
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import jax
import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from benchmarks.comparing import in_turn
from benchmarks.kernels.gate_order import repack
from throughtime import GRU, LSTM, Stream
from throughtime.core.fused import instruction_set

HIDDEN = 128
INPUTS = (1, 128)
BAR_US, BAR_RATIO = 10.0, 5.0
STEPS, ROUNDS, COMPARED = 300, 15, 50
SESSIONS = 64
TOLERANCE = 1e-5
Step = Callable[[np.ndarray], np.ndarray]


def measure() -> list[dict[str, object]]:
    """Return the time of a step for each cell and input size, and of many sessions stepped together."""
    cells = [(kind, inputs) for kind in (LSTM, GRU) for inputs in INPUTS]
    return [_measure(kind(inputs, HIDDEN, key=jax.random.key(0))) for kind, inputs in cells]


def _measure(cell: LSTM | GRU) -> dict[str, object]:
    rng = np.random.default_rng(0)
    elements = rng.normal(size=(STEPS, cell.input_size)).astype(np.float32)
    builders: dict[str, Callable[[Any], Step]] = {
        "ours": _ours,
        "onnxruntime": _onnx,
        "onnxruntime_all_threads": functools.partial(_onnx, threads=0),
        "onnxruntime_bound": _onnx_bound,
        "torch": _torch,
    }
    outputs = {name: _run(build(cell), elements[:COMPARED]) for name, build in builders.items()}
    for name, given in outputs.items():
        np.testing.assert_allclose(given, outputs["ours"], rtol=0, atol=TOLERANCE, err_msg=name)
    ways = {name: _loop(build(cell), elements) for name, build in builders.items()}
    many = Stream(cell, sessions=SESSIONS)
    batch = rng.normal(size=(SESSIONS, cell.input_size)).astype(np.float32)
    seconds = in_turn(ways | {"sessions": lambda: many.step(batch)}, rounds=ROUNDS)
    us = {name: [1e6 * each / STEPS for each in seconds[name]] for name in ways}
    ratios = {name: median(us[name]) / median(us["ours"]) for name in ways}
    low, _, high = quantiles(us["ours"], n=4)
    best_onnx = min(ratio for name, ratio in ratios.items() if name.startswith("onnxruntime"))
    return {
        "cell": cell.kind,
        "input_size": cell.input_size,
        "hidden_size": HIDDEN,
        "step_us": {name: round(median(values), 2) for name, values in us.items()},
        "ours_quartiles_us": [round(low, 2), round(high, 2)],
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items() if name != "ours"},
        "session_us": round(1e6 * median(seconds["sessions"]) / SESSIONS, 2),
        "sessions": SESSIONS,
        "instruction_set": instruction_set(),
        "bar_us": BAR_US,
        "bar_ratio": BAR_RATIO,
        "reached": median(us["ours"]) <= BAR_US and best_onnx >= BAR_RATIO,
    }


def _run(step: Step, elements: np.ndarray) -> np.ndarray:
    return np.stack([step(element) for element in elements])


def _loop(step: Step, elements: np.ndarray) -> Callable[[], object]:
    def loop() -> None:
        for element in elements:
            step(element)

    return loop


def _ours(cell: LSTM | GRU) -> Step:
    return Stream(cell).step


def _torch(cell: LSTM | GRU) -> Step:
    torch.set_num_threads(1)
    layer = (torch.nn.LSTMCell if isinstance(cell, LSTM) else torch.nn.GRUCell)(cell.input_size, HIDDEN)
    with torch.no_grad():
        for to, array in zip(
            (layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh), _arrays(cell), strict=True
        ):
            to.copy_(torch.tensor(array))
    state = None

    def step(element: np.ndarray) -> np.ndarray:
        nonlocal state
        with torch.no_grad():
            state = layer(torch.from_numpy(element)[None], state)
        return (state[0] if isinstance(cell, LSTM) else state)[0].numpy()

    return step


def _onnx_session(cell: LSTM | GRU, *, threads: int) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """Return a model of one step, and the names of its states, which are `NAME_before` going in."""
    if isinstance(cell, LSTM):
        operator, ours, theirs, attributes = "LSTM", "ifgo", "iofg", {}
    else:
        operator, ours, theirs, attributes = "GRU", "rzn", "zrn", {"linear_before_reset": 1}
    W, R, b, d = (repack(array, ours, theirs) for array in _arrays(cell))
    names = ["h", "c"] if isinstance(cell, LSTM) else ["h"]
    tensors = {"W": W[None], "R": R[None], "B": np.concatenate([b, d])[None]}
    node = helper.make_node(
        operator,
        ["X", "W", "R", "B", "", *(f"{name}_before" for name in names)],
        ["", *names],
        hidden_size=HIDDEN,
        **attributes,
    )
    real, state = TensorProto.FLOAT, [1, 1, HIDDEN]
    graph = helper.make_graph(
        [node],
        "step",
        [
            helper.make_tensor_value_info("X", real, [1, 1, cell.input_size]),
            *(helper.make_tensor_value_info(f"{name}_before", real, state) for name in names),
        ],
        [helper.make_tensor_value_info(name, real, state) for name in names],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session, names


def _onnx(cell: LSTM | GRU, threads: int = 1) -> Step:
    session, names = _onnx_session(cell, threads=threads)
    feeds = {f"{name}_before": np.zeros((1, 1, HIDDEN), np.float32) for name in names}

    def step(element: np.ndarray) -> np.ndarray:
        given = session.run(None, {"X": element.reshape(1, 1, -1), **feeds})
        for name, array in zip(names, given, strict=True):
            feeds[f"{name}_before"] = array
        return given[0][0, 0]

    return step


def _onnx_bound(cell: LSTM | GRU) -> Step:
    session, names = _onnx_session(cell, threads=1)
    state = (1, 1, HIDDEN)
    x = np.zeros((1, 1, cell.input_size), np.float32)
    # Two sets of states that take turns, so that nothing is copied from one step to the next.
    states = [{name: np.zeros(state, np.float32) for name in names} for _ in range(2)]
    bindings = []
    for before, after in ((0, 1), (1, 0)):
        binding = session.io_binding()
        binding.bind_cpu_input("X", x)
        for name in names:
            binding.bind_cpu_input(f"{name}_before", states[before][name])
            array = states[after][name]
            binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        bindings.append((binding, states[after]["h"]))
    turn = 0

    def step(element: np.ndarray) -> np.ndarray:
        nonlocal turn
        x[0, 0] = element
        binding, hidden = bindings[turn]
        session.run_with_iobinding(binding)
        turn = 1 - turn
        return hidden[0, 0].copy()

    return step


def _arrays(cell: LSTM | GRU) -> list[np.ndarray]:
    """Return both matrices and both biases, as PyTorch and ONNX have them."""
    W, R, b = (np.asarray(array) for array in (cell.input_weight, cell.recurrent_weight, cell.bias))
    second = np.zeros_like(b)
    if isinstance(cell, GRU):
        second[-HIDDEN:] = np.asarray(cell.candidate_bias)
    return [W, R, b, second]
