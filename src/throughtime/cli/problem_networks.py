"""The network for a problem: one of the architecture that was asked for, or the problem's own."""

from __future__ import annotations

from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.networks.architecture import Architecture
from throughtime.problems import Problem


def build_for(problem: Problem, architecture: Architecture, seed: int) -> Network:
    """Return a network for a problem, with fresh weights."""
    if (own := problem.own_network()) is not None:
        return own
    return architecture.build(
        feature_count=problem.feature_count, output_size=problem.output_size, key=key_for(seed, "weights")
    )


def what_cannot_be_chosen(problem: Problem, architecture: Architecture) -> str | None:
    """Return why a problem cannot have such a network, and what to do; None if it can."""
    if problem.own_network() is None:
        return None
    for name, field in Architecture.model_fields.items():
        if (value := getattr(architecture, name)) != field.default:
            return (
                f"{name} is {value}, and {problem.kind} comes with a network of its own; leave out all that "
                "describes a network"
            )
    return None
