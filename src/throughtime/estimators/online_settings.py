"""What may be chosen for a network that learns from a stream, and what it is when nothing is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from throughtime.networks.architecture import Architecture
from throughtime.training.settings import StepSettings


class StreamArchitecture(Architecture):
    """The network: the layers that matter for a stream of numbers."""

    cell: str = "gru"
    hidden_size: Annotated[int, Field(ge=1)] = 16


class StreamStepSettings(StepSettings):
    """How one element changes the weights.

    Arguments:
        rule: name of an online learning rule.
    """

    rule: str = "rtrl"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0


NETWORK = ("cell", "hidden_size", "layers")
"""Parameters that say what the network is made of."""

STEP = (
    *("rule", "stride", "reach", "order", "feedback", "feedback_seed", "directions"),
    *("optimizer", "learning_rate", "weight_decay", "clip_norm"),
)
"""Parameters that say how it learns."""
