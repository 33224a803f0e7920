"""A liquid's steps in native code, spike by spike.

The native code has the results. Derivatives, which a liquid seldom needs, are those of the same steps in
plain JAX. The other end is `native/targets_liquid.cc`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from throughtime.kernels.calls import as_the_arguments
from throughtime.kernels.library import DTYPES, open_library


class Weights(NamedTuple):
    """The numbers of the synapses that leave each neuron, `[H, k]`: `amplitude_na`, `use`, `depression_ms`,
    `facilitation_ms`."""

    amplitude_na: Float[Array, "H k"]
    use: Float[Array, "H k"]
    depression_ms: Float[Array, "H k"]
    facilitation_ms: Float[Array, "H k"]


class Places(NamedTuple):
    """The whole numbers: `targets` of the synapses and their `delay_steps`, `[H, k]`; whether a neuron is
    `inhibitory` and its `refractory_steps`, `[H]`; the real steps of each sequence, `lengths` `[B]`."""

    targets: Int[Array, "H k"]
    delay_steps: Int[Array, "H k"]
    inhibitory: Int[Array, " H"]
    refractory_steps: Int[Array, " H"]
    lengths: Int[Array, " B"]


class Numbers(NamedTuple):
    """What changes and is a number: what the neurons are `driven` by, or their spikes, `[T, B, H]`;
    `membrane_mv` `[B, H]`, `current_na` `[B, 2, H]`, `used` and `resources` `[B, H, k]`, `arriving_na`
    `[B, slots, 2, H]`."""

    driven: Float[Array, "T B H"]
    membrane_mv: Float[Array, "B H"]
    current_na: Float[Array, "B 2 H"]
    used: Float[Array, "B H k"]
    resources: Float[Array, "B H k"]
    arriving_na: Float[Array, "B S 2 H"]


class Counts(NamedTuple):
    """What changes and counts: `refractory_steps` and `since_spike_steps` `[B, H]`, the slot that arrives
    next, `position` `[B]`."""

    refractory_steps: Int[Array, "B H"]
    since_spike_steps: Int[Array, "B H"]
    position: Int[Array, " B"]


Plain: TypeAlias = Callable[[Weights, Places, Numbers, Counts], tuple[Numbers, Counts]]


@dataclass(frozen=True)
class LiquidPlan:
    """How a liquid is run.

    Arguments:
        constants: the decays in a step of the membrane, of excitatory and of inhibitory currents; the
            resistance in megohms, the background in nanoamperes, threshold and reset in millivolts, the step
            in milliseconds.
        reverse: read each sequence from its last real step to its first.
        instruction_set: which build of the native code runs it.
        plain: the same steps in plain JAX, for derivatives. Hashable, so that equal plans compile once.
    """

    constants: tuple[float, ...]
    reverse: bool
    instruction_set: str
    plain: Plain


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def run(
    plan: LiquidPlan, weights: Weights, places: Places, numbers: Numbers, counts: Counts
) -> tuple[Numbers, Counts]:
    """Run a liquid over whole sequences; the spikes take the place of what drove the neurons.

    **Exactness**

        results are those of `plan.plain` within rounding, until a rounding decides about a spike
    """
    _load(plan.instruction_set)
    fixed = (*weights, *places)
    moving = (*numbers, *counts)
    name = f"throughtime_{plan.instruction_set}_liquid_{numbers.driven.dtype}"
    results = as_the_arguments(moving, numbers.driven)
    aliases = {len(fixed) + number: number for number in range(len(moving))}
    native = jax.ffi.ffi_call(name, results, input_output_aliases=aliases, vmap_method="sequential")
    after = native(*fixed, *moving, constants=np.asarray(plan.constants, np.float64), reverse=plan.reverse)
    return Numbers(*after[: len(numbers)]), Counts(*after[len(numbers) :])


@run.defjvp
def _run_jvp(plan: LiquidPlan, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    _, tangent = jax.jvp(plan.plain, primals, tangents)
    return run(plan, *primals), tangent


@functools.cache
def is_built(instruction_set: str) -> bool:
    """Tell whether the native code that was built for an instruction set knows liquids."""
    return hasattr(open_library(instruction_set), "throughtime_liquid_float32")


@functools.cache
def _load(instruction_set: str) -> None:
    library = open_library(instruction_set)
    for dtype in DTYPES:
        capsule = jax.ffi.pycapsule(getattr(library, f"throughtime_liquid_{dtype}"))
        name = f"throughtime_{instruction_set}_liquid_{dtype}"
        jax.ffi.register_ffi_target(name, capsule, platform="cpu")


def within(numbers: Int[Array, "*shape"], least: int, most: int) -> Int[Array, "*shape"]:
    """Return whole numbers as the native code may take them, which reads wherever they say."""
    return jnp.clip(numbers, least, most).astype(jnp.int32)
