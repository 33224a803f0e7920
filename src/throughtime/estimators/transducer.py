"""A sequence for each sequence, the scikit-learn way."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import DataError
from throughtime.estimators.base import SequenceEstimator
from throughtime.tasks import Target


class SequenceTransducer(SequenceEstimator):
    """Learns to give each sequence another one, of any length.

    A source is an array `[time]` or `[time, feature]`, a text, or a list of symbols; X is a list of them. A
    target is a text or a list of symbols. What the two are made of is recognised from the data, unless `kind`
    and `target_kind` say it.

    Parameters are those of `__init__`, each with its range and default there.

    **Attributes**

    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the data.

    **Example**

    >>> from throughtime import SequenceTransducer
    >>> words = ["".join(letters) for letters in zip("abcabcabc", "aaabbbccc", strict=True)]
    >>> model = SequenceTransducer(hidden_size=32, learning_rate=0.02, validation=0, random_state=0)
    >>> shouted = [word.upper() + "!" for word in words]
    >>> model.fit(words, shouted).predict(["ab"])
    ['AB!']
    """

    task_name: ClassVar[str] = "transduce"

    def fit(self, X: Any, y: Any) -> SequenceTransducer:
        """Train a new model.

        Arguments:
            X: sources; see the class.
            y: a target for each, a list of them. A source may occur several times, with a target each.

        **Raises**

            ValueError: X or y cannot be used as they are, or a parameter is out of range (`DataError`,
                `OptionError`).
            MissingExtraError: a library that counts the scores is not installed.
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        self._fit(self._source(X, self._listed(y)))
        return self

    def partial_fit(self, X: Any, y: Any) -> SequenceTransducer:
        """Go on training, with one pass over these pairs.

        The first call fits the encoders of sources and targets to its data and makes fresh weights, so let it
        see data like all that follows. Nothing is held out, so `epochs`, `validation`, `patience` and
        `metric` play no part. After `fit`, the model of that is trained further, with a fresh optimiser.

        Arguments:
            X: sources; see the class.
            y: a target for each.

        **Raises**

            ValueError: as for `fit`; a parameter that the weights depend on has changed; or the schedule has
                an end.
            DivergedError: the loss became infinite or not a number; the model is as it was before the call.
        """
        if hasattr(self, "model_"):
            self._go_on(X, self._listed(y))
        else:
            self._start(X, self._listed(y), None)
        return self

    def predict(self, X: Any) -> list[Target]:
        """Return the best target found for each source: a text, or a list of symbols of several letters.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        outputs = self._outputs(X)
        return self.model_.answering.answers(outputs)

    def predict_n_best(self, X: Any) -> list[list[tuple[Target, float]]]:
        """Return the best `n_best` targets found for each source with their scores, the best first.

        A score is the logarithm of the target's probability, divided by the length penalty.
        """
        outputs = self._outputs(X)
        columns = self.model_.answering.columns(outputs)
        pairs = [name for name in columns if name.startswith("target")]
        return [
            [(columns[name][row], columns[name.replace("target", "score")][row]) for name in pairs]
            for row in range(len(outputs))
        ]

    def score(self, X: Any, y: Any) -> float:
        """Return the share of sources whose best target is right; one that occurs several times counts once,
        with every target that it has."""
        check_is_fitted(self)
        task = self.model_.taught
        encoded = task.kept(task.encode(target) for target in self._listed(y))
        return task.scores(self._outputs(X), encoded)["exact_match"]

    def _listed(self, y: Any) -> list[Target]:
        if y is None or isinstance(y, str) or not hasattr(y, "__len__"):
            raise DataError(
                f"y is {'a single text' if isinstance(y, str) else type(y).__name__}; give a list with a "
                "target for each source: texts, or lists of symbols"
            )
        return [list(target) if isinstance(target, tuple) else target for target in y]
