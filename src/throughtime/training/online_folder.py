"""A learner of a stream on disk: `learner.safetensors` (all arrays) and `learner.json` (everything else)."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field
from safetensors import SafetensorError
from safetensors.numpy import load, save

from throughtime.core.errors import ModelFolderError
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.atomic import new_folder
from throughtime.training.card import Card, read_card, this_version

CARD, ARRAYS = "learner.json", "learner.safetensors"
MEND = "restore the folder from a copy, or learn the stream again"

Fill = Callable[[Any], Any]
"""A function from a tree of shapes to that tree with the arrays that were read."""


class LearnerCard(Card):
    """What `learner.json` holds: where the stream stands, and what the arrays' file must be.

    `rule` is the learning rule as Python shows it. `begun` tells whether the sequence has had an element.
    """

    foreign = "not an online learner of throughtime; give a folder that its save() wrote"
    mend = MEND

    format: Literal["throughtime-online"] = "throughtime-online"
    version: Literal[1] = 1
    rule: str
    seed: int = Field(ge=0, lt=2**32)
    steps: int = Field(ge=0)
    begun: bool
    arrays_sha256: str


class Position(NamedTuple):
    """Where a stream stands: as `LearnerCard` has it."""

    rule: str
    seed: int
    steps: int
    begun: bool


def write_learner(folder: Path, position: Position, carried: object, *, overwrite: bool) -> None:
    """Write the folder of a learner: complete, or not at all.

    **Raises**

        ModelFolderError: the folder exists and `overwrite` is false, or it is no learner's.
        UsageError: the disk is full or cannot be written to; an older folder is as it was.
    """
    if folder.exists():
        if not overwrite:
            raise ModelFolderError(f"{folder}: exists already; choose another folder, or pass overwrite=True")
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CARD).exists()):
            raise ModelFolderError(
                f"{folder}: holds no learner, so overwrite=True does not replace it; choose another folder"
            )
    arrays = save(named_arrays(_without_keys(carried)))
    card = LearnerCard(
        created_by=this_version(),
        arrays_sha256=hashlib.sha256(arrays).hexdigest(),
        **position._asdict(),
    )
    with new_folder(folder) as new:
        (new / ARRAYS).write_bytes(arrays)
        (new / CARD).write_bytes(card.to_bytes())


def read_learner(folder: Path, rule: str) -> tuple[Position, Fill]:
    """Return what a folder says of a learner, and how to fill shapes with its arrays.

    Arguments:
        rule: what the learning rule has to be, as Python shows it.

    **Raises**

        ModelFolderError: the folder is missing, damaged, foreign, tampered with, of a newer version or of
            another rule.
    """
    parts = []
    for name in (CARD, ARRAYS):
        try:
            parts.append((folder / name).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise ModelFolderError(
                f"{folder}: not the folder of an online learner, {name} is missing; give a folder that its "
                "save() wrote"
            ) from None
        except OSError as error:
            raise ModelFolderError(f"{folder / name}: cannot be read: {error.strerror}") from None
    content, stored = parts
    card = read_card(LearnerCard, content, f"{folder}/{CARD}")
    if hashlib.sha256(stored).hexdigest() != card.arrays_sha256:
        raise ModelFolderError(
            f"{folder}/{ARRAYS}: the arrays are not those that were saved ({len(stored)} bytes with another "
            f"checksum); {MEND}"
        )
    if card.rule != rule:
        raise ModelFolderError(
            f"{folder}: was saved by a learner of the rule {card.rule}, and this one has {rule}; make it "
            "with the same rule"
        )
    try:
        arrays = load(stored)
    except SafetensorError as error:
        raise ModelFolderError(f"{folder}/{ARRAYS}: not a file of arrays ({error}); {MEND}") from None

    def fill(shapes: Any) -> Any:
        plain = jax.eval_shape(_without_keys, shapes)
        return jax.tree.map(_with_key, shapes, with_arrays(plain, arrays, str(folder)))

    return Position(card.rule, card.seed, card.steps, card.begun), fill


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _without_keys(tree: Any) -> Any:
    """Return a tree with the numbers of its random keys, since a file holds numbers alone."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _with_key(shape: Any, numbers: Any) -> Any:
    return jax.random.wrap_key_data(numbers) if _is_key(shape) else numbers
