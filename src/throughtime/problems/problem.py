"""What a problem is: sequences drawn at random, their right answers, and how well anything can do on them."""

import abc
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.options import Options
from throughtime.core.sequence_map import Network


class Examples(NamedTuple):
    """Sequences with their answers, time first.

    `inputs`: `[T, B, I]`. `targets`: `[T, B]` for classes, `[T, B, O]` for numbers; anything where the mask
    is 0.
    `mask`: 1 at the steps that count, `[T, B]`. `lengths`: the real steps of each sequence, `[B]`.
    """

    inputs: Float[np.ndarray, "T B I"]
    targets: Shaped[np.ndarray, "T B *O"]
    mask: Float[np.ndarray, "T B"]
    lengths: Integer[np.ndarray, " B"]


class Problem(Options, abc.ABC):
    """Sequences with known answers, as many as anyone wants.

    The settings of a problem are its sizes, as its paper has them. `draw` makes examples, `loss` and `right`
    judge outputs, and the properties say what can be reached without learning anything and at best, and when
    the problem counts as solved.
    """

    kind: ClassVar[str]

    @property
    @abc.abstractmethod
    def feature_count(self) -> int:
        """How many numbers an element has."""

    @property
    @abc.abstractmethod
    def output_size(self) -> int:
        """How many numbers an answer has."""

    @property
    @abc.abstractmethod
    def chance(self) -> float:
        """The share of sequences that guessing gets right, 0 to 1."""

    @property
    @abc.abstractmethod
    def trivial_loss(self) -> float:
        """The mean loss of the best answer that remembers nothing of the sequence."""

    @property
    @abc.abstractmethod
    def optimal_loss(self) -> float:
        """The mean loss that no answer can beat."""

    @property
    def success(self) -> float:
        """The share of test sequences that have to be answered right for the problem to be solved.

        Where its paper has no other, fewer than one of a hundred may be wrong, as Martens & Sutskever 2011
        count.
        """
        return 0.99

    @property
    def tested_on(self) -> "Problem":
        """The problem whose sequences are the test: this one, or the same with longer ones."""
        return self

    def own_network(self) -> Network | None:
        """Return the network with fresh weights, if the problem leaves no choice of it."""
        return None

    @abc.abstractmethod
    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return `count` sequences with their answers, at least 1."""

    @classmethod
    @abc.abstractmethod
    def loss(cls, output: Float[Array, " O"], target: Shaped[Array, "*O"]) -> Float[Array, ""]:
        """Return the loss of one output at one step that counts."""

    @abc.abstractmethod
    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell which sequences were answered right, by the criterion of the problem's paper."""
