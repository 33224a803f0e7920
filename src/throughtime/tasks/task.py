"""What is asked of a network: targets, loss, metrics, and answers in the user's own terms."""

import abc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray, PyTree, Shaped

from throughtime.core.errors import Place
from throughtime.core.options import Options
from throughtime.core.sequence_map import Network
from throughtime.data.records import RawTarget, Record
from throughtime.data.store import SequenceStore
from throughtime.networks.architecture import Architecture
from throughtime.tasks.options import AS_USUAL, TaskOptions

Target = RawTarget
"""A target as it stands in a file: a label or a number, or a list of labels, one for each element."""

Targets = np.ndarray | SequenceStore
"""Encoded targets: one number for each sequence, or a sequence of numbers for each."""

Outputs = Any
"""What `read` gives for many sequences: an array `[N, O]` of a task that answers once, else a list."""


class Posed(NamedTuple):
    """A network, and what it reads: inputs `[T, B, ...]` with `lengths` `[B]` real steps."""

    network: Network
    inputs: Shaped[Array, "T B *I"]
    lengths: Integer[Array, " B"]


class Search(NamedTuple):
    """How the best answers are searched for: how many are kept under way, how much longer ones are favoured,
    and how long the longest answer of the training part was."""

    width: int = 1
    length_penalty: float = 0.0
    longest: int = 1


class Task(Options, abc.ABC):
    """What is asked of a network, fitted to the training data and saved with the model.

    A task says which steps count, and owns loss and metrics. Losses are written for one output `[O]` and one
    target; whoever uses them adds batch and time.

    What runs compiled (`loss`, `unfold`) belongs to the class: it sees nothing that was fitted, so that runs
    on different data share what was compiled.
    """

    metrics: ClassVar[Mapping[str, bool]]
    """Names of the metrics, the main one first, and whether more is better."""
    takes: ClassVar[tuple[str, ...]] = ()
    """The options (of `TaskOptions`) that it has a use for."""
    sees_whole: ClassVar[bool] = False
    """Whether its networks must see whole sequences, whatever they are made of."""
    answers_once: ClassVar[bool] = False
    """Whether a sequence has one answer, and not one for each of its elements."""
    rows_are_steps: ClassVar[bool] = False
    """Whether the rows of a table are the steps of a sequence, also where no column says of which."""

    @property
    @abc.abstractmethod
    def output_size(self) -> int:
        """How many numbers the network's readout gives."""

    def built(
        self,
        architecture: Architecture,
        *,
        vocabulary_size: int | None,
        feature_count: int | None,
        letters: tuple[int, int] | None,
        key: PRNGKeyArray,
        head_key: PRNGKeyArray,
    ) -> Network:
        """Return a network for the task with fresh weights.

        Arguments:
            architecture: what it is like.
            vocabulary_size, feature_count, letters: what it reads, as `Architecture.build` has it.
            key: source of its weights.
            head_key: source of those that the task puts on top of it.
        """
        network = architecture.build(
            vocabulary_size=vocabulary_size,
            feature_count=feature_count,
            letters=letters,
            output_size=self.output_size,
            answers_once=self.answers_once,
            key=key,
        )
        return self.topped(network, head_key)

    @abc.abstractmethod
    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return a network that gives `output_size` numbers with what the task puts on top of it."""

    @classmethod
    @abc.abstractmethod
    def loss(cls, output: Float[Array, " O"], target: Shaped[Array, "*P"]) -> Float[Array, ""]:
        """Return the loss of one output against one encoded target."""

    @classmethod
    @abc.abstractmethod
    def unfold(
        cls,
        targets: Shaped[Array, "*targets"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Shaped[Array, "T B *P"], Float[Array, "T B"]]:
        """Return the target of each step, and the mask: how much each one counts, 0 if not at all."""

    @classmethod
    def posed(
        cls,
        network: Network,
        inputs: Shaped[Array, "T B *I"],
        lengths: Integer[Array, " B"],
        targets: Shaped[Array, "*targets"],
    ) -> Posed:
        """Return what is differentiated: a network that gives an output for each step of the target."""
        return Posed(network, inputs, lengths)

    @classmethod
    def part_of(cls, gradient: Network) -> Network:
        """Return the part of a gradient by a posed network that is the gradient by the network itself."""
        return gradient

    @abc.abstractmethod
    def check_metric(self, name: str) -> None:
        """Raise `OptionError` if the targets have no such metric, whatever other targets have."""

    @property
    @abc.abstractmethod
    def main_metric(self) -> str:
        """The metric that a run shows beside the loss."""

    def more_is_better(self, metric: str) -> bool:
        """Tell in which direction a metric, or the loss, improves."""
        return self.metrics.get(metric, False)


class AnsweringTask(Task, abc.ABC):
    """A task with an answer to each sequence: it turns outputs into answers.

    An answer is read from the network's outputs (`ReadingTask`) or searched for (`SearchingTask`). What is
    right stands in the records beside the sequences (`TaughtTask`), or is to be found in the sequences.
    """

    answers_once: ClassVar[bool] = True

    def answerer(self, network: Network) -> Network:
        """Return the network whose outputs are the answers, made of the one that is trained."""
        return network

    @classmethod
    def cut(cls, answer: Any, length: int) -> Any:
        """Return the answer to one sequence without what is past the sequence's end."""
        return answer

    @abc.abstractmethod
    def columns(self, outputs: Outputs) -> dict[str, Sequence[Any]]:
        """Return what a prediction consists of, by name, for tables and JSON; the answers come first."""

    @abc.abstractmethod
    def answers(self, outputs: Outputs) -> list[Target]:
        """Return the answers in the terms of the training targets."""

    @abc.abstractmethod
    def scores(self, outputs: Outputs, targets: Any) -> dict[str, float]:
        """Return the metrics, for encoded targets; one that these targets do not have is left out."""


class TaughtTask(AnsweringTask, abc.ABC):
    """A task whose targets stand in the records: it turns them into arrays."""

    has_classes: ClassVar[bool] = False
    """Whether targets are classes, whose shares a split should keep."""

    @classmethod
    @abc.abstractmethod
    def fit(
        cls, targets: Iterable[tuple[Target, Place | None]], options: TaskOptions = AS_USUAL
    ) -> "TaughtTask":
        """Return the task for these targets of the training data; raise `DataError` if they make no task."""

    @classmethod
    @abc.abstractmethod
    def check(cls, record: Record) -> None:
        """Raise `DataError` if the target of a record cannot be one, whatever the training data."""

    @abc.abstractmethod
    def encode(self, target: Target, place: Place | None = None) -> int | float | np.ndarray:
        """Return a target in numbers; raise `DataError` if the task does not know it."""

    @classmethod
    @abc.abstractmethod
    def kept(cls, encoded: Iterable[Any]) -> Targets:
        """Return encoded targets side by side."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say aloud about the targets."""
        return ()

    def check_lengths(self, lengths: np.ndarray, targets: Any) -> None:
        """Raise `DataError` if a sequence of such a length cannot have its target."""
        return

    @classmethod
    @abc.abstractmethod
    def joined(cls, parts: Sequence[Outputs]) -> Outputs:
        """Return the outputs of several blocks as those of one."""

    @property
    @abc.abstractmethod
    def trivial(self) -> str:
        """The best answer that does not look at the sequence, learned in training, in words."""

    @abc.abstractmethod
    def trivial_scores(self, targets: Any) -> dict[str, float]:
        """Return the metrics of that answer."""


class ReadingTask(AnsweringTask, abc.ABC):
    """A task whose answers are read from the network's outputs; `read` runs compiled."""

    @classmethod
    @abc.abstractmethod
    def read(
        cls, network: Network, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]
    ) -> PyTree[Shaped[Array, "B ..."]]:
        """Return what of the outputs is the answer; `[B, T]` where each step has one."""


class SearchingTask(AnsweringTask, abc.ABC):
    """A task whose answers are searched for, while the network writes them; `search` runs compiled."""

    @classmethod
    @abc.abstractmethod
    def search(
        cls,
        network: Network,
        inputs: Shaped[Array, "T B *I"],
        lengths: Integer[Array, " B"],
        search: Search,
    ) -> PyTree[Shaped[Array, "B ..."]]:
        """Return the answers that a search finds."""

    @property
    @abc.abstractmethod
    def how_to_search(self) -> Search:
        """How answers are searched for."""
