"""What can be predicted of keys by counting: how often each sounds, and how often after it did or did not."""

from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from throughtime.core.options import Options

Count = Annotated[int, Field(ge=0)]


class KeyCounts(Options):
    r"""In how many frames each key sounds, by whether it sounded in the frame before.

    **Equations**

        p(k) = (c(k) + 1) / (N + 2),   p(k | s) = (c(k, s) + 1) / (n(k, s) + 2)

    for N frames, n(k, s) of them after one in which key k was in state s (on or off); before the first frame
    of a piece all keys are off.

    Arguments:
        frames: N.
        on: c(k), the frames in which each key sounds.
        after_on: n(k, on), those before which it did.
        on_after_on: c(k, on), those in which and before which it did.
    """

    frames: Annotated[int, Field(ge=1)]
    on: tuple[Count, ...]
    after_on: tuple[Count, ...]
    on_after_on: tuple[Count, ...]

    @classmethod
    def of(cls, pieces: list[Bool[np.ndarray, "_ K"]]) -> "KeyCounts":
        """Count the keys of at least one piece."""
        return cls(
            frames=sum(map(len, pieces)),
            on=_summed(pieces),
            after_on=_summed([piece[:-1] for piece in pieces]),
            on_after_on=_summed([piece[:-1] & piece[1:] for piece in pieces]),
        )

    def marginal(self, piece: Bool[np.ndarray, "T K"]) -> Float[np.ndarray, "T K"]:
        """Return how probable it is of each key that it sounds, the same at every frame of a piece."""
        return np.broadcast_to((np.array(self.on) + 1) / (self.frames + 2), piece.shape)

    def after_last(self, piece: Bool[np.ndarray, "T K"]) -> Float[np.ndarray, "T K"]:
        """Return how probable it is of each key that it sounds, given whether it did a frame before."""
        on, after_on, both = map(np.array, (self.on, self.after_on, self.on_after_on))
        last = np.concatenate([np.zeros_like(piece[:1]), piece[:-1]])
        return np.where(last, (both + 1) / (after_on + 2), (on - both + 1) / (self.frames - after_on + 2))


def _summed(pieces: list[Bool[np.ndarray, "_ K"]]) -> tuple[int, ...]:
    return tuple(sum(piece.sum(0, dtype=np.int64) for piece in pieces).tolist())
