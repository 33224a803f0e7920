"""A reservoir's steps in native code: over given inputs, and in closed loop with a linear readout.

The native code has the results. Derivatives, which a reservoir seldom needs, are those of the same steps in
plain JAX. The other end is `native/targets_reservoir.cc`.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from throughtime.kernels.calls import as_the_arguments
from throughtime.kernels.library import DTYPES, open_library

ACTIVATIONS = ("tanh", "identity", "relu")
"""What the native code can do to a sum, in the order of its numbers."""


class Moving(NamedTuple):
    """The arrays of numbers: `weights` `[H, k]` of the recurrent matrix, what is `projected` `[T, B, H]`, the
    `initial` units `[B, H]`."""

    weights: Float[Array, "H k"]
    projected: Float[Array, "T B H"]
    initial: Float[Array, "B H"]


class Fixed(NamedTuple):
    """The arrays of whole numbers: `columns` `[H, k]` of the weights, real steps of each sequence `[B]`."""

    columns: Int[Array, "H k"]
    lengths: Int[Array, " B"]


class Run(NamedTuple):
    """The `final` units `[B, H]`, and at all steps the units or what was said, `outputs` `[T, B, ...]`; zero
    where there is padding."""

    final: Float[Array, "B H"]
    outputs: Float[Array, "T B O"]


Plain: TypeAlias = Callable[[Any, Any], Run]


@dataclass(frozen=True)
class ReservoirPlan:
    """How a reservoir is run.

    Arguments:
        leak, gain, activation: of its equation.
        reverse: read each sequence from its last real step to its first.
        instruction_set: which build of the native code runs it.
        plain: the same steps in plain JAX, for derivatives. Hashable, so that equal plans compile once.
        threads: how many threads share the work; 0 for as many as XLA has.
    """

    leak: float
    gain: float
    activation: str
    reverse: bool
    instruction_set: str
    plain: Plain
    threads: int = 0


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def run(plan: ReservoirPlan, moving: Moving, fixed: Fixed) -> Run:
    """Run a reservoir over whole sequences.

    **Exactness**

        results are those of `plan.plain` within rounding
    """
    shapes = [moving.projected, moving.initial]
    arguments = (moving.weights, fixed.columns, moving.projected, moving.initial, fixed.lengths)
    # The units take the place of what was projected.
    outputs, final = _native(plan, "run", shapes, {2: 0})(*arguments)
    return Run(final, outputs)


@run.defjvp
def _run_jvp(
    plan: ReservoirPlan, primals: tuple[Moving, Fixed], tangents: tuple[Any, Any]
) -> tuple[Run, Run]:
    moving, fixed = primals
    _, tangent = jax.jvp(lambda moving: plan.plain(moving, fixed), (moving,), (tangents[0],))
    return run(plan, moving, fixed), tangent


class Loop(NamedTuple):
    """The arrays of a reservoir and its readout: recurrent `weights` `[H, k]`, `bias` `[H]`, `input_weight`
    `[H, O]`, `readout_weight` `[O, H]`, `readout_bias` `[O]`; and of where it starts, the `initial` units
    `[B, H]` and what was said `last` `[B, O]`."""

    weights: Float[Array, "H k"]
    bias: Float[Array, " H"]
    input_weight: Float[Array, "H O"]
    readout_weight: Float[Array, "O H"]
    readout_bias: Float[Array, " O"]
    initial: Float[Array, "B H"]
    last: Float[Array, "B O"]


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def run_loop(plan: ReservoirPlan, steps: int, loop: Loop, columns: Int[Array, "H k"]) -> Run:
    """Run a reservoir in closed loop: what its readout says is all that it reads at the next step.

    **Exactness**

        results are those of `plan.plain` within rounding
    """
    said = jax.ShapeDtypeStruct((steps, *loop.last.shape), loop.last.dtype)
    weights, *rest = loop
    outputs, final = _native(plan, "loop", [said, loop.initial], {})(weights, columns, *rest)
    return Run(final, outputs)


@run_loop.defjvp
def _run_loop_jvp(
    plan: ReservoirPlan, steps: int, primals: tuple[Loop, Array], tangents: tuple[Any, Any]
) -> tuple[Run, Run]:
    loop, columns = primals
    _, tangent = jax.jvp(lambda loop: plan.plain(loop, columns), (loop,), (tangents[0],))
    return run_loop(plan, steps, loop, columns), tangent


@functools.cache
def is_built(instruction_set: str) -> bool:
    """Tell whether the native code that was built for an instruction set knows reservoirs."""
    return hasattr(open_library(instruction_set), "throughtime_reservoir_float32_run")


@functools.cache
def _load(instruction_set: str) -> None:
    library = open_library(instruction_set)
    for dtype in DTYPES:
        for part in ("run", "loop"):
            name = f"reservoir_{dtype}_{part}"
            capsule = jax.ffi.pycapsule(getattr(library, f"throughtime_{name}"))
            jax.ffi.register_ffi_target(f"throughtime_{instruction_set}_{name}", capsule, platform="cpu")


def _native(
    plan: ReservoirPlan, part: str, shapes: Sequence[Any], aliases: dict[int, int]
) -> Callable[..., Sequence[Array]]:
    _load(plan.instruction_set)
    name = f"throughtime_{plan.instruction_set}_reservoir_{shapes[0].dtype}_{part}"

    def call(*arguments: Array) -> Sequence[Array]:
        results = as_the_arguments(shapes, arguments[0])
        native = jax.ffi.ffi_call(name, results, input_output_aliases=aliases, vmap_method="sequential")
        return native(
            *arguments,
            leak=np.float64(plan.leak),
            gain=np.float64(plan.gain),
            activation=np.int64(ACTIVATIONS.index(plan.activation)),
            reverse=plan.reverse,
            threads=np.int64(plan.threads),
        )

    return call


def within(columns: Int[Array, "H k"]) -> Int[Array, "H k"]:
    """Return columns as the native code may take them, which reads wherever they say."""
    return jnp.clip(columns, 0, columns.shape[0] - 1).astype(jnp.int32)
