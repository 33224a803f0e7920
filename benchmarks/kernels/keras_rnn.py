"""Keras 3: `SimpleRNN`, `LSTM` and `GRU`, on JAX and on PyTorch.

Batch-major inputs, kernels `[I, G]`; gates i, f, c, o, which are our i, f, g, o, and z, r, h for our r, z, n.
A GRU with `reset_after` has a second bias, used here only within the reset; without it the reset acts first.
"""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import What
from benchmarks.kernels.jax_functions import compiled
from benchmarks.kernels.keras_backends import resident
from benchmarks.kernels.ways import Builders, Result, Way
from benchmarks.kernels.work import CORES, Work
from throughtime import to_keras

LAYERS: dict[str, tuple[str, str, dict[str, object]]] = {
    "elman": ("SimpleRNN", "h", {}),
    "lstm": ("LSTM", "ifgo", {}),
    "gru": ("GRU", "zrn", {"reset_after": True}),
    "reset_before_gru": ("GRU", "zrn", {"reset_after": False}),
}
"""Class, order of gates and options for each of our cells."""


def refusal(work: Work, what: What) -> str | None:
    """Refuse cells that Keras lacks; a mask saves it no step, so both ways are not compared."""
    if work.point.cell not in LAYERS:
        return "no such layer"
    return "runs padded steps too" if work.point.wiring == "both_ways" else None


def builders(work: Work, what: What) -> Builders:
    """Return the layers on both backends."""
    return {"keras_jax": partial(_on_jax, work, what), "keras_torch": partial(_on_torch, work, what)}


def twins(work: Work, keras: Any) -> list[Any]:
    """Return Keras's layers with our weights."""
    kind, _, options = LAYERS[work.point.cell]
    layers = []
    for cell in work.cells:
        layer = getattr(keras.layers, kind)(cell.output_size, return_sequences=True, **options)
        layer.build((work.point.batch, work.point.steps, cell.input_size))
        layer.set_weights(to_keras(cell)[0])
        layers.append(layer)
    return layers


def _on_jax(work: Work, what: What) -> Way:
    import jax
    import jax.numpy as jnp

    layers = twins(work, resident("jax"))
    weights = [[variable.value for variable in layer.trainable_variables] for layer in layers]
    rest = [[variable.value for variable in layer.non_trainable_variables] for layer in layers]

    def outputs(weights: Any, x: jax.Array) -> jax.Array:
        for layer, own, other in zip(layers, weights, rest, strict=True):
            x, _ = layer.stateless_call(own, other, x)
        return x

    # Compiled once and for all, so it does not matter which copy of Keras is in place when it runs.
    call, seconds = compiled(outputs, weights, jnp.asarray(batch_major(work)), what)

    def read(came_out: Any) -> Result:
        if what == "infer":
            return Result(np.swapaxes(np.asarray(came_out), 0, 1))
        loss, gradients = came_out
        return Result(np.asarray(loss), _ours(work, jax.tree.map(np.asarray, gradients)))

    return Way(partial(call, weights), read, compile_s=seconds)


def _on_torch(work: Work, what: What) -> Way:
    import torch

    layers = twins(work, resident("torch"))
    x = torch.from_numpy(batch_major(work))
    weights = [[variable.value for variable in layer.trainable_variables] for layer in layers]

    def outputs() -> torch.Tensor:
        y = x
        for layer in layers:
            y = layer(y)
        return y

    def infer() -> torch.Tensor:
        with torch.no_grad():
            return outputs()

    def train() -> float:
        for own in weights:
            for weight in own:
                weight.grad = None
        loss = outputs().square().mean()
        loss.backward()
        return loss.item()

    def before() -> None:
        torch.set_num_threads(CORES)
        resident("torch")

    def read(came_out: Any) -> Result:
        if what == "infer":
            return Result(np.swapaxes(came_out.numpy(), 0, 1))
        gradients = [[weight.grad.numpy() for weight in own] for own in weights]
        return Result(np.asarray(came_out), _ours(work, gradients))

    return Way(infer if what == "infer" else train, read, before=before)


def batch_major(work: Work) -> np.ndarray:
    """Return the inputs as Keras wants them, `[B, T, I]`."""
    return np.ascontiguousarray(np.swapaxes(work.x, 0, 1))


def _ours(work: Work, gradients: list[list[np.ndarray]]) -> tuple[dict[str, np.ndarray], ...]:
    _, order, options = LAYERS[work.point.cell]
    found = []
    for kernel, recurrent, bias in gradients:
        outer = bias[0] if options.get("reset_after") else bias
        packed = {"input_weight": kernel.T, "recurrent_weight": recurrent.T, "bias": outer}
        ours = {name: repack(value, order, work.row.gates) for name, value in packed.items()}
        if options.get("reset_after"):
            ours["candidate_bias"] = bias[1][-work.point.hidden_size :]
        found.append(ours)
    return tuple(found)
