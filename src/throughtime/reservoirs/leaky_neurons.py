"""The neurons of a liquid: leaky integrate-and-fire, with a pause after each spike."""

import math
from dataclasses import dataclass, fields
from typing import NamedTuple

from throughtime.core.errors import OptionError


class Decays(NamedTuple):
    """What is left after one step of the distance of a `membrane` from its goal, and of the currents of
    `excitatory` and of `inhibitory` synapses."""

    membrane: float
    excitatory: float
    inhibitory: float


@dataclass(frozen=True)
class LeakyNeurons:
    r"""What leaky integrate-and-fire neurons are made of; times in ms, potentials in mV over that of rest.

    **Equations**

        membrane_ms dv/dt = -v + resistance_mohm (I + background_na)
        synapse_ms dI/dt = -I + pulses
        v >= threshold_mv: a spike; then v = reset_mv for refractory_ms

    **Shapes**

        numbers; a pair is of excitatory and of inhibitory neurons, or of currents from such neurons

    Arguments:
        membrane_ms: time constant of the membrane, above 0.
        threshold_mv: where a neuron fires, above `reset_mv`.
        reset_mv: where a spike leaves it.
        resistance_mohm: of the membrane, above 0.
        background_na: a current that always flows. With the usual numbers it alone keeps the membrane at its
            reset.
        refractory_ms: how long a neuron is silent after a spike, at least 0.
        synapse_ms: time constants of the currents, above 0.

    **Raises**

        OptionError: a number is out of range.

    **Source**

        Maass, Natschlaeger & Markram 2002, "Real-time computing without stable states", Neural Computation
        14(11), appendix B.
    """

    membrane_ms: float = 30.0
    threshold_mv: float = 15.0
    reset_mv: float = 13.5
    resistance_mohm: float = 1.0
    background_na: float = 13.5
    refractory_ms: tuple[float, float] = (3.0, 2.0)
    synapse_ms: tuple[float, float] = (3.0, 6.0)

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            for value in given if isinstance(given, tuple) else (given,):
                if not math.isfinite(value):
                    raise OptionError(f"{field.name} is {given}; choose finite numbers")
        for name in ("membrane_ms", "resistance_mohm"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name} is {getattr(self, name)}; choose a number above 0")
        if not min(self.synapse_ms) > 0:
            raise OptionError(f"synapse_ms is {self.synapse_ms}; choose numbers above 0")
        if not min(self.refractory_ms) >= 0:
            raise OptionError(f"refractory_ms is {self.refractory_ms}; choose numbers of at least 0")
        if not self.threshold_mv > self.reset_mv:
            raise OptionError(
                f"threshold_mv is {self.threshold_mv} and reset_mv is {self.reset_mv}; a spike has to leave "
                "the membrane below its threshold, so choose a reset below it"
            )

    def decays(self, step_ms: float) -> Decays:
        """Return what a step leaves; exact, whatever its length."""
        return Decays(*(math.exp(-step_ms / time) for time in (self.membrane_ms, *self.synapse_ms)))
