"""What a step under a learning rule costs: how it grows with the size, and how near the machine's best it is.

- `growth`: fitted exponents of time and of memory (the trace) a step against n units of a dense Elman network
  that reads n numbers, n = 16 to 128. RTRL: about 4 and 3; the others: about 2, or less where overheads rule.
- `matrix_products`: an RTRL step of a dense LSTM, in floating-point operations of the products D J that are
  made, as a share of the rate of one large matrix product in the same run.
- `stream`: the bytes carried after 100 steps and after 100,000.
- `elementwise`: an element-wise LSTM under RTRL beside its own forward pass.
"""

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.comparing import in_turn
from throughtime import (
    BPTT,
    LSTM,
    RTRL,
    UORO,
    Cell,
    ElementwiseLSTM,
    Elman,
    LearningRule,
    SnAp,
    initial_states,
    unroll,
)

SIZES = (16, 32, 64, 128)
SLOPES: dict[str, tuple[LearningRule, float, float | None]] = {
    "rtrl": (RTRL(), 4.0, 3.0),
    "bptt": (BPTT(), 2.0, None),
    "snap": (SnAp(), 2.0, 2.0),
    "uoro": (UORO(), 2.0, 2.0),
}
"""Each rule with the exponents of time and of memory that are expected of it."""
NEAR = 0.5
"""How far a fitted exponent may lie above."""
SHARE = 0.4
TIMES_FORWARD = 3.0
STEPS = 16
ROUNDS = 11


def measure() -> Iterator[dict[str, object]]:
    """Yield the rows, one after another."""
    yield from _growth()
    for hidden in (32, 64):
        yield _matrix_products(hidden)
    yield _stream()
    for hidden in (64, 256):
        yield _elementwise(hidden)


def _loss(output: Any, target: Any) -> Any:
    return jnp.sum((output - target) ** 2)


def _chunk(rule: LearningRule, cell: Cell, steps: int, batch: int = 1) -> Callable[[], Any]:
    """Return a call of the rule on a chunk, compiled, from a trace that is there."""
    draw = np.random.default_rng(0)
    inputs = jnp.asarray(draw.normal(size=(steps, batch, cell.input_size)), jnp.float32)
    targets = jnp.zeros((steps, batch, cell.output_size))
    mask = jnp.ones((steps, batch))
    trace, state = rule.start(cell, batch, jax.random.key(0)), initial_states(cell, batch)
    compiled = jax.jit(
        lambda cell, trace, state: rule.gradient(cell, _loss, trace, state, inputs, targets, mask)
    )
    return lambda: jax.block_until_ready(compiled(cell, trace, state))


def _bytes(tree: Any) -> int:
    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact))


def _growth() -> Iterator[dict[str, object]]:
    cells = {size: Elman(size, size, key=jax.random.key(size)) for size in SIZES}
    ways = {
        f"{name} {size}": _chunk(rule, cell, STEPS)
        for name, (rule, *_) in SLOPES.items()
        for size, cell in cells.items()
    }
    seconds = in_turn(ways, rounds=ROUNDS)
    for name, (rule, time_bar, memory_bar) in SLOPES.items():
        times = [min(seconds[f"{name} {size}"]) / STEPS for size in SIZES]
        memory = [_bytes(rule.start(cell, 1, jax.random.key(0))) for cell in cells.values()]
        # Below, overheads hide the products; the exponent is that of the upper half.
        slope = _slope(SIZES[1:], times[1:])
        memory_slope = None if memory_bar is None else _slope(SIZES[1:], memory[1:])
        yield {
            "what": "growth",
            "rule": name,
            "sizes": list(SIZES),
            "us_a_step": [round(1e6 * value, 2) for value in times],
            "trace_bytes": memory,
            "time_exponent": round(slope, 2),
            "memory_exponent": None if memory_slope is None else round(memory_slope, 2),
            "bars": [time_bar + NEAR, None if memory_bar is None else memory_bar + NEAR],
            "reached": slope <= time_bar + NEAR
            and (memory_slope is None or memory_bar is None or memory_slope <= memory_bar + NEAR),
        }


def _slope(sizes: tuple[int, ...], values: list[float] | list[int]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def _matrix_products(hidden: int) -> dict[str, object]:
    cell = LSTM(hidden, hidden, key=jax.random.key(0))
    size = 1024
    square = jnp.asarray(np.random.default_rng(0).normal(size=(size, size)), jnp.float32)
    product = jax.jit(lambda square: square @ square)
    steps = STEPS if hidden > 32 else 4 * STEPS
    seconds = in_turn(
        {
            "rtrl": _chunk(RTRL(), cell, steps),
            "product": lambda: jax.block_until_ready(product(square)),
        },
        rounds=ROUNDS,
    )
    weights = sum(leaf.size for leaf in jax.tree.leaves(cell))
    # h_t and c_t look back at h_{t-1} by full matrices, and at c_{t-1} unit by unit.
    made, whole = 2 * 2 * hidden**2 * weights, 2 * (2 * hidden) ** 2 * weights
    step = median(seconds["rtrl"]) / steps
    peak = 2 * size**3 / median(seconds["product"])
    return {
        "what": "matrix_products",
        "hidden": hidden,
        "ms_a_step": round(1e3 * step, 3),
        "gflops_of_products_made": round(made / step / 1e9, 1),
        "gflops_of_a_whole_jacobian": round(whole / step / 1e9, 1),
        "gflops_of_a_large_product": round(peak / 1e9, 1),
        "share_of_products_made": round(made / step / peak, 3),
        "bar": SHARE,
        "reached": made / step / peak >= SHARE,
    }


def _stream() -> dict[str, object]:
    cell = LSTM(8, 16, key=jax.random.key(0))
    rule, chunk = RTRL(), 100
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(chunk, 1, 8)), jnp.float32)
    targets, mask = jnp.zeros((chunk, 1, 16)), jnp.ones((chunk, 1))
    compiled = jax.jit(lambda trace, state: rule.gradient(cell, _loss, trace, state, inputs, targets, mask))
    trace, state = rule.start(cell, 1), initial_states(cell, 1)
    sizes = {}
    for number in range(1, 1001):
        found = compiled(trace, state)
        trace, state = found.trace, found.state
        if number * chunk in (100, 1000, 10_000, 100_000):
            sizes[number * chunk] = _bytes(trace) + _bytes(state)
    analysis = compiled.lower(trace, state).compile().memory_analysis()
    return {
        "what": "stream",
        "bytes_carried_after_steps": sizes,
        "temporary_bytes_of_a_chunk": analysis.temp_size_in_bytes,
        "reached": len(set(sizes.values())) == 1,
    }


def _elementwise(hidden: int) -> dict[str, object]:
    steps, batch = 128, 1
    cell = ElementwiseLSTM(16, hidden, key=jax.random.key(0))
    draw = np.random.default_rng(0)
    inputs = jnp.asarray(draw.normal(size=(steps, batch, 16)), jnp.float32)
    state = initial_states(cell, batch)
    forward = jax.jit(unroll)
    seconds = in_turn(
        {
            "rtrl": _chunk(RTRL(), cell, steps, batch),
            "forward": lambda: jax.block_until_ready(forward(cell, inputs, state)),
        },
        rounds=ROUNDS,
    )
    ratio = median(a / b for a, b in zip(seconds["rtrl"], seconds["forward"], strict=True))
    return {
        "what": "elementwise",
        "hidden": hidden,
        "us_a_step": {name: round(1e6 * median(values) / steps, 2) for name, values in seconds.items()},
        "times_forward": round(ratio, 2),
        "bar": TIMES_FORWARD,
        "reached": ratio <= TIMES_FORWARD,
    }
