"""Loading the native code: one shared library for each instruction set, registered with XLA."""

import ctypes
import functools
from pathlib import Path

import jax

from throughtime.kernels.families import FAMILIES

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
"""From the least to the most: SSE2 or NEON, as every processor of its kind has; AVX2 with FMA; AVX-512."""

PASSES = ("infer", "train", "backward", "weights")
DTYPES = ("float32", "float64")

_FOLDER = Path(__file__).parent


@functools.cache
def available() -> tuple[str, ...]:
    """Return the instruction sets that were built and that this processor has, the fastest last."""
    baseline = _file("baseline")
    if not baseline.is_file():
        return ()
    processor_has = ctypes.CDLL(str(baseline)).throughtime_processor_has
    return tuple(
        name
        for number, name in enumerate(INSTRUCTION_SETS)
        if _file(name).is_file() and processor_has(number)
    )


@functools.cache
def load(instruction_set: str) -> None:
    """Make the functions built for an instruction set known to XLA."""
    library = open_library(instruction_set)
    for dtype in DTYPES:
        parts = [_target(family, dtype, part) for family in FAMILIES for part in PASSES]
        for target in (*parts, _target(None, dtype, "inputs")):
            capsule = jax.ffi.pycapsule(getattr(library, f"throughtime_{target}"))
            jax.ffi.register_ffi_target(f"throughtime_{instruction_set}_{target}", capsule, platform="cpu")


@functools.cache
def open_library(instruction_set: str) -> ctypes.CDLL:
    """Return the native code built for an instruction set."""
    return ctypes.CDLL(str(_file(instruction_set)))


def target_name(instruction_set: str, family: str | None, dtype: str, part: str) -> str:
    """Return the name by which XLA knows a function; the gradient by the inputs is no family's own."""
    return f"throughtime_{instruction_set}_{_target(family, dtype, part)}"


def _target(family: str | None, dtype: str, part: str) -> str:
    return f"{dtype}_{part}" if family is None else f"{family}_{dtype}_{part}"


def _file(instruction_set: str) -> Path:
    return _FOLDER / f"libthroughtime_{instruction_set}.so"
