"""Seven exercises of the shoulder, felt by a watch, as windows of four seconds; three people are held out."""

import codecs
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.core.errors import DataError
from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import WheelPackage

HELD_OUT = (8, 9, 10)
"""The people of the test part, of ten."""

WINDOW = 200
"""Steps of a window, at 50 a second; the next one begins in the middle of it."""

NAMES = ("pendulum", "abduction", "elevation", "inner rotation", "outer rotation", "trapezius", "row")


PARTS_OF_ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"): np.asarray(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.asarray(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
}
"""What the pickle of an array names, and what that is: nothing that could do harm."""


class _Arrays(pickle.Unpickler):
    """Reads arrays, and nothing that could run."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few things that an array is made of."""
        if (module, name) not in PARTS_OF_ARRAYS:
            raise DataError(f"the data set holds a {module}.{name}, which is no array; nothing was read")
        return PARTS_OF_ARRAYS[module, name]


def _extract(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as package:
        file = io.BytesIO(package.read("seglearn/data/watch_dataset.npy"))
    np.lib.format.read_magic(file)
    np.lib.format.read_array_header_1_0(file)
    held = _Arrays(file).load().item()
    for part in ("train", "test"):
        windows, labels = [], []
        for recording, label, person in zip(held["X"], held["y"], held["subject"], strict=True):
            if (int(person) in HELD_OUT) != (part == "test"):
                continue
            for start in range(0, len(recording) - WINDOW + 1, WINDOW // 2):
                windows.append(recording[start : start + WINDOW])
                labels.append(NAMES[int(label)])
        arrays = np.stack(windows).astype(np.float32)
        np.savez_compressed(folder / f"{part}.npz", X=arrays, y=np.array(labels))


WATCH_MOVEMENTS = Entry(
    package=WheelPackage(
        "seglearn", "1.2.5", "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd"
    ),
    licence="BSD-3-Clause",
    citation=(
        "Burns, Leung, Hardisty, Whyne, Henry & McLachlin 2018, 'Shoulder physiotherapy exercise "
        "recognition: machine learning the inertial signals from a smartwatch', Physiological Measurement 39"
    ),
    files=("train.npz", "test.npz"),
    extract=_extract,
)
