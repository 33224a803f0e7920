"""A model on disk: a folder with `model.safetensors` (the weights) and `model.json` (everything else)."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import jax
from safetensors import SafetensorError
from safetensors.numpy import load, save

from throughtime.core.errors import ModelFolderError
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.encoders import SequenceEncoder
from throughtime.tasks import AnyTask, Task
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.atomic import new_folder
from throughtime.training.card import Card, read_card, this_version
from throughtime.training.model import Model
from throughtime.training.settings import Settings

CARD, WEIGHTS, RECIPE = "model.json", "model.safetensors", "recipe.toml"
MEND = "restore the folder from a copy, or train again"


class ModelCard(Card):
    """What `model.json` holds: how to build the network and read its input, and what the weights' file must
    be."""

    foreign = "not a model of throughtime; give a folder that `throughtime fit` wrote"
    mend = MEND

    format: Literal["throughtime-model"] = "throughtime-model"
    version: Literal[1] = 1
    settings: Settings
    encoder: SequenceEncoder
    task: AnyTask
    boundaries: tuple[int, ...]
    report: dict[str, Any]
    weights_sha256: str


def to_bytes(model: Model) -> tuple[bytes, bytes]:
    """Return card and weights of a model as the two files of its folder."""
    weights = save(named_arrays(model.network))
    card = ModelCard(
        created_by=this_version(),
        settings=model.settings,
        encoder=model.encoder,
        task=model.task,  # type: ignore[arg-type]  # pydantic checks that it is one of AnyTask
        boundaries=model.boundaries,
        report=model.report,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    return card.to_bytes(), weights


def from_bytes(card_bytes: bytes, weights: bytes, source: str = "the model") -> Model:
    """Return the model that `to_bytes` wrote.

    Arguments:
        source: where the bytes come from, named in errors.

    **Raises**

        ModelFolderError: damaged, foreign, tampered with, or of a newer version.
    """
    card = read_card(ModelCard, card_bytes, f"{source}/{CARD}")
    if hashlib.sha256(weights).hexdigest() != card.weights_sha256:
        raise ModelFolderError(
            f"{source}/{WEIGHTS}: the weights are not those that were saved ({len(weights)} bytes with "
            f"another checksum); {MEND}"
        )
    try:
        arrays = load(weights)
    except SafetensorError as error:
        raise ModelFolderError(f"{source}/{WEIGHTS}: not a file of weights ({error}); {MEND}") from None
    network = with_arrays(
        jax.eval_shape(lambda: build_network(card.settings, card.encoder, card.task)), arrays, source
    )
    return Model(card.settings, card.encoder, card.task, network, card.boundaries, card.report)


def build_network(settings: Settings, encoder: SequenceEncoder, task: Task) -> Network:
    """Return the network for an encoder and a task, with the fresh weights of the settings' seed."""
    return task.built(
        settings.network,
        vocabulary_size=encoder.vocabulary_size,
        feature_count=encoder.feature_count,
        letters=encoder.letters_read,
        key=key_for(settings.seed, "weights"),
        head_key=key_for(settings.seed, "head"),
    )


def save_model(model: Model, folder: str | Path, *, overwrite: bool = False) -> None:
    """Write a model folder: complete, or not at all.

    **Raises**

        ModelFolderError: the folder exists and `overwrite` is false.
        UsageError: the disk is full or cannot be written to; an older folder is as it was.
    """
    folder = Path(folder)
    check_free(folder, overwrite=overwrite)
    card, weights = to_bytes(model)
    with new_folder(folder) as new:
        (new / WEIGHTS).write_bytes(weights)
        (new / CARD).write_bytes(card)
        (new / RECIPE).write_text(model.settings.to_toml(), encoding="utf-8")


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Raise `ModelFolderError` unless nothing is at `folder`, or only a model that may be replaced."""
    if not folder.exists():
        return
    if not overwrite:
        raise ModelFolderError(
            f"{folder}: exists already; choose another --out, or replace it with --overwrite"
        )
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CARD).exists()):
        raise ModelFolderError(
            f"{folder}: is not a model folder, so --overwrite does not replace it; choose another --out"
        )


def load_model(folder: str | Path) -> Model:
    """Return the model in a folder.

    **Raises**

        ModelFolderError: the folder is missing, damaged, foreign, tampered with, or of a newer version.
    """
    folder = Path(folder)
    if not folder.is_dir():
        older = folder.with_name(folder.name + ".old")
        if older.is_dir():
            raise ModelFolderError(
                f"{folder}: is missing, and {older} is there: replacing a model was cut off at the last "
                "moment; "
                f"rename {older.name} to {folder.name} to have the older model back"
            )
        raise ModelFolderError(
            f"{folder}: there is no such model folder; give the folder that --out named when it was trained"
        )
    parts = []
    for name in (CARD, WEIGHTS):
        try:
            parts.append((folder / name).read_bytes())
        except FileNotFoundError:
            raise ModelFolderError(f"{folder}: not a model folder, {name} is missing; {MEND}") from None
        except OSError as error:
            raise ModelFolderError(f"{folder / name}: cannot be read: {error.strerror}") from None
    return from_bytes(parts[0], parts[1], str(folder))
