"""Every peer, and which of them are installed."""

import importlib
from dataclasses import dataclass
from importlib import metadata
from typing import cast

from benchmarks.kernels.ways import Peer

MODULES: dict[str, tuple[str, ...]] = {
    "plain_scan": ("jax",),
    "torch_layers": ("torch",),
    "torch_compiled": ("torch",),
    "flax_rnn": ("flax",),
    "keras_rnn": ("keras", "torch"),
    "torchrecurrent_layers": ("torchrecurrent", "torch"),
    "onnx_runtime": ("onnxruntime", "onnx"),
}
"""The file of each peer, and the packages that it needs."""

OPTIONAL = ("torch_compiled",)
"""Left out unless asked for."""


@dataclass(frozen=True)
class Peers:
    """The peers of a run: those that are there, why others are not, and the versions of their packages."""

    present: dict[str, Peer]
    missing: dict[str, str]
    versions: dict[str, str]


def find(names: tuple[str, ...]) -> Peers:
    """Import the peers that are installed."""
    present: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    versions: dict[str, str] = {}
    for name in names:
        absent = [package for package in MODULES[name] if _version(package) is None]
        if absent:
            missing[name] = f"{', '.join(absent)} not installed"
            continue
        present[name] = cast(Peer, importlib.import_module(f"benchmarks.kernels.{name}"))
        versions |= {package: _version(package) or "" for package in MODULES[name]}
    return Peers(present, missing, versions)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
