"""What a learning rule is: a way to obtain the gradient of one chunk of a stream."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import equinox as eqx
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError, ShapeError
from throughtime.core.sequence_map import Network

Loss: TypeAlias = Callable[[Float[Array, " O"], Any], Float[Array, ""]]
"""The loss of one output `[O]` against one target, of one example at one step."""

Trace: TypeAlias = Any
"""What a rule carries from chunk to chunk besides the state; empty for BPTT."""


class Gradient(NamedTuple):
    """What a rule returns for a chunk.

    `loss`: the sum over the chunk of mask times loss, a number. `gradient`: its derivative by every parameter
    of the network, as a network with `None` where there is no parameter. `state`, `trace`: where the next
    chunk goes on.
    """

    loss: Float[Array, ""]
    gradient: Network
    state: State
    trace: Trace


def check_is_cell(kind: str, network: Network) -> Cell:
    """Return the network, a cell; raise `NotACellError` for one that an online rule cannot train."""
    if not isinstance(network, Cell):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, so it cannot learn by the online rule "
            f"{kind!r}; use the rule 'bptt', or a network that reads in one direction"
        )
    return network


def check_steps(
    inputs: Shaped[Array, "T B *I"], targets: Shaped[Array, "T B *O"], mask: Float[Array, "T B"]
) -> None:
    """Raise `ShapeError` unless there is a target and a weight for each step of each sequence."""
    steps = inputs.shape[:2]
    if mask.shape != steps:
        raise ShapeError(
            f"mask has shape {mask.shape} but the inputs have {steps} ([time, batch]); give one weight for "
            "each step of each sequence, 0 where it does not count"
        )
    if targets.shape[:2] != steps:
        raise ShapeError(
            f"targets have shape {targets.shape} but the inputs have {steps} ([time, batch]); give one "
            "target for each step of each sequence, anything where the mask is 0"
        )


class LearningRule(eqx.Module):
    """A way to obtain the gradient from one chunk of a stream.

    A stream is cut into chunks of any length from 1 to all of it. Between chunks a rule carries the network's
    state and a trace of its own. The losses and gradients of the chunks add up to those of the stream:
    exactly, on average or roughly, as `exactness` declares.
    """

    kind: ClassVar[str]
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]]
    is_online: ClassVar[bool]

    @abc.abstractmethod
    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> Trace:
        """Return the trace before the first chunk.

        Arguments:
            network: what will be trained.
            batch_size: sequences that are read side by side, at least 1.
            key: source of the rule's own randomness; needed by the rules that draw some.

        **Raises**

            NotACellError: the rule cannot train a network that must see whole sequences.
            UsageError: the rule draws random numbers, and no key was given.
        """

    @abc.abstractmethod
    def gradient(
        self,
        network: Network,
        loss: Loss,
        trace: Trace,
        state: State | None,
        inputs: Shaped[Array, "T B *I"],
        targets: Shaped[Array, "T B *O"],
        mask: Float[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Gradient:
        """Return loss and gradient of one chunk.

        **Shapes**

            inputs `[T, B, I]`, targets `[T, B, ...]`, mask `[T, B]`, lengths `[B]`, T being the chunk's steps

        Arguments:
            network: what is trained.
            loss: of one output against one target.
            trace: from `start` or the last chunk.
            state: from the last chunk; `None` for the initial state.
            mask: the weight of each step in the loss, at least 0. The last step only: classification; all:
                labelling.
            lengths: the real steps of each sequence within this chunk, 0 to T.
            key: source of the noise, when the network draws some and starts from the initial state.
        """
