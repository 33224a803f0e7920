"""Weights moved from and to PyTorch: the outputs stay."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracles.conversions import (
    FAULT_NAMES,
    FAULTS,
    HIDDEN,
    INPUT,
    agree,
    draw_inputs,
    lose_inner_bias,
    ours,
    outputs,
    same_to_the_bit,
)
from throughtime import GRU, Bidirectional, Chain, Dropout, Stack
from throughtime.core.errors import ConversionError
from throughtime.networks.convert import from_torch, to_torch

torch = pytest.importorskip("torch", reason="torch is not installed; pip install 'throughtime[oracles]'")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own

WIRINGS: dict[str, dict[str, Any]] = {
    "one": {},
    "no bias": {"bias": False},
    "batch first": {"batch_first": True},
    "three layers": {"num_layers": 3},
    "both ways": {"bidirectional": True},
    "two layers both ways": {"num_layers": 2, "bidirectional": True},
}

CASES = [
    *((kind, "one") for kind in ("tanh", "relu", "lstm", "gru")),
    *((kind, "two layers both ways") for kind in ("tanh", "lstm", "gru")),
    ("gru", "no bias"),
    ("lstm", "batch first"),
    ("relu", "three layers"),
    ("lstm", "both ways"),
]


def module_of(kind: str, **options: Any) -> Any:
    """Return a module of torch, with both biases drawn at random."""
    torch.manual_seed(0)
    if kind in ("tanh", "relu"):
        return torch.nn.RNN(INPUT, HIDDEN, nonlinearity=kind, **options)
    return {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](INPUT, HIDDEN, **options)


def activation(kind: str) -> dict[str, Any]:
    return {"activation": "relu"} if kind == "relu" else {}


def theirs(module: Any, inputs: np.ndarray) -> np.ndarray:
    """Return the outputs of a module, time-major."""
    x = torch.from_numpy(inputs)
    if module.batch_first:
        return module(x.swapaxes(0, 1))[0].swapaxes(0, 1).detach().numpy()
    return module(x)[0].detach().numpy()


def loaded(module: Any, network: Any, **options: Any) -> Any:
    """Return the module with the weights of a network of ours."""
    weights = {name: torch.from_numpy(array) for name, array in to_torch(network, **options).items()}
    module.load_state_dict(weights)
    return module


@pytest.mark.parametrize(("kind", "wiring"), CASES)
def test_from_torch_and_back(kind: str, wiring: str) -> None:
    module = module_of(kind, **WIRINGS[wiring])
    network = from_torch(module.state_dict(), **activation(kind))
    agree(outputs(network, draw_inputs()), theirs(module, draw_inputs()))
    bias = {"bias": False} if wiring == "no bias" else {}
    again = loaded(module_of(kind, **WIRINGS[wiring]), network, **bias)
    agree(theirs(again, draw_inputs()), theirs(module, draw_inputs()))
    same_to_the_bit(from_torch(again.state_dict(), **activation(kind)), network)


@pytest.mark.parametrize(
    ("names", "both", "options"),
    [
        ("tanh", False, {}),
        ("lstm lstm", False, {"num_layers": 2}),
        ("gru gru", True, {"num_layers": 2, "bidirectional": True}),
    ],
)
def test_to_torch(names: str, both: bool, options: dict[str, Any]) -> None:
    network = ours(names, both=both, dropout=0.4)
    module = loaded(module_of(names.split()[0], dropout=0.0, **options), network)
    agree(theirs(module, draw_inputs()), outputs(network, draw_inputs()))


def test_kinds_of_network() -> None:
    def of(**options: Any) -> Any:
        return from_torch(module_of("gru", **options).state_dict())

    assert isinstance(of(), GRU)
    assert isinstance(of(num_layers=2), Stack)
    assert isinstance(of(bidirectional=True), Bidirectional)
    assert isinstance(of(num_layers=2, bidirectional=True), Chain)


def test_dropout_stands_between_layers() -> None:
    state_dict = module_of("lstm", num_layers=3, dropout=0.3).state_dict()
    network = from_torch(state_dict, dropout=0.3)
    assert [getattr(cell, "rate", None) for cell in network.cells] == [None, 0.3, None, 0.3, None]
    assert all(isinstance(cell, Dropout) for cell in network.cells[1::2])
    same_to_the_bit(from_torch(to_torch(network)), from_torch(state_dict))


def test_read_to_the_end_is_the_final_state() -> None:
    module = module_of("lstm", num_layers=2, bidirectional=True)
    network = from_torch(module.state_dict(), to_the_end=True)
    _, (h_n, _) = module(torch.from_numpy(draw_inputs()))
    agree(outputs(network, draw_inputs())[-1], torch.cat([h_n[2], h_n[3]], -1).detach())
    same_to_the_bit(from_torch(to_torch(network), to_the_end=True), network)


def test_part_of_a_larger_module() -> None:
    class Reader(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(11, INPUT)
            self.lstm = module_of("lstm")

    reader = Reader()
    network = from_torch(reader.state_dict(), prefix="lstm.")
    agree(outputs(network, draw_inputs()), theirs(reader.lstm, draw_inputs()))
    with pytest.raises(ConversionError, match=r"weight_ih_l0 is missing; .* with prefix= where it is"):
        from_torch(reader.state_dict())


def test_double_precision_is_kept() -> None:
    state_dict = module_of("gru").double().state_dict()
    assert all(array.dtype == np.float32 for array in to_torch(from_torch(state_dict)).values())


def test_projections_are_refused() -> None:
    with pytest.raises(
        ConversionError, match=r"weight_hr_l0 projects the hidden state \(proj_size\).*proj_size=0"
    ):
        from_torch(module_of("lstm", proj_size=2).state_dict())


def test_half_precision_that_numpy_lacks() -> None:
    with pytest.raises(
        ConversionError, match=r"weight_ih_l0 cannot be read as an array: .*give it as float32"
    ):
        from_torch(module_of("gru").bfloat16().state_dict())


@pytest.mark.parametrize(("fault", "layer", "kind", "both"), FAULTS, ids=FAULT_NAMES)
@pytest.mark.parametrize("way", ["from", "to"])
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[..., None],
    layer: str,
    kind: type,
    both: bool,
    way: str,
) -> None:
    module = module_of(layer, bidirectional=both)
    sound = from_torch(module.state_dict())
    fault(monkeypatch, "PyTorch", kind)
    if way == "from":
        network = from_torch(module.state_dict())
    else:
        network, module = sound, loaded(module_of(layer, bidirectional=both), sound)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        agree(outputs(network, draw_inputs()), theirs(module, draw_inputs()))


def test_a_lost_bias_within_the_reset_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_of("gru")
    lose_inner_bias(monkeypatch, "PyTorch", GRU)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        agree(outputs(from_torch(module.state_dict()), draw_inputs()), theirs(module, draw_inputs()))
