"""What the benchmark asks of a peer: a way to do the same work, and what came out under our names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks.kernels.grid import What
from benchmarks.kernels.work import Work

Gradients = tuple[dict[str, np.ndarray], ...]


@dataclass(frozen=True)
class Result:
    """What was computed.

    Arguments:
        value: the outputs `[T, B, O]` of inference, or the loss of a training step.
        gradients: those by the weights, a dictionary for each cell, under our names, in our order of gates.
    """

    value: np.ndarray
    gradients: Gradients = ()


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Arguments:
        run: does it once, and returns when it is done.
        read: turns what `run` returned into a result that can be compared.
        before: is called before each batch of runs, and not timed.
        compile_s: seconds of tracing and compiling; None where nothing is compiled.
        without: fields of our cells that the peer lacks; they are compared at zero.
        rival_of: another way that this one has to beat in the first runs, or it is not timed: the same
            library with another number of threads.
    """

    run: Callable[[], Any]
    read: Callable[[Any], Result]
    before: Callable[[], object] = nothing
    compile_s: float | None = None
    without: tuple[str, ...] = ()
    rival_of: str | None = None


Builders = Mapping[str, Callable[[], Way]]


class Peer(Protocol):
    """A module of this folder that stands for another library."""

    def refusal(self, work: Work, what: What) -> str | None:
        """Say why the peer cannot do this work; None when it can."""

    def builders(self, work: Work, what: What) -> Builders:
        """Return the ways of the peer by name, each still to be built."""


class Unavailable(Exception):
    """A way could not be had; the message says why, and goes into the results."""
