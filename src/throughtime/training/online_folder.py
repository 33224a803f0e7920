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

    `rule` is the learning rule as Python shows it, `moves` what tells optimisers apart. `begun` tells whether
    the sequence has had an element. `estimator` is what an estimator says of itself.
    """

    foreign = "not an online learner of throughtime; give a folder that its save() wrote"
    mend = MEND

    format: Literal["throughtime-online"] = "throughtime-online"
    version: Literal[1] = 1
    rule: str
    moves: tuple[float, ...]
    seed: int = Field(ge=0, lt=2**32)
    steps: int = Field(ge=0)
    begun: bool
    estimator: dict[str, Any] = Field(default_factory=dict)
    arrays_sha256: str


class Position(NamedTuple):
    """Where a stream stands, and how it is learned: as `LearnerCard` has it."""

    rule: str
    moves: tuple[float, ...]
    seed: int
    steps: int
    begun: bool


class SavedLearner(NamedTuple):
    """A learner that was read.

    `estimator`: what an estimator said of itself, nothing if there was none. `fill`: makes arrays of a tree
    of shapes. `source`: where it is from, for messages.
    """

    position: Position
    estimator: dict[str, Any]
    fill: Fill
    source: str


def write_learner(
    folder: Path,
    position: Position,
    carried: object,
    *,
    overwrite: bool,
    estimator: dict[str, Any] | None = None,
) -> None:
    """Write the folder of a learner: complete, or not at all.

    **Raises**

        ModelFolderError: the folder exists and `overwrite` is false, or it is no learner's.
        UsageError: the disk is full or cannot be written to; an older folder is as it was.
    """
    check_place(folder, overwrite=overwrite)
    card, arrays = learner_bytes(position, carried, estimator)
    with new_folder(folder) as new:
        (new / ARRAYS).write_bytes(arrays)
        (new / CARD).write_bytes(card)


def check_place(folder: Path, *, overwrite: bool) -> None:
    """Raise `ModelFolderError` unless a learner can be written there."""
    if folder.exists():
        if not overwrite:
            raise ModelFolderError(f"{folder}: exists already; choose another folder, or pass overwrite=True")
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CARD).exists()):
            raise ModelFolderError(
                f"{folder}: holds no learner, so overwrite=True does not replace it; choose another folder"
            )


def learner_bytes(
    position: Position, carried: object, estimator: dict[str, Any] | None = None
) -> tuple[bytes, bytes]:
    """Return the two files of a learner's folder, the card first."""
    arrays = save(named_arrays(_without_keys(carried)))
    card = LearnerCard(
        created_by=this_version(),
        arrays_sha256=hashlib.sha256(arrays).hexdigest(),
        estimator=estimator or {},
        **position._asdict(),
    )
    return card.to_bytes(), arrays


def read_learner(folder: Path) -> SavedLearner:
    """Return what a folder holds.

    **Raises**

        ModelFolderError: the folder is missing, damaged, foreign, tampered with or of a newer version.
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
    card, arrays = parts
    return parse_learner(card, arrays, str(folder))


def parse_learner(card: bytes, arrays: bytes, source: str) -> SavedLearner:
    """Return what the two files of a learner's folder hold; see `read_learner`.

    Arguments:
        source: where they are from, named in errors.
    """
    said = read_card(LearnerCard, card, f"{source}/{CARD}")
    if hashlib.sha256(arrays).hexdigest() != said.arrays_sha256:
        raise ModelFolderError(
            f"{source}/{ARRAYS}: the arrays are not those that were saved ({len(arrays)} bytes with another "
            f"checksum); {MEND}"
        )
    try:
        loaded = load(arrays)
    except SafetensorError as error:
        raise ModelFolderError(f"{source}/{ARRAYS}: not a file of arrays ({error}); {MEND}") from None

    def fill(shapes: Any) -> Any:
        plain = jax.eval_shape(_without_keys, shapes)
        return jax.tree.map(_with_key, shapes, with_arrays(plain, loaded, source))

    position = Position(*(getattr(said, name) for name in Position._fields))
    return SavedLearner(position, said.estimator, fill, source)


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _without_keys(tree: Any) -> Any:
    """Return a tree with the numbers of its random keys, since a file holds numbers alone."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _with_key(shape: Any, numbers: Any) -> Any:
    return jax.random.wrap_key_data(numbers) if _is_key(shape) else numbers
