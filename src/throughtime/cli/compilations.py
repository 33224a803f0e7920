"""Compiled functions kept from one run to the next, so that the same command compiles once."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path


def keep_compilations() -> None:
    """Let JAX keep every compilation in the user's cache folder, or where `JAX_COMPILATION_CACHE_DIR` says.

    A folder that cannot be written to is no error: everything is then compiled anew.
    """
    warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = _writable(_user_caches())
        if folder is None:
            return
        _set("jax_compilation_cache_dir", str(folder))
    _set("jax_persistent_cache_min_compile_time_secs", 0.0)
    _set("jax_persistent_cache_min_entry_size_bytes", -1)


def _set(name: str, value: str | int | float) -> None:
    import jax

    jax.config.update(name, value)  # type: ignore[no-untyped-call]


def _user_caches() -> Path | None:
    if "XDG_CACHE_HOME" in os.environ:
        return Path(os.environ["XDG_CACHE_HOME"])
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _writable(caches: Path | None) -> Path | None:
    if caches is None:
        return None
    folder = caches / "throughtime" / "compilations"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
