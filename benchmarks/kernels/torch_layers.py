"""PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU`, with all cores and with one thread.

Gates i, f, g, o and r, z, n; two biases, of which the second is kept at zero except where the GRU's reset
acts on it. Lengths go through packed sequences.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import What
from benchmarks.kernels.ways import Builders, Result, Way
from benchmarks.kernels.work import CORES, Work, fields
from throughtime import to_torch

LAYERS: dict[str, tuple[Callable[..., torch.nn.RNNBase], str]] = {
    "elman": (torch.nn.RNN, "h"),
    "lstm": (torch.nn.LSTM, "ifgo"),
    "gru": (torch.nn.GRU, "rzn"),
}
"""Class and order of gates for each of our cells."""


def refusal(work: Work, what: What) -> str | None:
    """Refuse the cells that PyTorch has no layer for."""
    return None if work.point.cell in LAYERS else "no such layer"


def builders(work: Work, what: What) -> Builders:
    """Return the layer with all cores, and with a single thread if there are more."""
    found = {"torch": partial(_way, work, what, threads=CORES)}
    if CORES > 1:
        found["torch_1_thread"] = partial(_way, work, what, threads=1, rival_of="torch")
    return found


def _way(work: Work, what: What, *, threads: int, rival_of: str | None = None) -> Way:
    layer = twin(work)
    x = torch.from_numpy(work.x)
    return Way(
        run=way_to_run(partial(outputs, layer, work.lengths), layer, x, what),
        read=partial(read, what, partial(gradients, work, layer)),
        before=partial(torch.set_num_threads, threads),
        rival_of=rival_of,
    )


def twin(work: Work) -> torch.nn.RNNBase:
    """Return PyTorch's layer with our weights."""
    kind, _ = LAYERS[work.point.cell]
    layer = kind(
        work.point.input_size,
        work.point.hidden_size,
        num_layers=2 if work.point.wiring == "stack" else 1,
        bidirectional=work.point.wiring == "both_ways",
    )
    weights = to_torch(work.network)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return layer


def gradients(work: Work, layer: torch.nn.RNNBase) -> tuple[dict[str, np.ndarray], ...]:
    """Return PyTorch's gradients under our names."""
    _, order = LAYERS[work.point.cell]
    found = []
    for cell, suffix in zip(work.cells, _suffixes(work), strict=True):

        def by(name: str, suffix: str = suffix) -> np.ndarray:
            return repack(getattr(layer, name + suffix).grad.numpy(), order, work.row.gates)

        ours = {"input_weight": by("weight_ih"), "recurrent_weight": by("weight_hh"), "bias": by("bias_ih")}
        if "candidate_bias" in fields(cell):
            ours["candidate_bias"] = by("bias_hh")[-work.point.hidden_size :]
        found.append(ours)
    return tuple(found)


def _suffixes(work: Work) -> tuple[str, ...]:
    return {"one": ("_l0",), "stack": ("_l0", "_l1"), "both_ways": ("_l0", "_l0_reverse")}[work.point.wiring]


def outputs(layer: Any, lengths: np.ndarray | None, x: torch.Tensor) -> torch.Tensor:
    """Return the outputs of a layer, those of padded steps zero."""
    if lengths is None:
        return layer(x)[0]
    packed = pack_padded_sequence(x, torch.from_numpy(lengths).long(), enforce_sorted=False)
    return pad_packed_sequence(layer(packed)[0], total_length=len(x))[0]


def way_to_run(
    outputs: Callable[[torch.Tensor], torch.Tensor], module: torch.nn.Module, x: torch.Tensor, what: What
) -> Callable[[], Any]:
    """Return inference or a training step of any module of PyTorch."""

    def infer() -> torch.Tensor:
        with torch.no_grad():
            return outputs(x)

    def train() -> float:
        module.zero_grad()
        loss = outputs(x).square().mean()
        loss.backward()
        return loss.item()

    return infer if what == "infer" else train


def read(what: What, gradients: Callable[[], tuple[dict[str, np.ndarray], ...]], came_out: Any) -> Result:
    """Return what a module of PyTorch computed."""
    return Result(came_out.numpy()) if what == "infer" else Result(np.asarray(came_out), gradients())
