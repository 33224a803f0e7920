"""Sequence to number: a quantity read from a whole sequence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Float

from throughtime.core.errors import Place
from throughtime.data.encoders.targets import NumberTargetEncoder, target_number
from throughtime.tasks.once import AnswersOnce
from throughtime.tasks.options import AS_USUAL, TaskOptions
from throughtime.tasks.task import Target


class Regress(AnswersOnce):
    r"""One number for each sequence, read from the output at its last step.

    **Equations**

        loss = (y_T - (target - mean) / std)^2

    Arguments:
        scale: mean and standard deviation of the training targets.
    """

    name: Literal["regress"] = "regress"
    metrics: ClassVar[Mapping[str, bool]] = {"r2": True, "rmse": False, "mae": False}
    target_type: ClassVar[type[np.generic]] = np.float32

    scale: NumberTargetEncoder

    @classmethod
    def fit(
        cls, targets: Iterable[tuple[Target, Place | None]], options: TaskOptions = AS_USUAL
    ) -> "Regress":
        """Return the task for the numbers in `targets`; raise `DataError` if one is no number."""
        return cls(scale=NumberTargetEncoder.fit([target_number(target, place) for target, place in targets]))

    @property
    def output_size(self) -> int:
        """One number."""
        return 1

    def encode(self, target: Target, place: Place | None = None) -> float:
        """Return the number in standard deviations from the mean; raise `DataError` if it is not a number."""
        return self.scale.encode(target, place)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, ""]) -> Float[Array, ""]:
        """Return the squared error, in units of the training targets' variance."""
        return (output[0] - target) ** 2

    def answers(self, outputs: Float[np.ndarray, "N O"]) -> list[Target]:
        """Return the numbers in the units of the training targets."""
        return [float(number) for number in self.scale.decode(outputs[:, 0])]

    def columns(self, outputs: Float[np.ndarray, "N O"]) -> dict[str, Sequence[Any]]:
        """Return the number."""
        return {"value": self.answers(outputs)}

    def scores(self, outputs: Float[np.ndarray, "N O"], targets: Float[np.ndarray, " N"]) -> dict[str, float]:
        """Return R squared, and root mean square and mean absolute error in the targets' units."""
        return self._scores(self.scale.decode(outputs[:, 0]), self.scale.decode(targets))

    @property
    def trivial(self) -> str:
        """The mean of the training part."""
        return "the mean"

    def trivial_scores(self, targets: Float[np.ndarray, " N"]) -> dict[str, float]:
        """Return the scores of always answering with the mean of the training part."""
        truth = self.scale.decode(targets)
        return self._scores(np.full(len(truth), self.scale.decode(np.zeros(1))[0]), truth)

    @staticmethod
    def _scores(answers: Float[np.ndarray, " N"], truth: Float[np.ndarray, " N"]) -> dict[str, float]:
        from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

        # One sequence has no variance to explain; scikit-learn would warn and give the same.
        r2 = float(r2_score(truth, answers)) if len(truth) > 1 else float("nan")
        return {
            "r2": r2,
            "rmse": float(root_mean_squared_error(truth, answers)),
            "mae": float(mean_absolute_error(truth, answers)),
        }
