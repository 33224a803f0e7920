"""Sequence to label: which class a whole sequence belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import jax
import numpy as np
from jaxtyping import Array, Float, Integer

from throughtime.core.errors import Place
from throughtime.data.encoders.labels import LabelEncoder
from throughtime.tasks.once import AnswersOnce
from throughtime.tasks.options import AS_USUAL, TaskOptions
from throughtime.tasks.task import Target


class Classify(AnswersOnce):
    r"""One label for each sequence, read from the output at its last step.

    **Equations**

        p = softmax(y_T),   loss = -log p[target]

    Arguments:
        labels: the classes, fitted to the training targets.
        majority: number of the class that is most frequent in the training targets.

    **Source**

        Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs", for the
        softmax.
    """

    name: Literal["classify"] = "classify"
    metrics: ClassVar[Mapping[str, bool]] = {"accuracy": True, "macro_f1": True}
    target_type: ClassVar[type[np.generic]] = np.int32
    has_classes: ClassVar[bool] = True

    labels: LabelEncoder
    majority: int

    @classmethod
    def fit(
        cls, targets: Iterable[tuple[Target, Place | None]], options: TaskOptions = AS_USUAL
    ) -> "Classify":
        """Return the task for the labels in `targets`; raise `DataError` if there are fewer than two."""
        pairs = list(targets)
        labels = LabelEncoder.fit(label for label, _ in pairs)
        counts = np.bincount([labels.encode(label) for label, _ in pairs], minlength=labels.class_count)
        return cls(labels=labels, majority=int(counts.argmax()))

    @property
    def output_size(self) -> int:
        """The number of classes."""
        return self.labels.class_count

    def encode(self, target: Target, place: Place | None = None) -> int:
        """Return the number of a label; raise `DataError` if it was not in the training targets."""
        return self.labels.encode(target, place)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return -jax.nn.log_softmax(output)[target]

    def answers(self, outputs: Float[np.ndarray, "N O"]) -> list[Target]:
        """Return the most probable label of each sequence."""
        return list(self.labels.decode(outputs.argmax(1)))

    def probabilities(self, outputs: Float[np.ndarray, "N O"]) -> Float[np.ndarray, "N O"]:
        """Return the probability of each class, in the order of `labels`, in float64."""
        from scipy.special import softmax

        # In NumPy, since JAX would compile anew for each number of sequences; in float64, since rows add up
        # to 1.
        return softmax(outputs.astype(np.float64), axis=1)

    def columns(self, outputs: Float[np.ndarray, "N O"]) -> dict[str, Sequence[Any]]:
        """Return the label and its probability."""
        certainty = self.probabilities(outputs).max(1)
        return {"label": self.answers(outputs), "probability": [round(float(p), 4) for p in certainty]}

    def scores(
        self, outputs: Float[np.ndarray, "N O"], targets: Integer[np.ndarray, " N"]
    ) -> dict[str, float]:
        """Return accuracy and the mean F1 of the classes that occur in targets or answers."""
        return _scores(outputs.argmax(1), targets)

    @property
    def trivial(self) -> str:
        """The majority class of the training part."""
        return f"always {self.labels.names[self.majority]!r}"

    def trivial_scores(self, targets: Integer[np.ndarray, " N"]) -> dict[str, float]:
        """Return the scores of always answering with the majority class of the training part."""
        return _scores(np.full(len(targets), self.majority), targets)

    def confusion(
        self, outputs: Float[np.ndarray, "N O"], targets: Integer[np.ndarray, " N"]
    ) -> Integer[np.ndarray, "O O"]:
        """Return how often each class (row) was taken for each class (column)."""
        from sklearn.metrics import confusion_matrix

        return np.asarray(confusion_matrix(targets, outputs.argmax(1), labels=np.arange(self.output_size)))


def _scores(answers: Integer[np.ndarray, " N"], targets: Integer[np.ndarray, " N"]) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score

    return {
        "accuracy": float(accuracy_score(targets, answers)),
        "macro_f1": float(f1_score(targets, answers, average="macro", zero_division=0)),
    }
