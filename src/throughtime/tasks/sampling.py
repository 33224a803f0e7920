"""How the next symbol is drawn from what a network says about all of them."""

from collections import deque
from typing import Annotated

import numpy as np
from jaxtyping import Float, Integer
from pydantic import Field

from throughtime.core.options import Options

NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class Sampling(Options):
    r"""How symbols are drawn.

    **Equations**

        p_i = exp(z_i / temperature) / Z,   i among the symbols that are kept

    Arguments:
        temperature: 1 for the network's own probabilities, less for likelier symbols, 0 for the likeliest
            alone; at least 0.
        top_k: how many symbols, the likeliest ones, can be drawn, at least 1; all when left out.
        top_p: the share of all probability that the likeliest symbols, as few as make it up, can be drawn
            from, above 0 to 1.
        repetition_penalty: what the score of a symbol is divided by (multiplied, if it is negative) when it
            is among those written last, above 0; 1 for no penalty.
        repetition_window: how many symbols were written last, at least 1.
        no_repeat: how many symbols in a row are never written twice, at least 1; any row may be repeated when
            left out.

    **Source**

        top_p: Holtzman et al. 2020, arXiv 1904.09751; top_k: Fan, Lewis & Dauphin 2018, arXiv 1805.04833;
        repetition_penalty: Keskar et al. 2019, arXiv 1909.05858, section 4.1; no_repeat: Paulus, Xiong &
        Socher 2017, arXiv 1705.04304, section 2.5.
    """

    temperature: NotNegative = 1.0
    top_k: Count | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    repetition_window: Count = 64
    no_repeat: Count | None = None


class Sampler:
    """Draws one symbol after another, and remembers those that were written.

    Arguments:
        sampling: how.
        generator: where chance comes from.
        never: ids that are not drawn whatever the network says.

    **Cost**

        O(V) a symbol, O(V log V) with `top_p`; memory for what was written, with `no_repeat`
    """

    def __init__(
        self, sampling: Sampling, generator: np.random.Generator, never: tuple[int, ...] = ()
    ) -> None:
        self.sampling = sampling
        self._generator = generator
        self._never = list(never)
        self._recent: deque[int] = deque(maxlen=sampling.repetition_window)
        self._row: deque[int] = deque(maxlen=(sampling.no_repeat or 1) - 1)
        self._followers: dict[tuple[int, ...], list[int]] = {}

    def note(self, symbol: int) -> None:
        """Remember a symbol as written."""
        if self.sampling.no_repeat is not None:
            if len(self._row) == self._row.maxlen:
                self._followers.setdefault(tuple(self._row), []).append(symbol)
            self._row.append(symbol)
        self._recent.append(symbol)

    def draw(self, scores: Float[np.ndarray, " V"]) -> int:
        """Return the next symbol and remember it as written.

        Where every symbol is forbidden by `no_repeat`, one is drawn as if it were not set.
        """
        scores = self._changed(scores)
        symbol = int(scores.argmax()) if self.sampling.temperature == 0 else self._drawn(scores)
        self.note(symbol)
        return symbol

    def _changed(self, scores: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
        scores = scores.astype(np.float64)
        penalty = self.sampling.repetition_penalty
        if penalty != 1 and self._recent:
            seen = list(set(self._recent))
            scores[seen] = np.where(scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty)
        if self._never:
            scores[self._never] = -np.inf
        if self.sampling.no_repeat is not None and len(self._row) == self._row.maxlen:
            without = scores.copy()
            without[self._followers.get(tuple(self._row), [])] = -np.inf
            scores = without if np.isfinite(without.max()) else scores
        return scores

    def _drawn(self, scores: Float[np.ndarray, " V"]) -> int:
        top_k, top_p = self.sampling.top_k, self.sampling.top_p
        if top_k is not None and top_k < len(scores):
            kept = np.argpartition(scores, -top_k)[-top_k:]
            return int(kept[self._from(scores[kept], top_p)])
        return self._from(scores, top_p)

    def _from(self, scores: Float[np.ndarray, " K"], top_p: float) -> int:
        scores -= scores.max()
        scores /= self.sampling.temperature
        weights = np.exp(scores, out=scores)
        if top_p < 1:
            order = np.argsort(-weights, kind="stable")
            return int(order[self._place(_fewest(weights[order], top_p))])
        return self._place(weights.cumsum())

    def _place(self, cumulated: Float[np.ndarray, " K"]) -> int:
        place = int(cumulated.searchsorted(self._generator.random() * cumulated[-1], side="right"))
        return min(place, len(cumulated) - 1)  # where the product was rounded up to the whole sum


def _fewest(descending: Float[np.ndarray, " K"], share: float) -> Float[np.ndarray, " M"]:
    """Return the sums of the first weights, of as few as make up a share of all."""
    cumulated = descending.cumsum()
    count: Integer[np.ndarray, ""] = cumulated.searchsorted(share * cumulated[-1]) + 1
    return cumulated[: int(count)]
