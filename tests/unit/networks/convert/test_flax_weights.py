"""Nested weights of Flax: what is inferred from them, and what is wrong with some."""

from typing import Any

import jax
import numpy as np
import pytest

from throughtime import GRU, LSTM, Bidirectional, Chain, Elman, MeanPooling, ResetBeforeGRU
from throughtime.core.errors import ConversionError, OptionError
from throughtime.core.sequence_map import SequenceMap
from throughtime.networks.convert import from_flax, to_flax

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def cell(gates: int, **changed: Any) -> dict[str, Any]:
    """Return the weights of a cell of 5 units that reads 3 numbers."""
    weights: dict[str, Any] = {
        "dense_i": {"kernel": drawn(3, gates * 5)},
        "dense_h": {"kernel": drawn(5, gates * 5)},
    }
    weights["dense_h" if gates == 4 else "dense_i"]["bias"] = drawn(gates * 5)
    return weights | changed


def by_gate(**changed: Any) -> dict[str, Any]:
    weights: dict[str, Any] = {name: {"kernel": drawn(3, 5)} for name in ("ii", "if_", "ig", "io")}
    weights |= {name: {"kernel": drawn(5, 5), "bias": drawn(5)} for name in ("hi", "hf", "hg", "ho")}
    return weights | changed


def test_names_and_shapes_tell_the_network() -> None:
    assert [type(from_flax(weights)) for weights in (cell(1), cell(3), cell(4), by_gate())] == [
        Elman,
        GRU,
        LSTM,
        LSTM,
    ]
    with_extras = {"cell": cell(3), "rngs": {"key": "any", "count": 3}}
    assert isinstance(from_flax(with_extras), GRU)
    assert isinstance(from_flax({"forward_rnn": with_extras, "backward_rnn": with_extras}), Bidirectional)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (cell(3, dense_i={"kernel": drawn(3, 15)}), r"layer 0: dense_i.bias is missing; there are"),
        ({"kernel": drawn(3, 5)}, r"layer 0: dense_i.kernel is missing; .*give nnx.state\(layer\) of one"),
        (cell(3, norm={"scale": drawn(5)}), r"layer 0: norm.scale is unknown; expected are"),
        ({"cell": cell(3), "head": {"kernel": drawn(5, 2)}}, r"layer 0: head.kernel is unknown"),
        ({"forward_rnn": {"cell": cell(3)}}, r"backward_rnn.dense_i.kernel is missing; there are no"),
        (
            {"forward_rnn": {"cell": cell(3)}, "backward_rnn": {"cell": cell(3)}, "more": drawn(3)},
            r"layer 0: more is unknown; give nnx.state",
        ),
        (
            cell(3, dense_h={"kernel": drawn(5, 10)}),
            r"layer 0: dense_h.kernel has the shape \[5, 10\]; expected \[H, H\] of a SimpleCell",
        ),
        (
            cell(3, dense_i={"kernel": drawn(3, 5), "bias": drawn(15)}),
            r"layer 0: dense_i.kernel has the shape \[3, 5\]; expected \[3, 15\], because layer 0",
        ),
        (
            cell(3, dense_i={"kernel": drawn(3, 15), "bias": drawn(5)}),
            r"layer 0: dense_i.bias has the shape \[5\]; expected \[15\]",
        ),
        (by_gate(hf={"kernel": drawn(5, 5)}), r"layer 0: hf.bias is missing"),
        (by_gate(if_={"kernel": drawn(4, 5)}), r"if_.kernel has the shape \[4, 5\]; expected \[3, 5\]"),
        (object(), r"layer 0 is of type object; give nnx.state"),
    ],
)
def test_what_are_no_weights(layer: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_flax(layer)


def test_no_layers() -> None:
    with pytest.raises(ConversionError, match=r"there are no layers; give nnx.state\(layer\)"):
        from_flax()


class Reversed(SequenceMap):
    """A sequence map that no other library has."""

    input_size: int = 5
    output_size: int = 5

    def run(self, inputs: Any, *, lengths: Any = None, key: Any = None) -> Any:
        return (), inputs[::-1]


def test_what_flax_lacks() -> None:
    gru = from_flax(cell(3))
    (weights,) = to_flax(gru)
    assert list(weights) == ["cell"]
    biased = jax.tree.map(lambda leaf: leaf + 1, gru)
    with pytest.raises(ConversionError, match=r"a bias within the reset \(candidate_bias\), and Flax"):
        to_flax(biased)
    for network, message in (
        (
            ResetBeforeGRU(3, 5, key=KEY),
            r"Flax has no cell like ResetBeforeGRU; it has those of Elman, IRNN, LSTM, GRU",
        ),
        (MeanPooling(3), r"Flax has no cell like MeanPooling"),
        (Chain([gru, Reversed()]), r"Flax has no layer like Reversed; give the recurrent layers alone"),
    ):
        with pytest.raises(ConversionError, match=message):
            to_flax(network)
    with pytest.raises(OptionError, match=r"lstm is 'LSTM' \(did you mean 'LSTMCell'\?\)"):
        to_flax(gru, lstm="LSTM")  # type: ignore[arg-type]
