"""Dilated layers: beside their own step-by-step scan, and a stack of them beside a stack without dilation.

A layer is timed with its gradient, after outputs and gradient of both ways have been found equal. The stacks
are those of Chang et al. 2017 for images read pixel by pixel: nine layers of 20 units, 784 steps. They have
as many weights and multiply-adds; what dilation changes is how many steps follow one upon another. Both are
timed with kernels, where a step costs little more than its arithmetic, and without.
"""

from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.comparing import Comparison, compare, in_turn
from throughtime import GRU, LSTM, Cell, Dilated, Elman, apply, dilated_stack, initial_states, unroll
from throughtime.core.fused import OFF, instruction_set, kernels
from throughtime.core.scanning import project_and_scan

CELLS = (Elman, GRU, LSTM)
STEPS, HIDDEN = 784, 20
DILATIONS, BATCHES = (1, 8, 64), (1, 32)
STACK_BATCH = 32
LAYERS, CLASSES = 9, 10
BAR = 1.0
# One sequence alone is where steps that follow one upon another cost most beside their arithmetic.
BARS = {(64, 1): 5.0}
ROUNDS, PAIRS = 11, 9
TOLERANCE = 1e-4
KEY = jax.random.key(0)


def measure() -> list[dict[str, object]]:
    """Return how many times as fast a dilated layer is as its scan, and a dilated stack as a plain one."""
    layers = [_layer(kind, dilation, batch) for batch in BATCHES for kind in CELLS for dilation in DILATIONS]
    return layers + [_stacks(kind, choice) for kind in CELLS for choice in (instruction_set(), OFF)]


def _layer(kind: type[Cell], dilation: int, batch: int) -> dict[str, object]:
    cell = Dilated(kind(HIDDEN, HIDDEN, key=KEY), dilation)  # type: ignore[call-arg]
    inputs = jax.random.normal(KEY, (STEPS, batch, HIDDEN))
    state, inner_state = initial_states(cell, batch), initial_states(cell.cell, batch)
    functions = {
        "ours": _with_gradient(lambda cell, inputs: unroll(cell, inputs, state)[1]),
        "scan": _with_gradient(lambda cell, inputs: project_and_scan(cell, state, inputs, None, False)[1]),
        # What the same steps cost when nothing is kept of the s - 1 states between.
        "scan_undilated": _with_gradient(
            lambda cell, inputs: project_and_scan(cell.cell, inner_state, inputs, None, False)[1]
        ),
    }
    given, expected = (jax.tree.leaves(functions[name](cell, inputs)) for name in ("ours", "scan"))
    for ours, scan in zip(given, expected, strict=True):
        np.testing.assert_allclose(ours, scan, rtol=0, atol=TOLERANCE * max(1.0, float(jnp.abs(scan).max())))
    ways = {name: _waiting(function, cell, inputs) for name, function in functions.items()}
    seconds = in_turn(ways, rounds=ROUNDS)
    ratios = [scan / ours for scan, ours in zip(seconds["scan"], seconds["ours"], strict=True)]
    low, _, high = quantiles(ratios, n=4)
    bar = BARS.get((dilation, batch), BAR)
    return {
        "what": "layer",
        "cell": kind.kind,  # type: ignore[attr-defined]
        "dilation": dilation,
        "steps": STEPS,
        "batch_size": batch,
        "hidden_size": HIDDEN,
        "seconds": {name: median(values) for name, values in seconds.items()},
        "ratio": median(ratios),
        "ratio_quartiles": [low, high],
        "instruction_set": instruction_set(),
        "bar": bar,
        "reached": median(ratios) >= bar,
    }


def _stacks(kind: type[Cell], choice: str) -> dict[str, object]:
    with kernels(choice):
        plain, dilated = (_training_step(kind, base) for base in (1, 2))
        comparison: Comparison = compare(plain, dilated, pairs=PAIRS)
    return {
        "what": "stack",
        "cell": kind.kind,  # type: ignore[attr-defined]
        "layers": LAYERS,
        "steps": STEPS,
        "batch_size": STACK_BATCH,
        "hidden_size": HIDDEN,
        "instruction_set": choice,
        "plain_s": median(comparison.ours),
        "dilated_s": median(comparison.other),
        "ratio": comparison.ratio,
        "ratio_quartiles": comparison.as_json()["ratio_quartiles"],
        "pairs": PAIRS,
        "bar": BAR,
        "reached": comparison.ratio >= BAR,
    }


def _with_gradient(run: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a function that gives outputs, and the gradient of a loss of them by weights and inputs."""

    def loss(cell: Any, inputs: Any) -> Any:
        outputs = run(cell, inputs)
        return jnp.mean(jnp.sum(outputs**2, axis=-1)), outputs

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))


def _training_step(kind: type[Cell], base: int) -> Callable[[], object]:
    """Return a step of gradient descent on sequences to be told apart by their last output."""
    network = dilated_stack(
        kind, 1, HIDDEN, layers=LAYERS, base=base, output_size=CLASSES, key=jax.random.key(1)
    )
    inputs, labels = jax.random.normal(KEY, (STEPS, STACK_BATCH, 1)), jnp.arange(STACK_BATCH) % CLASSES
    optimizer = optax.rmsprop(1e-3)

    def loss(network: Any) -> Any:
        scores = apply(network, inputs)[-1]
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, labels))

    @jax.jit
    def step(network: Any, state: Any) -> Any:
        updates, state = optimizer.update(jax.grad(loss)(network), state)
        return optax.apply_updates(network, updates), state

    return _waiting(step, network, optimizer.init(network))


def _waiting(function: Callable[..., Any], *arguments: Any) -> Callable[[], object]:
    return lambda: jax.block_until_ready(function(*arguments))
