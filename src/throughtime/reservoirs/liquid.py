"""The liquid of a liquid state machine: spiking neurons, connected once, whose ripples a readout reads."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Integer, PRNGKeyArray

from throughtime.core.cell import SelfUnrollingCell
from throughtime.core.errors import OptionError, check_sizes
from throughtime.core.scanning import scan
from throughtime.reservoirs.dynamic_synapses import (
    CORTICAL,
    INPUT_AMPLITUDES_NA,
    PAIRS,
    DynamicSynapses,
    SynapseKind,
    delays,
    draw_synapses,
)
from throughtime.reservoirs.lattice import most_targets, pairs_of, wire
from throughtime.reservoirs.leaky_neurons import LeakyNeurons
from throughtime.reservoirs.liquid_run import can_run_natively, run_natively
from throughtime.reservoirs.spikes import spike
from throughtime.reservoirs.structures import like, on_host

MOST_SLOTS = 100_000
"""A liquid keeps the pulses of as many steps as its longest delay has; more are a slip of the pen."""

NEVER = 2**30
"""Steps since the last spike of a neuron that has not fired; nobody counts further."""


class LiquidState(NamedTuple):
    """What a liquid of H neurons with k places for synapses each remembers.

    `membrane_mv`: potentials over that of rest, `[H]`. `current_na`: the currents of excitatory and of
    inhibitory synapses into each neuron, `[2, H]`. `used` and `resources`: u and R of each synapse at the
    last spike of its neuron, `[H, k]`. `arriving_na`: the pulses on their way, in a ring of the steps to
    come, `[slots, 2, H]`, of which `position` is the next one. `refractory_steps`: steps that a neuron is
    still silent, and `since_spike_steps`: steps since it fired, `[H]`.
    """

    membrane_mv: Float[Array, "*B H"]
    current_na: Float[Array, "*B 2 H"]
    used: Float[Array, "*B H k"]
    resources: Float[Array, "*B H k"]
    arriving_na: Float[Array, "*B S 2 H"]
    refractory_steps: Int[Array, "*B H"]
    since_spike_steps: Int[Array, "*B H"]
    position: Int[Array, "*B"]


class Liquid(SelfUnrollingCell):
    r"""Leaky integrate-and-fire neurons on a lattice, connected at random by dynamic synapses with delays.

    Its weights are meant to stay as they are drawn. What it gives are spikes, 0 or 1; a readout usually reads
    them filtered (`SpikeFilter`). It is a cell all the same: it can be stacked, and trained like any other,
    through the borrowed slope of `spikes.spike`.

    **Equations**

        I_E = exp(-step_ms / tau_E) I_E + arriving_E + W x_t
        I_I = exp(-step_ms / tau_I) I_I + arriving_I                                            (1)
        goal = resistance (I_E + I_I + background)                                              (2)
        v' = goal + exp(-step_ms / tau) (v - goal)                                              (3)
        s = 1 if v' >= threshold and the neuron is not refractory, else 0                       (4)
        v = reset if s = 1 or the neuron is refractory, else v'                                 (5)
        pulses amplitude u R of each spike arrive delay_steps later (`DynamicSynapses`)         (6)
        y_t = s

    with the constants of `LeakyNeurons`; the step of Eq. 3 is exact for a current that stays for a step.

    **Shapes**

        x `[I]`, W `[H, I]`, v, s, y `[H]`; for the synapses see `DynamicSynapses`

    Arguments:
        input_size: number of features of an element, at least 1: spikes, or how strongly it is driven.
        hidden_size: number of neurons, at least 2.
        step_ms: how long a step is, above 0. At 0.1 the delays of 1.5 and 0.8 ms are exact; longer steps
            round them.
        input_scaling: above 0; what the amplitudes of input synapses are multiplied by.
        recurrent_scaling: at least 0; what those of all others are multiplied by.
        input_share: part of the neurons that each feature drives, above 0 and at most 1.
        wiring_length: lambda, how far connections reach, in distances of neighbours, above 0.
        inhibitory_share: part of the neurons that inhibit, 0 to 1.
        lattice_width: the neurons stand in a column of so many times so many, at least 1.
        neurons: what they are made of.
        kinds: what synapses are like, by the kinds of the two neurons: `"EE"`, `"EI"`, `"IE"`, `"II"`.
        key: source of all that is drawn.

    **Raises**

        OptionError: a setting is out of range; the message names it.

    **Cost**

        a step: about 20 operations for each neuron, and 2 k exponentials for each spike; state 2 H (S + k)
        for S steps of delay. Step by step in plain JAX, every synapse at every step

    **Differs from**

        The paper starts each run from potentials drawn between reset and threshold; here all start from the
        reset, and `state` takes others. Its input synapses are dynamic or not, it does not say; here not. It
        drives parts of the column; here each feature drives neurons at random. See `wire` and
        `draw_synapses`.

    **Source**

        Maass, Natschlaeger & Markram 2002, "Real-time computing without stable states: a new framework for
        neural computation based on perturbations", Neural Computation 14(11), appendix B.
    """

    kind: ClassVar[str] = "liquid"

    input_weight: Float[Array, "H I"]
    synapses: DynamicSynapses
    inhibitory: Int[Array, " H"]
    refractory_steps: Int[Array, " H"]
    neurons: LeakyNeurons = eqx.field(static=True)
    step_ms: float = eqx.field(static=True)
    slots: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        step_ms: float = 1.0,
        input_scaling: float = 1.0,
        recurrent_scaling: float = 1.0,
        input_share: float = 0.3,
        wiring_length: float = 2.0,
        inhibitory_share: float = 0.2,
        lattice_width: int = 3,
        neurons: LeakyNeurons = LeakyNeurons(),  # noqa: B008, it is frozen
        kinds: Mapping[str, SynapseKind] = CORTICAL,
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size, lattice_width=lattice_width)
        if hidden_size < 2:
            raise OptionError(f"hidden_size is {hidden_size}; a liquid has at least 2 neurons")
        _check_above_zero(step_ms=step_ms, input_scaling=input_scaling, wiring_length=wiring_length)
        if not 0 <= recurrent_scaling < math.inf:
            raise OptionError(f"recurrent_scaling is {recurrent_scaling}; choose a number of at least 0")
        if not 0 < input_share <= 1:
            raise OptionError(f"input_share is {input_share}; choose a number above 0 and at most 1")
        if not 0 <= inhibitory_share <= 1:
            raise OptionError(f"inhibitory_share is {inhibitory_share}; choose a number from 0 to 1")
        _check_kinds(kinds)
        slots = int(delays(kinds, step_ms).max()) + 1
        if slots > MOST_SLOTS:
            raise OptionError(
                f"step_ms is {step_ms:g}, at which the longest delay has {slots - 1} steps, and the pulses "
                f"of each are kept; choose it so that there are fewer than {MOST_SLOTS}"
            )

        def draw(generator: np.random.Generator) -> tuple[np.ndarray, ...]:
            wiring = wire(hidden_size, lattice_width, wiring_length, inhibitory_share, kinds, generator)
            pair = pairs_of(wiring.inhibitory[:, None], wiring.inhibitory[wiring.targets])
            drawn = draw_synapses(pair, wiring.exist, kinds, step_ms, generator)
            mean = np.where(wiring.inhibitory, INPUT_AMPLITUDES_NA[1], INPUT_AMPLITUDES_NA[0])[:, None]
            size = (hidden_size, input_size)
            driven = generator.random(size) < input_share
            weight = generator.exponential(size=size) * mean * driven * input_scaling
            drawn = drawn._replace(amplitude_na=drawn.amplitude_na * recurrent_scaling)
            return weight, *drawn, wiring.targets, wiring.inhibitory

        places = (hidden_size, most_targets(hidden_size, lattice_width, wiring_length, kinds))
        number, whole = like(places), like(places, jnp.int32)
        inhibits = like((hidden_size,), jnp.int32)
        shapes = (like((hidden_size, input_size)), *[number] * 4, whole, whole, inhibits)
        weight, amplitude, use, depression, facilitation, delay, targets, inhibitory = on_host(
            key, draw, shapes
        )
        self.input_weight = weight
        self.synapses = DynamicSynapses(amplitude, use, depression, facilitation, targets, delay)
        self.inhibitory = inhibitory
        pauses = np.rint(np.array(neurons.refractory_ms) / step_ms)
        self.refractory_steps = jnp.asarray(np.minimum(pauses, NEVER).astype(np.int32))[inhibitory]
        self.neurons = neurons
        self.step_ms = float(step_ms)
        self.slots = slots
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> LiquidState:
        """Return neurons at their reset, with no currents, and rested synapses."""
        size, places = self.output_size, self.synapses.use.shape
        dtype = self.input_weight.dtype
        return LiquidState(
            jnp.full(size, self.neurons.reset_mv, dtype),
            jnp.zeros((2, size), dtype),
            jnp.zeros(places, dtype),
            jnp.ones(places, dtype),
            jnp.zeros((self.slots, 2, size), dtype),
            jnp.zeros(size, jnp.int32),
            jnp.full(size, NEVER, jnp.int32),
            jnp.zeros((), jnp.int32),
        )

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t`, in nanoamperes."""
        return x @ self.input_weight.T

    def step(
        self, state: LiquidState, projected: Float[Array, " H"]
    ) -> tuple[LiquidState, Float[Array, " H"]]:
        """Return the next state and the spikes."""
        neurons, synapses = self.neurons, self.synapses
        decays = neurons.decays(self.step_ms)
        arrived = state.arriving_na[state.position].at[0].add(projected)
        current = jnp.array([[decays.excitatory], [decays.inhibitory]], projected.dtype)
        current = current * state.current_na + arrived  # Eq. 1
        goal = neurons.resistance_mohm * (current[0] + current[1] + neurons.background_na)  # Eq. 2
        moved = goal + (state.membrane_mv - goal) * decays.membrane  # Eq. 3
        free = state.refractory_steps == 0
        excess = (moved - neurons.threshold_mv) / (neurons.threshold_mv - neurons.reset_mv)
        s = jnp.where(free, self.spike_function(excess), 0)  # Eq. 4
        membrane = jnp.where(free, (1 - s) * moved + s * neurons.reset_mv, neurons.reset_mv)  # Eq. 5
        fired = s >= 0.5
        since = jnp.minimum(state.since_spike_steps + 1, NEVER)
        used, resources = synapses.after_spike(state.used, state.resources, since * self.step_ms)
        pulses = s[:, None] * synapses.amplitude_na * used * resources  # Eq. 6
        slot = (state.position + synapses.delay_steps) % self.slots
        emptied = state.arriving_na.at[state.position].set(0)
        after = LiquidState(
            membrane,
            current,
            s[:, None] * used + (1 - s[:, None]) * state.used,
            s[:, None] * resources + (1 - s[:, None]) * state.resources,
            emptied.at[slot, self.inhibitory[:, None], synapses.targets].add(pulses),
            jnp.where(fired, self.refractory_steps, jnp.maximum(state.refractory_steps - 1, 0)),
            jnp.where(fired, 0, since),
            (state.position + 1) % self.slots,
        )
        return after, s

    @staticmethod
    def spike_function(excess: Float[Array, " H"]) -> Float[Array, " H"]:
        """Return the spikes of membranes so far above their threshold."""
        return spike(excess)

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: LiquidState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[LiquidState, Float[Array, "T B H"]]:
        """Project all inputs in one product, and run the steps natively."""
        projected = jax.vmap(jax.vmap(self.project))(inputs)
        if self.has_own_steps and can_run_natively(self, state, projected):
            return run_natively(self, state, projected, lengths, reverse)
        return scan(self, state, projected, lengths, reverse)

    @staticmethod
    def state_of(*fields: Array) -> LiquidState:
        """Return the state of these fields."""
        return LiquidState(*fields)

    @property
    def has_own_steps(self) -> bool:
        """Whether no subclass has changed the step that native code knows."""
        kind: Any = type(self)
        return kind.step is Liquid.step and kind.spike_function is Liquid.spike_function


def _check_above_zero(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 < value < math.inf:
            raise OptionError(f"{name} is {value}; choose a number above 0")


def _check_kinds(kinds: Mapping[str, SynapseKind]) -> None:
    if set(kinds) != set(PAIRS):
        raise OptionError(
            f"kinds has {', '.join(sorted(kinds)) or 'nothing'}; give all of {', '.join(PAIRS)}"
        )
    for name, kind in kinds.items():
        checks = (
            (0 <= kind.probability <= 1, "probability", "a number from 0 to 1"),
            (math.isfinite(kind.amplitude_na), "amplitude_na", "a finite number"),
            (0 < kind.use <= 1, "use", "a number above 0 and at most 1"),
            (0 < kind.depression_ms < math.inf, "depression_ms", "a number above 0"),
            (0 < kind.facilitation_ms < math.inf, "facilitation_ms", "a number above 0"),
            (0 <= kind.delay_ms < math.inf, "delay_ms", "a number of at least 0"),
        )
        for right, field, wanted in checks:
            if not right:
                raise OptionError(
                    f"{field} of the synapses {name} is {getattr(kind, field)}; choose {wanted}"
                )
