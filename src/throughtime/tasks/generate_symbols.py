"""Next symbol: what comes after all that came, of a text or of any row of symbols."""

from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer

from throughtime.data.continuous import Continuous
from throughtime.tasks.generate import Generate
from throughtime.tasks.symbol_counts import SymbolCounts


class GenerateSymbols(Generate):
    r"""The next symbol, at every step: a language model of characters, bytes, words, subwords or symbols.

    **Equations**

        p(x_{t+1} | x_1 ... x_t) = softmax(y_t),   loss = - mean_t log p(x_{t+1} | x_1 ... x_t)
        perplexity = exp(loss),   bits per character = N loss / (C log 2)

    for N symbols that stand for C characters.

    Arguments:
        counts: the symbols of the training part and their neighbours, counted.

    **Source**

        Elman 1990, Cognitive Science 14 (prediction of letters and words); Mikolov et al. 2010, Interspeech
        (language models).
    """

    metrics: ClassVar[Mapping[str, bool]] = {"loss": False, "perplexity": False, "bits_per_character": False}

    counts: SymbolCounts

    @property
    def output_size(self) -> int:
        """The number of symbols."""
        return self.counts.size

    @classmethod
    def loss(cls, output: Float[Array, " V"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return -jax.nn.log_softmax(output)[target]

    @classmethod
    def unfold(
        cls,
        targets: Integer[Array, "T B"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Integer[Array, "T B"], Float[Array, "T B"]]:
        """Return the targets, and a mask that counts each symbol alike."""
        return targets, jnp.where(jnp.arange(time_steps)[:, None] < lengths, weights, 0)

    @property
    def main_metric(self) -> str:
        """Bits per character, which texts in other symbols can be compared by."""
        return "bits_per_character"

    def scores(self, loss: float, text: Continuous) -> dict[str, float]:
        """Return the metrics of a mean loss over a text."""
        characters = text.characters * text.predicted / len(text.ids)
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(loss))
        bits = text.predicted * loss / (characters * np.log(2))
        return {"loss": loss, "perplexity": perplexity, "bits_per_character": float(bits)}

    def floors(self, data: Continuous) -> dict[str, dict[str, float]]:
        """Return the metrics of predicting from counts alone, by what is counted."""
        each = {
            "pairs of symbols, counted": self.counts.bigram_losses(data.ids),
            "symbols, counted": self.counts.unigram_losses(data.ids),
        }
        return {name: self.scores(float(losses.mean()), data) for name, losses in each.items()}
