"""How the next frame is drawn from what a network says about each key."""

import numpy as np
from jaxtyping import Bool, Float

from throughtime.core.errors import OptionError
from throughtime.networks.stream import Stream
from throughtime.tasks.sampling import Sampling

WITH_A_USE = "temperature"


class FrameSampler:
    r"""Draws one frame after another, each key for itself.

    **Equations**

        p_k = sigmoid(y_k / temperature);   at temperature 0 the keys with y_k > 0

    Arguments:
        sampling: how; of its settings only the temperature has a use.
        generator: where chance comes from.

    **Raises**

        OptionError: another setting than the temperature was given.
    """

    def __init__(self, sampling: Sampling, generator: np.random.Generator) -> None:
        for name, field in Sampling.model_fields.items():
            if name != WITH_A_USE and (given := getattr(sampling, name)) != field.default:
                raise OptionError(
                    f"{name} is {given}, which is for symbols, and in music each key is drawn for itself; "
                    f"leave {name} out, and use the {WITH_A_USE}"
                )
        self._temperature = sampling.temperature
        self._generator = generator

    def draw(self, scores: Float[np.ndarray, " K"]) -> Bool[np.ndarray, " K"]:
        """Return the keys that sound in the next frame."""
        if self._temperature == 0:
            return scores > 0
        with np.errstate(over="ignore"):
            probable = 1 / (1 + np.exp(-scores.astype(np.float64) / self._temperature))
        return self._generator.random(len(scores)) < probable


def frames_after(
    stream: Stream, prompt: Float[np.ndarray, "T K"], sampler: FrameSampler, length: int
) -> Bool[np.ndarray, "L K"]:
    """Return frames that go on from a prompt, which may have none.

    Arguments:
        stream: a network at its start that gives a score for each key.
        length: how many, at least 0.

    **Cost**

        a step of the network a frame
    """
    frames = np.zeros((length, prompt.shape[1]), bool)
    scores = stream.step(np.zeros(prompt.shape[1], np.float32))
    for frame in prompt:
        scores = stream.step(frame)
    for place in range(length):
        frames[place] = sampler.draw(scores)
        scores = stream.step(frames[place].astype(np.float32))
    return frames
