"""The card of a saved folder: a JSON file that says what the folder holds, and notices changes by hand."""

import hashlib
import json
from importlib import metadata
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from throughtime.core.errors import ModelFolderError


class Card(BaseModel):
    """What every card has. A kind of card gives `format` and `version` their one value.

    `digest` is the SHA-256 of all other fields. `foreign` and `mend` are for messages: what another file is
    not, and what to do about one that is damaged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    foreign: ClassVar[str]
    mend: ClassVar[str]

    format: str
    version: int
    created_by: str
    digest: str = ""

    def to_bytes(self) -> bytes:
        """Return the card as a file, with the digest of its other fields."""
        signed = self.model_copy(update={"digest": _digest_of(self.model_dump(mode="json"))})
        return signed.model_dump_json(indent=1).encode()


AnyCard = TypeVar("AnyCard", bound=Card)


def read_card(kind: type[AnyCard], content: bytes, source: str) -> AnyCard:
    """Return the card of a kind that `Card.to_bytes` wrote.

    Arguments:
        source: where the file is, named in errors.

    **Raises**

        ModelFolderError: damaged, foreign, tampered with, or of a newer version.
    """
    mine, latest = (kind.model_fields[name].default for name in ("format", "version"))
    try:
        values = json.loads(content)
    except ValueError as error:
        raise ModelFolderError(f"{source}: damaged, not JSON any more ({error}); {kind.mend}") from None
    if not isinstance(values, dict) or values.get("format") != mine:
        raise ModelFolderError(f"{source}: {kind.foreign}")
    if isinstance(values.get("version"), int) and values["version"] > latest:
        raise ModelFolderError(
            f"{source}: written in format {values['version']} by "
            f"{values.get('created_by', 'a newer throughtime')}, and this is {this_version()}, which "
            f"reads up to {latest}; upgrade throughtime"
        )
    if values.get("digest") != _digest_of(values):
        raise ModelFolderError(
            f"{source}: changed since it was saved, its digest does not match; {kind.mend}"
        )
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelFolderError(f"{source}: {where}: {first['msg']}; {kind.mend}") from None


def this_version() -> str:
    """Return the name and version of this package, as cards have it."""
    return f"throughtime {metadata.version('throughtime')}"


def _digest_of(values: dict[str, Any]) -> str:
    content = {name: value for name, value in values.items() if name != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
