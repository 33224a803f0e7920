"""Our weights, moved to every installed peer, give our outputs, and its gradients come back as ours."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from benchmarks.kernels import peers
from benchmarks.kernels.cells import CELLS
from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import Point, What, Wiring
from benchmarks.kernels.ours import Ours
from benchmarks.kernels.parity import ParityError, check_parity
from benchmarks.kernels.work import Work, fields, with_fields

SIZES = {"steps": 7, "batch": 2, "input_size": 3, "hidden_size": 5}

pytestmark = pytest.mark.filterwarnings("ignore")  # the peers' own

LSTMS = ("lstm", "peephole_lstm", "coupled_lstm", "coupled_peephole_lstm")
WIRINGS: tuple[Wiring, ...] = ("one", "stack", "both_ways")
WHATS: tuple[What, ...] = ("infer", "train")

# What each peer has: its cells, wirings, and kinds of work. All else it has to refuse.
HAS: dict[str, tuple[tuple[str, ...], tuple[Wiring, ...], tuple[What, ...]]] = {
    "plain_scan": (tuple(CELLS), WIRINGS, WHATS),
    "torch_layers": (("elman", "lstm", "gru"), WIRINGS, WHATS),
    "flax_rnn": (("elman", "lstm", "gru"), ("one", "stack"), WHATS),
    "keras_rnn": (("elman", "lstm", "gru", "reset_before_gru"), ("one", "stack"), WHATS),
    "torchrecurrent_layers": (("peephole_lstm", "minimal_gated_unit"), ("one", "stack"), WHATS),
    "onnx_runtime": (("elman", *LSTMS, "gru", "reset_before_gru"), WIRINGS, ("infer",)),
}
CASES = [
    (peer, cell, wiring, what)
    for peer, (cells, wirings, whats) in HAS.items()
    for cell, wiring, what in product(cells, wirings, whats)
]
# A wrong output shows in loss and gradients: where a peer trains, inference is tried in one wiring alone.
TRIED = [
    (peer, cell, wiring, what)
    for peer, cell, wiring, what in CASES
    if what == "train" or "train" not in HAS[peer][2] or wiring == "one"
]


def peer_and_work(peer: str, cell: str, wiring: Wiring, what: What) -> tuple[Any, Work]:
    """Return the peer's module and our work, or skip where there is no such thing."""
    found = peers.find((peer,))
    if peer not in found.present:
        pytest.skip(found.missing[peer])
    if not CELLS[cell].exists:
        pytest.skip(f"the package has no {CELLS[cell].class_name}")
    return found.present[peer], Work.of(Point(cell, wiring=wiring, **SIZES))


@pytest.mark.parametrize("peer", HAS)
def test_peer_refuses_what_it_lacks(peer: str) -> None:
    existing = [cell for cell, row in CELLS.items() if row.exists]
    for cell, wiring, what in product(existing, WIRINGS, WHATS):
        module, work = peer_and_work(peer, cell, wiring, what)
        assert (module.refusal(work, what) is None) == ((peer, cell, wiring, what) in CASES)


@pytest.mark.parametrize(("peer", "cell", "wiring", "what"), TRIED)
def test_peer_computes_what_we_compute(peer: str, cell: str, wiring: Wiring, what: What) -> None:
    module, work = peer_and_work(peer, cell, wiring, what)
    ours = Ours(work, what, lengths=work.lengths)
    for build in module.builders(work, what).values():
        way = build()
        way.before()
        check_parity(ours.result(way.without), way.read(way.run()))


@pytest.mark.parametrize(("peer", "what"), [(peer, what) for peer in HAS for what in HAS[peer][2]])
def test_two_gates_swapped_on_the_way_are_found(peer: str, what: What) -> None:
    cell = "peephole_lstm" if peer == "torchrecurrent_layers" else "lstm"
    module, work = peer_and_work(peer, cell, "one", what)
    swapped = {
        name: repack(fields(work.cells[0])[name], "ifgo", "figo")
        for name in ("input_weight", "recurrent_weight", "bias")
    }
    faulty = replace(work, cells=(with_fields(work.cells[0], swapped),))
    way = next(iter(module.builders(faulty, what).values()))()
    with pytest.raises(ParityError, match="value differs"):
        check_parity(Ours(work, what, lengths=None).result(), way.read(way.run()))


def test_every_weight_is_drawn() -> None:
    for cell, row in CELLS.items():
        if row.exists:
            for name, value in fields(Work.of(Point(cell, **SIZES)).cells[0]).items():
                assert np.all(value != 0), f"{cell}: {name}"


def test_repacking_fills_and_leaves_out() -> None:
    rows = np.arange(6.0).reshape(6, 1)  # i = 0, 1; g = 2, 3; o = 4, 5
    assert repack(rows, "igo", "iofg").ravel().tolist() == [0, 1, 4, 5, 0, 0, 2, 3]
    assert repack(repack(rows, "igo", "iofg"), "iofg", "igo").ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_every_peer_has_its_row_here() -> None:
    assert set(HAS) == set(peers.MODULES) - set(peers.OPTIONAL)
