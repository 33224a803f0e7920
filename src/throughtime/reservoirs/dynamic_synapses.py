"""Synapses that tire and recover: depression and facilitation from spike to spike."""

from collections.abc import Mapping
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class SynapseKind(NamedTuple):
    """What synapses between two kinds of neurons are like.

    `probability` of a connection between neighbours without a distance, C. Means over the synapses:
    `amplitude_na`, negative if they inhibit; `use` of the resources by a first spike, 0 to 1;
    `depression_ms` and `facilitation_ms`, the time constants in which resources come back and use falls back.
    `delay_ms` of all of them.
    """

    probability: float
    amplitude_na: float
    use: float
    depression_ms: float
    facilitation_ms: float
    delay_ms: float


PAIRS = ("EE", "EI", "IE", "II")
"""Excitatory and inhibitory neurons, the sender first."""

CORTICAL: Mapping[str, SynapseKind] = {
    "EE": SynapseKind(0.3, 30.0, 0.5, 1100.0, 50.0, 1.5),
    "EI": SynapseKind(0.2, 60.0, 0.05, 125.0, 1200.0, 0.8),
    "IE": SynapseKind(0.4, -19.0, 0.25, 700.0, 20.0, 0.8),
    "II": SynapseKind(0.1, -19.0, 0.32, 144.0, 60.0, 0.8),
}
"""The synapses of Maass, Natschlaeger & Markram 2002, appendix B, whose numbers were found in rats."""

INPUT_AMPLITUDES_NA = (18.0, 9.0)
"""Mean amplitudes of input synapses, on excitatory and on inhibitory neurons; of the same source."""

LEAST = 0.1
"""A use or a time constant is drawn anew below this part of its mean."""


class DynamicSynapses(eqx.Module):
    r"""The synapses that leave each of H neurons, k places for each.

    **Equations**

        u_n = use + u_{n-1} (1 - use) exp(-elapsed_n / facilitation_ms)                       (1)
        R_n = 1 + (R_{n-1} - u_{n-1} R_{n-1} - 1) exp(-elapsed_n / depression_ms)             (2)
        pulse_n = amplitude_na u_n R_n,   delay_steps later                                   (3)

    for the n-th spike, elapsed_n ms after the one before; u_0 = 0 and R_0 = 1 make the first one use / 1.

    **Shapes**

        all `[H, k]`; targets and delay_steps whole numbers. A place without a synapse has an amplitude of 0

    **Cost**

        a spike: two exponentials for each of the k places; without spikes, nothing

    **Source**

        Markram, Wang & Tsodyks 1998, "Differential signaling via the same axon of neocortical pyramidal
        neurons", Proceedings of the National Academy of Sciences 95(9), as Maass et al. 2002 write it.
    """

    amplitude_na: Float[Array, "H k"]
    use: Float[Array, "H k"]
    depression_ms: Float[Array, "H k"]
    facilitation_ms: Float[Array, "H k"]
    targets: Int[Array, "H k"]
    delay_steps: Int[Array, "H k"]

    def after_spike(
        self, used: Float[Array, "H k"], resources: Float[Array, "H k"], elapsed_ms: Float[Array, " H"]
    ) -> tuple[Float[Array, "H k"], Float[Array, "H k"]]:
        """Return u and R of a spike in every neuron, so long after its last one."""
        elapsed = elapsed_ms[:, None]
        now = self.use + used * (1 - self.use) * jnp.exp(-elapsed / self.facilitation_ms)  # Eq. 1
        left = 1 + (resources - used * resources - 1) * jnp.exp(-elapsed / self.depression_ms)  # Eq. 2
        return now, left


class DrawnSynapses(NamedTuple):
    """The numbers of drawn synapses, as `DynamicSynapses` has them, before they are arrays of JAX."""

    amplitude_na: Float[np.ndarray, "H k"]
    use: Float[np.ndarray, "H k"]
    depression_ms: Float[np.ndarray, "H k"]
    facilitation_ms: Float[np.ndarray, "H k"]
    delay_steps: Int[np.ndarray, "H k"]


def draw_synapses(
    pair: Int[np.ndarray, "H k"],
    exist: np.ndarray,
    kinds: Mapping[str, SynapseKind],
    step_ms: float,
    generator: np.random.Generator,
) -> DrawnSynapses:
    """Return synapses drawn around the means of their kinds.

    **Equations**

        amplitude ~ Gamma, with a deviation of 1 mean;   use, time constants ~ N(mean, mean / 2)
        delay_steps = delay_ms / step_ms, rounded, at least 1

    Arguments:
        pair: the kind of each synapse, as its place in `PAIRS`.
        exist: which of them there are; the others get an amplitude of 0.

    **Differs from**

        Values below a tenth of the mean, and uses above 1, are drawn anew; the paper does not say what it
        does.
    """

    def means(field: str) -> np.ndarray:
        return np.array([getattr(kinds[name], field) for name in PAIRS], float)[pair]

    return DrawnSynapses(
        generator.exponential(size=pair.shape) * means("amplitude_na") * exist,
        _around(means("use"), 1.0, generator),
        _around(means("depression_ms"), np.inf, generator),
        _around(means("facilitation_ms"), np.inf, generator),
        delays(kinds, step_ms)[pair],
    )


def delays(kinds: Mapping[str, SynapseKind], step_ms: float) -> Int[np.ndarray, " 4"]:
    """Return the delay of each kind of synapse, in `PAIRS`, in steps: rounded, at least 1."""
    return np.maximum(1, np.rint([kinds[name].delay_ms / step_ms for name in PAIRS])).astype(np.int32)


def _around(mean: np.ndarray, most: float, generator: np.random.Generator) -> np.ndarray:
    drawn = generator.normal(mean, mean / 2)
    while (wrong := (drawn < LEAST * mean) | (drawn > most)).any():
        drawn[wrong] = generator.normal(mean[wrong], mean[wrong] / 2)
    return np.asarray(drawn)
