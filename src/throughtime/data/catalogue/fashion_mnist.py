"""Pictures of clothes as sequences: row by row, or pixel by pixel in a shuffled order."""

import gzip
from pathlib import Path

import numpy as np

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import DebianPackage, unpack_debian

NAMES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
SEED = 92916
"""Of the order of the pixels, the same for every picture."""


def _extract(archive: Path, folder: Path) -> None:
    unpack_debian(archive, folder)
    order = np.random.default_rng(SEED).permutation(784)
    for part, prefix in (("train", "train"), ("test", "t10k")):
        pictures = _array(folder / "usr/share/datasets/fashion-mnist", f"{prefix}-images-idx3-ubyte.gz")
        labels = _array(folder / "usr/share/datasets/fashion-mnist", f"{prefix}-labels-idx1-ubyte.gz")
        named = np.array(NAMES)[labels]
        pixels = pictures.reshape(len(pictures), 784, 1)
        np.savez_compressed(folder / f"rows_{part}.npz", X=pictures, y=named)
        np.savez_compressed(folder / f"shuffled_pixels_{part}.npz", X=pixels[:, order], y=named)


def _array(folder: Path, name: str) -> np.ndarray:
    """Return an array of bytes as the IDX format has it: two zeros, a type, the number of axes, the sizes."""
    with gzip.open(folder / name) as file:
        content = file.read()
    axes = content[3]
    sizes = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


FASHION_MNIST = Entry(
    package=DebianPackage(
        "dataset-fashion-mnist",
        "0.0~git20200523.55506a9-1",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    ),
    licence="MIT",
    citation="Xiao, Rasul & Vollgraf 2017, 'Fashion-MNIST', arXiv 1708.07747",
    files=("rows_train.npz", "rows_test.npz", "shuffled_pixels_train.npz", "shuffled_pixels_test.npz"),
    extract=_extract,
)
