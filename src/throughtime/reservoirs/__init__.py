"""Fixed random networks, of which a readout alone is trained."""

from throughtime.reservoirs.echo_state import EchoState, ReservoirState
from throughtime.reservoirs.learned_scaling import LearnedScaling, scalings
from throughtime.reservoirs.model_space import ModelSpace
from throughtime.reservoirs.sparse_rows import SparseRows
from throughtime.reservoirs.spectral_radius import scaled_to_radius, spectral_radius

__all__ = [
    "EchoState",
    "LearnedScaling",
    "ModelSpace",
    "ReservoirState",
    "SparseRows",
    "scaled_to_radius",
    "scalings",
    "spectral_radius",
]
