"""The rate of the machine: a large matrix product in float32, by each library that has a fast one."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.kernels.work import CORES

SIZE = 1024


def products() -> dict[str, Callable[[], object]]:
    """Return JAX's product, and PyTorch's or, where that is missing, NumPy's; each has been run once."""
    square = np.random.default_rng(1).normal(size=(SIZE, SIZE)).astype(np.float32)
    on_device = jnp.asarray(square)
    compiled = jax.jit(jnp.matmul).lower(on_device, on_device).compile()
    found: dict[str, Callable[[], object]] = {
        "jax_gemm": lambda: jax.block_until_ready(compiled(on_device, on_device))
    }
    try:
        import torch
    except ModuleNotFoundError:
        found["numpy_gemm"] = lambda: square @ square
    else:
        tensor = torch.from_numpy(square)

        def by_torch() -> object:
            torch.set_num_threads(CORES)
            return tensor @ tensor

        found["torch_gemm"] = by_torch
    for product in found.values():
        product()
    return found


def rate(seconds: Mapping[str, float]) -> float:
    """Return the multiply-adds a second of the fastest of the products."""
    return SIZE**3 / min(seconds.values())
