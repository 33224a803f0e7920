"""Texts and music that are gone on with, the scikit-learn way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import DataError
from throughtime.core.noise import without_noise
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.data.encoders import MusicEncoder, SymbolicEncoder
from throughtime.data.memory import MemorySource
from throughtime.estimators.saving import SavedEstimator
from throughtime.tasks import GenerateFrames, GenerateSymbols
from throughtime.training.judging import mean_loss, tallied
from throughtime.training.piece_preparation import pieces_of
from throughtime.training.text_preparation import text_of


class SequenceGenerator(SavedEstimator):
    """Learns what comes next in texts, in lists of symbols or in music, and goes on.

    X is a list of texts or of lists of symbols, which are read one after the other as one long text with an
    end of line behind each. A text is read character by character, unless `kind` says otherwise. With
    `kind="music"`, X is a list of pieces, each an array of notes as `read_music` gives it.

    Parameters are those of `__init__`, each with its range and default there.

    **Attributes**

    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the text.

    **Example**

    >>> from throughtime import SequenceGenerator
    >>> model = SequenceGenerator(cell="gru", hidden_size=16, learning_rate=0.02, chunk_size=32, batch_size=4,
    ...     epochs=8, random_state=0)
    >>> model.fit(["one two three four five"] * 40).generate("one two", temperature=0, length=16)
    ' three four five'
    """

    task_name: ClassVar[str] = "generate"

    def fit(self, X: Any, y: Any = None) -> SequenceGenerator:
        """Train a new model.

        Arguments:
            X: texts, lists of symbols, or pieces of music; see the class.
            y: not looked at.

        **Raises**

            ValueError: X cannot be used as it is, or a parameter is out of range (`DataError`,
                `OptionError`).
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        self._fit(MemorySource(_texts(X)))
        return self

    def generate(self, prompt: str | None = None, *, length: int = 500, **options: Any) -> str:
        """Return a text that goes on from a prompt.

        Arguments:
            prompt: what the text goes on from, and does not repeat; the end of a line when left out.
            length: how many symbols, at least 0.
            options: `temperature`, `top_k`, `stop`, `seed` and more; see `Model.generate`.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: an option is out of range, or the prompt cannot be gone on from.
        """
        check_is_fitted(self)
        return self.model_.generate(prompt, length=length, **options)

    def compose(self, prompt: Any = None, *, length: int | None = None, **options: Any) -> np.ndarray:
        """Return a piece of music that begins with a prompt: which of the 88 keys sound at each frame.

        Arguments:
            prompt: notes that are gone on from; silence when left out.
            length: how many frames are composed, at least 0; as many as 64 quarter notes have when left out.
            options: `opening`, `temperature` and `seed`; see `Model.compose`.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: an option is out of range, the prompt is no music, or text is what was learned.
        """
        check_is_fitted(self)
        return self.model_.compose(prompt, length=length, **options)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean logarithm of the probability of each symbol, or frame of music, in nats; more is
        better.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        check_is_fitted(self)
        encoder, task = self.model_.encoder, self.model_.task
        if isinstance(task, GenerateFrames):
            assert isinstance(encoder, MusicEncoder)
            frames, _ = pieces_of(MemorySource(_texts(X)), encoder)
            with Encoded(frames, frames, self.model_.boundaries) as pieces:
                batch_size = self.model_.settings.training.batch_size
                tally = tallied(without_noise(self.model_.network), task, pieces, batch_size)
            return -task.scores(tally)["loss"]
        assert isinstance(encoder, SymbolicEncoder)
        assert isinstance(task, GenerateSymbols)
        text = Continuous.encode(text_of(MemorySource(_texts(X)), encoder.kind), encoder, "X")
        return -mean_loss(without_noise(self.model_.network), task, text, lanes=1)


def _texts(X: Any) -> list[Any]:
    if isinstance(X, str) or not isinstance(X, Iterable):
        raise DataError(
            f"X is {type(X).__name__}; give a list of texts, or of lists of symbols: [text] for a single one"
        )
    return list(X)
