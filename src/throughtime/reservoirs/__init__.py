"""Fixed random networks, of which a readout alone is trained."""

from throughtime.reservoirs.dynamic_synapses import CORTICAL, DynamicSynapses, SynapseKind
from throughtime.reservoirs.echo_state import EchoState, ReservoirState
from throughtime.reservoirs.leaky_neurons import LeakyNeurons
from throughtime.reservoirs.learned_scaling import LearnedScaling, scalings
from throughtime.reservoirs.liquid import Liquid, LiquidState
from throughtime.reservoirs.model_space import ModelSpace
from throughtime.reservoirs.separation import spike_distance, state_distances, state_rank
from throughtime.reservoirs.sparse_rows import SparseRows
from throughtime.reservoirs.spectral_radius import scaled_to_radius, spectral_radius
from throughtime.reservoirs.spike_encoders import ben_spikes, latency_spikes, poisson_spikes, population_code
from throughtime.reservoirs.spike_filter import SpikeFilter, SpikeFilterState

__all__ = [
    "CORTICAL",
    "DynamicSynapses",
    "EchoState",
    "LeakyNeurons",
    "LearnedScaling",
    "Liquid",
    "LiquidState",
    "ModelSpace",
    "ReservoirState",
    "SparseRows",
    "SpikeFilter",
    "SpikeFilterState",
    "SynapseKind",
    "ben_spikes",
    "latency_spikes",
    "poisson_spikes",
    "population_code",
    "scaled_to_radius",
    "scalings",
    "spectral_radius",
    "spike_distance",
    "state_distances",
    "state_rank",
]
