"""The fused kernels beside `lax.scan` and PyTorch's layers: whole sequences, training steps and inference.

A training step is the mean square of the outputs and its gradient by all weights. Outputs and gradients are
compared before anything is timed, and the rate of a large matrix product is measured in the same rounds.
"""

import os
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from benchmarks.comparing import in_turn
from throughtime import GRU, LSTM, Cell, Elman, unroll
from throughtime.core.fused import instruction_set, kernels

# T, B, I, H
GRID = ((100, 16, 64, 64), (100, 32, 256, 256), (200, 64, 128, 128), (100, 1, 128, 128), (784, 32, 1, 128))
ROUNDS = 9
THREADS = 2
TOLERANCE = 1e-4
GEMM_SIZE = 1024
WAYS = ("ours", "scan", "torch")
KINDS: dict[str, tuple[Callable[..., Cell], type[torch.nn.RNNBase], int]] = {
    "elman": (Elman, torch.nn.RNN, 1),
    "lstm": (LSTM, torch.nn.LSTM, 4),
    "gru": (GRU, torch.nn.GRU, 3),
}
Run = Callable[[], Any]


def measure() -> list[dict[str, object]]:
    """Return times and ratios for every cell and size; `THROUGHTIME_BENCH` may name the cells to measure."""
    torch.set_num_threads(THREADS)
    names = os.environ.get("THROUGHTIME_BENCH", ",".join(KINDS)).split(",")
    return [row for size in GRID for name in names for row in _measure(name, *size)]


def _measure(name: str, steps: int, batch: int, inputs: int, hidden: int) -> list[dict[str, object]]:
    build, layer, gates = KINDS[name]
    cell = build(inputs, hidden, key=jax.random.key(0))
    x = np.random.default_rng(0).normal(size=(steps, batch, inputs)).astype(np.float32)
    twin = torch_twin(cell, layer)
    with kernels("off"):
        plain_infer, plain_train = jax_ways(cell, x)
    fused_infer, fused_train = jax_ways(cell, x)
    torch_infer, torch_train = torch_ways(twin, x)
    check_parity(twin, (fused_infer, plain_infer, torch_infer), (fused_train, plain_train, torch_train))
    square = jnp.asarray(np.random.default_rng(1).normal(size=(GEMM_SIZE, GEMM_SIZE)).astype(np.float32))
    product = jax.jit(lambda a: a @ a)
    forward, carry = gates * hidden * (inputs + hidden), gates * hidden * hidden
    rows: list[dict[str, object]] = []
    for what, ways, products in (
        ("infer", (fused_infer, plain_infer, torch_infer), forward),
        ("train", (fused_train, plain_train, torch_train), 2 * forward + carry),
    ):
        named = dict(zip(WAYS, ways, strict=True))
        named["gemm"] = lambda: jax.block_until_ready(product(square))
        seconds = in_turn(named, rounds=ROUNDS)
        rate = GEMM_SIZE**3 / min(seconds["gemm"])
        ratios = {peer: _ratio(seconds[peer], seconds["ours"]) for peer in ("scan", "torch")}
        rows.append(
            {
                "cell": name,
                "what": what,
                "T,B,I,H": [steps, batch, inputs, hidden],
                **{f"{way}_ms": round(1e3 * median(seconds[way]), 3) for way in WAYS},
                **{f"{peer}_ratio": ratio[1] for peer, ratio in ratios.items()},
                **{f"{peer}_quartiles": [ratio[0], ratio[2]] for peer, ratio in ratios.items()},
                "share_of_gemm": round(products * steps * batch / min(seconds["ours"]) / rate, 3),
                "instruction_set": instruction_set(),
                "reached": min(ratio[1] for ratio in ratios.values()) >= 1,
            }
        )
    return rows


def _ratio(peer: list[float], ours: list[float]) -> list[float]:
    return [round(value, 2) for value in quantiles([a / b for a, b in zip(peer, ours, strict=True)], n=4)]


def jax_ways(cell: Cell, x: np.ndarray) -> tuple[Run, Run]:
    """Return inference and a training step as functions that wait for their results, both compiled here."""

    # Functions of their own: JAX would otherwise give the first one's trace to both ways.
    def outputs(cell: Cell, x: jax.Array) -> jax.Array:
        return unroll(cell, x)[1]

    def loss(cell: Cell, x: jax.Array) -> jax.Array:
        return jnp.mean(jnp.square(unroll(cell, x)[1]))

    ready = jnp.asarray(x)
    infer = jax.jit(outputs).lower(cell, ready).compile()
    train = jax.jit(jax.value_and_grad(loss)).lower(cell, ready).compile()
    return (
        lambda: jax.block_until_ready(infer(cell, ready)),
        lambda: jax.block_until_ready(train(cell, ready)),
    )


def torch_ways(twin: torch.nn.RNNBase, x: np.ndarray) -> tuple[Run, Run]:
    """Return inference and a training step in PyTorch."""
    ready = torch.from_numpy(x)

    def infer() -> torch.Tensor:
        with torch.no_grad():
            return twin(ready)[0]

    def train() -> float:
        twin.zero_grad()
        loss = twin(ready)[0].square().mean()
        loss.backward()
        return loss.item()

    return infer, train


def torch_twin(cell: Any, layer: type[torch.nn.RNNBase]) -> torch.nn.RNNBase:
    """Return PyTorch's layer with the weights of a cell."""
    twin = layer(cell.input_size, cell.output_size)
    second = torch.zeros(len(cell.bias))
    if isinstance(cell, GRU):
        second[2 * cell.output_size :] = torch.tensor(np.asarray(cell.candidate_bias))
    with torch.no_grad():
        twin.weight_ih_l0.copy_(torch.tensor(np.asarray(cell.input_weight)))
        twin.weight_hh_l0.copy_(torch.tensor(np.asarray(cell.recurrent_weight)))
        twin.bias_ih_l0.copy_(torch.tensor(np.asarray(cell.bias)))
        twin.bias_hh_l0.copy_(second)
    return twin


def check_parity(twin: torch.nn.RNNBase, infer: tuple[Run, Run, Run], train: tuple[Run, Run, Run]) -> None:
    """Raise `AssertionError` unless ours, the scan and PyTorch give the same outputs and gradients."""
    ours, plain, theirs = infer
    for other in (plain(), theirs().numpy()):
        np.testing.assert_allclose(np.asarray(ours()), np.asarray(other), rtol=0, atol=TOLERANCE)
    gradients = [way()[1] for way in train[:2]]
    for one, other in zip(*map(jax.tree.leaves, gradients), strict=True):
        _close(one, other)
    train[2]()
    _close(gradients[0].recurrent_weight, twin.weight_hh_l0.grad.numpy())
    _close(gradients[0].input_weight, twin.weight_ih_l0.grad.numpy())
    _close(gradients[0].bias, twin.bias_ih_l0.grad.numpy())


def _close(one: Any, other: Any) -> None:
    size = float(np.max(np.abs(other)))
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=0, atol=TOLERANCE * size)
