"""Shapes that move through a picture and bounce: see some frames, foretell the next."""

import functools
from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field

from throughtime.problems.criteria import cross_entropy_of_set
from throughtime.problems.problem import Examples, Problem


class MovingShapes(Problem):
    r"""A square, a disc and a triangle move in straight lines, through one another, and bounce off the edges.

    **Equations**

        a centre    p_t = p_{t-1} + v_{t-1}; where it would leave the picture, that part of v turns its sign
        input       the frames 1 ... n, then n' empty frames; target at step n + j: frame n + j
        loss        the cross-entropy of a frame, summed over its pixels, averaged over frames n + 1, ...

    **Shapes**

        an element and an answer `[size * size]`: a picture of 0 and 1, row by row, and the log-odds of a 1

    Arguments:
        size: pixels in a row and in a column, at least 16.
        shapes: how many there are in a picture, at least 1; each is any of the three.
        seen: n, the frames to look at, at least 2.
        foretold: n', the frames to foretell, at least 1.

    **Differs from**

        The moving digits of the paper (64 x 64, 10 to 10 frames), with which it shares the rules; no data is
        needed.

    **Source**

        Srivastava, Mansimov & Salakhutdinov 2015, arXiv 1502.04681, section 3.1; Shi et al. 2015, arXiv
        1506.04214, section 4.1.
    """

    kind: ClassVar[str] = "moving_shapes"

    size: Annotated[int, Field(ge=16)] = 32
    shapes: Annotated[int, Field(ge=1)] = 2
    seen: Annotated[int, Field(ge=2)] = 5
    foretold: Annotated[int, Field(ge=1)] = 5

    @property
    def feature_count(self) -> int:
        """Pixels in a picture."""
        return self.size**2

    @property
    def output_size(self) -> int:
        """Pixels in a picture."""
        return self.size**2

    @property
    def chance(self) -> float:
        """No picture is guessed."""
        return 0.0

    @property
    def trivial_loss(self) -> float:
        """Each pixel as often set as it is on average, at its place; measured on 4,096 sequences."""
        return _loss_of_the_average(self)

    @property
    def optimal_loss(self) -> float:
        """Every pixel foretold."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        radius = self.size / 8
        steps = self.seen + self.foretold
        low, high = radius, self.size - 1 - radius
        place = generator.uniform(low, high, (count, self.shapes, 2))
        angle = generator.uniform(0, 2 * np.pi, (count, self.shapes))
        # A twelfth of the way across a step, so that five frames show a shape on its way, and some bounce.
        speed = generator.uniform(0.5, 1, (count, self.shapes)) * self.size / 12
        velocity = speed[..., None] * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
        form = generator.integers(3, size=(count, self.shapes))
        frames = np.empty((steps, count, self.size, self.size), bool)
        for frame in frames:
            frame[:] = _drawn(form, place, radius, self.size)
            place = place + velocity
            velocity = np.where((place < low) | (place > high), -velocity, velocity)
            place = np.where(place < low, 2 * low - place, np.where(place > high, 2 * high - place, place))
        pixels = frames.reshape(steps, count, -1).astype(np.float32)
        mask = np.zeros((steps, count), np.float32)
        mask[self.seen :] = 1
        inputs = pixels * (1 - mask)[..., None]
        return Examples(inputs, pixels, mask, np.full(count, steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return the cross-entropy of a frame in nats."""
        return cross_entropy_of_set(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where foretold and real shapes cover each other to 9/10, over all frames that count."""
        counts = examples.mask[..., None] > 0
        foretold, real = (outputs > 0) & counts, (examples.targets > 0.5) & counts
        both = (foretold & real).sum(axis=(0, 2))
        return both >= 0.9 * (foretold | real).sum(axis=(0, 2))


def _drawn(
    form: np.ndarray, place: Float[np.ndarray, "B n 2"], radius: float, size: int
) -> Bool[np.ndarray, "B size size"]:
    """Return pictures of squares (0), discs (1) and triangles (2) around their places."""
    rows, columns = np.arange(size)[:, None], np.arange(size)[None, :]
    down = rows - place[..., 0, None, None]
    across = np.abs(columns - place[..., 1, None, None])
    square = np.maximum(np.abs(down), across) <= 0.8 * radius
    disc = down**2 + across**2 <= radius**2
    triangle = (np.abs(down) <= radius) & (across <= (down + radius) / 2)
    form = form[..., None, None]
    return np.where(form == 0, square, np.where(form == 1, disc, triangle)).any(axis=1)


@functools.cache
def _loss_of_the_average(problem: MovingShapes) -> float:
    pixels = problem.draw(4096, np.random.default_rng(0)).targets[problem.seen :]
    share = np.clip(pixels.mean(axis=1), 1e-6, 1 - 1e-6)
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return float(entropy.sum(axis=-1).mean())
