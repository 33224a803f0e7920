"""Compile quickly: the laws compile many small programs and run each of them a few times."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax

# XLA without its optimisations, and with the older code generator for fused loops: a third of the time.
_QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}


@functools.cache
def _options() -> Mapping[str, Any] | None:
    """Return the compiler's options, or none if this version of XLA no longer knows them."""
    try:
        jax.jit(lambda x: x + 1, compiler_options=_QUICK)(0.0)
    except Exception:
        return None
    return _QUICK


@functools.cache
def quick_jit(function: Callable[..., Any], *static: str) -> Callable[..., Any]:
    """Return `jax.jit(function)`, compiled quickly; the same function gives the same compiled one."""
    return jax.jit(function, static_argnames=static, compiler_options=_options())
