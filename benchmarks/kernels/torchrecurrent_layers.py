"""torchrecurrent: the peephole LSTM and the minimal gated unit, which PyTorch has no layer for.

It has no LSTM with coupled gates. Gates i, f, g, o, peepholes i, f, o; f, n for the minimal gated unit.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
import torchrecurrent

from benchmarks.kernels import torch_layers
from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import What
from benchmarks.kernels.ways import Builders, Way
from benchmarks.kernels.work import CORES, Work, fields

LAYERS = {
    "peephole_lstm": (torchrecurrent.PeepholeLSTM, "ifgo"),
    "minimal_gated_unit": (torchrecurrent.MGU, "fn"),
}
"""Class and order of gates for each of our cells."""

PEEPHOLES = "ifo"
NAMES = {"input_weight": "weight_ih", "recurrent_weight": "weight_hh", "bias": "bias_ih"}


def refusal(work: Work, what: What) -> str | None:
    """Refuse other cells, and lengths."""
    if work.point.cell not in LAYERS:
        return "no such layer"
    return "no lengths, one direction" if work.point.wiring == "both_ways" else None


def builders(work: Work, what: What) -> Builders:
    """Return the layer."""
    return {"torchrecurrent": partial(_way, work, what)}


def _way(work: Work, what: What) -> Way:
    layer = twin(work)
    run = torch_layers.way_to_run(
        partial(torch_layers.outputs, layer, None), layer, torch.from_numpy(work.x), what
    )
    return Way(
        run=run,
        read=partial(torch_layers.read, what, partial(_gradients, work, layer)),
        before=partial(torch.set_num_threads, CORES),
    )


def twin(work: Work) -> Any:
    """Return the layer with our weights; its second bias stays at zero."""
    kind, order = LAYERS[work.point.cell]
    layer = kind(work.point.input_size, work.point.hidden_size, num_layers=len(work.cells))
    with torch.no_grad():
        for cell, theirs in zip(work.cells, layer.cells, strict=True):
            ours = fields(cell)
            for name, their_name in NAMES.items():
                value = repack(ours[name], work.row.gates, order)
                getattr(theirs, their_name).copy_(torch.from_numpy(value))
            theirs.bias_hh.zero_()
            if "peephole_weight" in ours:
                rows = repack(ours["peephole_weight"], work.row.peepholes, PEEPHOLES)
                theirs.weight_ph.copy_(torch.from_numpy(rows.ravel()))
    return layer


def _gradients(work: Work, layer: Any) -> tuple[dict[str, np.ndarray], ...]:
    _, order = LAYERS[work.point.cell]
    found = []
    for theirs in layer.cells:
        ours = {
            name: repack(getattr(theirs, their_name).grad.numpy(), order, work.row.gates)
            for name, their_name in NAMES.items()
        }
        if work.row.peepholes:
            rows = theirs.weight_ph.grad.numpy().reshape(len(PEEPHOLES), -1)
            ours["peephole_weight"] = repack(rows, PEEPHOLES, work.row.peepholes)
        found.append(ours)
    return tuple(found)
