"""Next element: what comes after all that came, of a text, of any row of symbols, or of a piece of music."""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from throughtime.core.errors import choose
from throughtime.core.sequence_map import Network
from throughtime.tasks.task import Task


class Generate(Task, abc.ABC):
    """The next element, at every step: what can be learned so can be gone on with.

    What an element is, and so what the network's output says of the next one, is for the tasks below:
    `GenerateSymbols` and `GenerateFrames`.
    """

    name: Literal["generate"] = "generate"
    metrics: ClassVar[Mapping[str, bool]] = {
        "loss": False,
        "perplexity": False,
        "bits_per_character": False,
        "frame_accuracy": True,
    }

    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return the network as it is."""
        return network

    def check_metric(self, name: str) -> None:
        """Raise `OptionError` if the elements have no such metric, but others have."""
        choose("training.metric", name, dict.fromkeys(["loss", *self.metrics]))

    @abc.abstractmethod
    def floors(self, data: Any) -> dict[str, dict[str, float]]:
        """Return the metrics of predicting from counts alone, by what is counted, the best one first.

        Arguments:
            data: of the task's own form: a continuous text, or pieces.
        """
