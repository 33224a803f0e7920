"""A learner of a stream on disk: `learner.safetensors` (all arrays) and `learner.json` (everything else)."""

import hashlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import jax
import jax.numpy as jnp
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from throughtime.core.errors import ModelFolderError
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.atomic import new_folder
from throughtime.training.model_folder import digest_of

CARD, ARRAYS = "learner.json", "learner.safetensors"
FORMAT: Final = "throughtime-online"
VERSION: Final = 1
MEND = "restore the folder from a copy, or learn the stream again"

Carried = TypeVar("Carried")
Fill = Callable[[Any], Any]
"""A function from a tree of shapes to that tree with the arrays that were read."""


class LearnerCard(BaseModel):
    """What `learner.json` holds: where the stream stands, and what the arrays' file must be.

    `rule` is the learning rule as Python shows it. `begun` tells whether the sequence has had an element.
    `estimator` is what the estimator that was saved knows besides. `digest` is the SHA-256 of all other
    fields.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["throughtime-online"] = FORMAT
    version: Literal[1] = VERSION
    created_by: str
    rule: str
    seed: int = Field(ge=0, lt=2**32)
    steps: int = Field(ge=0)
    begun: bool
    estimator: dict[str, Any] | None = None
    arrays_sha256: str
    digest: str = ""


def learner_bytes(facts: dict[str, Any], carried: object) -> tuple[bytes, bytes]:
    """Return card and arrays of a learner as the two files of its folder."""
    arrays = save(named_arrays(_without_keys(carried)))
    card = LearnerCard(
        created_by=f"throughtime {metadata.version('throughtime')}",
        arrays_sha256=hashlib.sha256(arrays).hexdigest(),
        **facts,
    )
    signed = card.model_copy(update={"digest": digest_of(card.model_dump(mode="json"))})
    return signed.model_dump_json(indent=1).encode(), arrays


def write_learner(folder: Path, facts: dict[str, Any], carried: object, *, overwrite: bool) -> None:
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
    card, arrays = learner_bytes(facts, carried)
    with new_folder(folder) as new:
        (new / ARRAYS).write_bytes(arrays)
        (new / CARD).write_bytes(card)


def read_learner(folder: Path, rule: str | None = None) -> tuple[dict[str, Any], Fill]:
    """Return what a folder says of a learner, and how to fill shapes with its arrays.

    Arguments:
        rule: what the learning rule has to be, as Python shows it; any when left out.

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
    return parse_learner(parts[0], parts[1], str(folder), rule)


def parse_learner(
    content: bytes, stored: bytes, source: str, rule: str | None = None
) -> tuple[dict[str, Any], Fill]:
    """Return what `learner_bytes` was given, as `read_learner` does; `source` is named in errors."""
    card = _read_card(content, f"{source}/{CARD}")
    if hashlib.sha256(stored).hexdigest() != card.arrays_sha256:
        raise ModelFolderError(
            f"{source}/{ARRAYS}: the arrays are not those that were saved ({len(stored)} bytes with another "
            f"checksum); {MEND}"
        )
    if rule is not None and card.rule != rule:
        raise ModelFolderError(
            f"{source}: was saved by a learner of the rule {card.rule}, and this one has {rule}; make it "
            "with the same rule"
        )
    try:
        arrays = load(stored)
    except SafetensorError as error:
        raise ModelFolderError(f"{source}/{ARRAYS}: not a file of arrays ({error}); {MEND}") from None

    def fill(shapes: Any) -> Any:
        plain = jax.eval_shape(_without_keys, shapes)
        return jax.tree.map(_with_key, shapes, with_arrays(plain, arrays, source))

    return card.model_dump(exclude={"format", "version", "created_by", "arrays_sha256", "digest"}), fill


def _read_card(content: bytes, source: str) -> LearnerCard:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise ModelFolderError(f"{source}: damaged, not JSON any more ({error}); {MEND}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ModelFolderError(
            f"{source}: not an online learner of throughtime; give a folder that its save() wrote"
        )
    if isinstance(values.get("version"), int) and values["version"] > VERSION:
        raise ModelFolderError(
            f"{source}: written in format {values['version']}, and this is throughtime "
            f"{metadata.version('throughtime')}, which reads up to {VERSION}; upgrade throughtime"
        )
    if values.get("digest") != digest_of(values):
        raise ModelFolderError(f"{source}: changed since it was saved, its digest does not match; {MEND}")
    try:
        return LearnerCard.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelFolderError(f"{source}: {where}: {first['msg']}; {MEND}") from None


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _without_keys(tree: Any) -> Any:
    """Return a tree with the numbers of its random keys, since a file holds numbers alone."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _with_key(shape: Any, numbers: Any) -> Any:
    return jax.random.wrap_key_data(numbers) if _is_key(shape) else numbers
