"""Runs that start from a saved model: whose layers, whose symbols, and what is said about it."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from throughtime.core.errors import ModelFolderError, OptionError
from throughtime.data.encoders import ByteEncoder, NumberEncoder, SymbolEncoder
from throughtime.data.memory import MemorySource
from throughtime.tasks import Classify
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network, save_model
from throughtime.training.preparation import prepare
from throughtime.training.pretrained import matched_symbols, starting_network
from throughtime.training.runs import train
from throughtime.training.settings import Settings

NETWORK = {"cell": "gru", "hidden_size": 5, "embedding_size": 4}
TASK = Classify.fit([("one", None), ("two", None)])


def settings(*, seed: int = 0, start_from: Any = None, **network: Any) -> Settings:
    return Settings.parse(
        {
            "task": "classify",
            "seed": seed,
            "network": NETWORK | network,
            "training": {"start_from": start_from, "epochs": 1, "validation": 0},
        }
    )


def letters(text: str) -> SymbolEncoder:
    return SymbolEncoder.fit([text])


def saved(folder: Path, encoder: Any, **network: Any) -> Model:
    chosen = settings(seed=1, **network)
    model = Model(chosen, encoder, TASK, build_network(chosen, encoder, TASK), (8,))
    save_model(model, folder)
    return model


def test_symbols_have_their_own_numbers_in_each_vocabulary() -> None:
    source, target = letters("aaabbc"), letters("cccddba")
    assert (source.symbols, target.symbols) == (("<unknown>", *"abc"), ("<unknown>", *"cdab"))
    assert matched_symbols(source, target).tolist() == [0, 3, -1, 1, 2]
    assert matched_symbols(source, letters("xyz")).tolist() == [-1] * 4


def test_layers_and_vectors_of_the_saved_model(tmp_path: Path) -> None:
    source, encoder = saved(tmp_path / "lm", letters("aaabbc")), letters("cccddba")
    network, notes = starting_network(settings(start_from=tmp_path / "lm"), encoder, TASK)
    fresh = build_network(settings(), encoder, TASK)
    theirs = source.network.cells[0].weight
    np.testing.assert_array_equal(
        network.cells[0].weight[np.array([0, 1, 3, 4])], theirs[np.array([0, 3, 1, 2])]
    )
    np.testing.assert_array_equal(network.cells[0].weight[2], fresh.cells[0].weight[2])
    for ours, other in ((network.cells[1], source.network.cells[1]), (network.cells[2], fresh.cells[2])):
        jax.tree.map(np.testing.assert_array_equal, ours, other)
    taken = "embedding (4 of 5 symbols), layer 0 (GRU from 4 to 5); fresh: readout"
    assert notes == (f"taken from {tmp_path / 'lm'}: {taken}",)


def test_without_a_model_all_is_fresh() -> None:
    encoder = letters("ab")
    network, notes = starting_network(settings(), encoder, TASK)
    jax.tree.map(np.testing.assert_array_equal, network, build_network(settings(), encoder, TASK))
    assert notes == ()


def test_a_run_tells_where_it_started(tmp_path: Path) -> None:
    saved(tmp_path / "lm", letters("ab"))
    chosen = settings(start_from=str(tmp_path / "lm"))
    source = MemorySource(["abab", "aabb"] * 4, ["one", "two"] * 4)
    prepared = prepare(source, chosen)
    model = train(prepared, chosen)
    prepared.close()
    assert model.report["notes"][-1].startswith(f"taken from {tmp_path / 'lm'}: embedding (3 of 3 symbols)")
    assert "start_from" in chosen.to_toml()


@pytest.mark.parametrize(
    ("theirs", "network", "ours", "message"),
    [
        (ByteEncoder(), {}, letters("ab"), r"lm, a model that reads bytes, and these sequences are symbols"),
        (letters("ab"), {}, letters("xyz"), r"knows none of the 4 symbols of these sequences; start from a"),
        (
            letters("ab"),
            {"embedding_size": 3},
            letters("ab"),
            r"lm, and no layer fits: embedding \(Embedding from 3 to 3 there, Embedding from 3 to 4 here\), "
            r"layer 0 \(above one that is fresh\); give both networks the same cells and sizes, or leave",
        ),
        (
            NumberEncoder.fit([[[1.0, 2.0], [2.0, 1.0]]]),
            {},
            NumberEncoder.fit([[[1.0], [2.0]]]),
            r"no layer fits: layer 0 \(GRU from 2 to 5 there, GRU from 1 to 5 here\)",
        ),
    ],
    ids=["kind", "symbols", "embedding", "features"],
)
def test_a_model_that_does_not_fit(
    tmp_path: Path, theirs: Any, network: dict[str, Any], ours: Any, message: str
) -> None:
    saved(tmp_path / "lm", theirs, **network)
    with pytest.raises(OptionError, match=f"^start_from is .*{message}"):
        starting_network(settings(start_from=tmp_path / "lm"), ours, TASK)


def test_no_such_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"nowhere: there is no such model folder"):
        starting_network(settings(start_from=tmp_path / "nowhere"), letters("ab"), TASK)
    with pytest.raises(OptionError, match=r"start_from is 3; it has to be a valid string"):
        settings(start_from=3)
