"""Keras twice in one process: it binds itself to its backend when it is imported.

Each backend gets a copy of Keras's modules of its own. A function of Keras may import others of its modules
when it is called, so the copy that is called has to be the one in `sys.modules`: `resident`.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

_copies: dict[str, dict[str, ModuleType]] = {}
_resident: list[str] = []


def resident(backend: str) -> Any:
    """Put the copy of Keras for a backend, `"jax"` or `"torch"`, into place, and return it."""
    if _resident != [backend]:
        loaded = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "keras"}
        if _resident:
            _copies[_resident[0]] = loaded
        for name in loaded:
            del sys.modules[name]
        sys.modules.update(_copies.get(backend, {}))
        _resident[:] = [backend]
    os.environ["KERAS_BACKEND"] = backend
    keras = importlib.import_module("keras")
    assert keras.backend.backend() == backend
    return keras
