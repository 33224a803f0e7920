"""A Gauss-Newton product beside a gradient of the same network: over plain steps, and through its kernel."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from throughtime.core.fused import OFF, instruction_set
from throughtime.learning import BPTT, gauss_newton
from throughtime.networks.architecture import Architecture
from throughtime.problems import Adding

BATCH_SIZES = (200, 1000)
HIDDEN, LENGTH = 100, 50
PRODUCTS = 10
REPEATS = 7


def measure() -> list[dict[str, object]]:
    """Return the milliseconds of a gradient and of a product; ten products share what is set up."""
    problem = Adding(length=LENGTH, version="martens")
    sizes = {"feature_count": problem.feature_count, "output_size": problem.output_size}
    rows: list[dict[str, object]] = []
    for cell in ("elman", "gru"):
        network = Architecture(cell=cell, hidden_size=HIDDEN).build(**sizes, key=jax.random.key(0))
        for batch_size in BATCH_SIZES:
            examples = [jnp.asarray(part) for part in problem.draw(batch_size, np.random.default_rng(0))]
            gradient = _milliseconds(_gradient, network, *examples)
            plain = _milliseconds(_products, network, *examples) / PRODUCTS
            kernel = _milliseconds(_products_of_kernels, network, *examples) / PRODUCTS
            rows.append(
                {
                    "cell": cell,
                    "batch_size": batch_size,
                    "gradient_ms": gradient,
                    "product_ms": plain,
                    "product_of_kernel_ms": kernel,
                    "product_to_gradient": plain / gradient,
                    # Products go over plain steps, which has to be the quicker way.
                    "reached": plain <= kernel,
                }
            )
    return rows


def _milliseconds(function: Callable[..., Any], *arguments: Any) -> float:
    compiled = jax.jit(function)
    jax.block_until_ready(compiled(*arguments))
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def _gradient(network: Any, inputs: Any, targets: Any, mask: Any, lengths: Any) -> Any:
    mask = mask / mask.sum()
    return BPTT().gradient(network, Adding.loss, (), None, inputs, targets, mask, lengths=lengths).gradient


def _products(network: Any, inputs: Any, targets: Any, mask: Any, lengths: Any) -> Any:
    curvature = gauss_newton(
        network, Adding.loss, inputs, targets, mask / mask.sum(), lengths=lengths, probe_key=jax.random.key(0)
    )

    def next_direction(_: int, direction: Any) -> Any:
        product = curvature.product(direction, jnp.float32(0.01))
        longest = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(product)))
        return jax.tree.map(lambda leaf: leaf / longest, product)

    start = jax.tree.map(jnp.ones_like, eqx.filter(network, eqx.is_inexact_array))
    return jax.lax.fori_loop(0, PRODUCTS, next_direction, start)


def _products_of_kernels(*arguments: Any) -> Any:
    """Return the same, with the tangents of the cell's kernel, which run the network anew each time."""
    module = sys.modules[gauss_newton.__module__]
    module.OFF = instruction_set()  # type: ignore[attr-defined]
    try:
        return _products(*arguments)
    finally:
        module.OFF = OFF  # type: ignore[attr-defined]
