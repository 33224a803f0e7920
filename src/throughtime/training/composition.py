"""A trained model of music goes on with a piece, or begins one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool

from throughtime.core.errors import OptionError, UsageError
from throughtime.core.randomness import generator_for
from throughtime.data.encoders import MusicEncoder
from throughtime.networks.stream import Stream
from throughtime.tasks import GenerateFrames
from throughtime.tasks.frame_sampling import FrameSampler, frames_after
from throughtime.tasks.sampling import Sampling
from throughtime.training.carried import check_reads_on
from throughtime.training.model import Model

USUAL_QUARTERS = 64
"""Quarter notes that are composed where nobody says how many frames."""


def composed(
    model: Model,
    prompt: Any,
    opening: int | None,
    length: int | None,
    seed: int,
    sampling: Sampling | None,
    options: Mapping[str, Any],
) -> Bool[np.ndarray, "T K"]:
    """Return the frames of a prompt and those that go on from it. See `Model.compose`."""
    encoder = music_encoder(model)
    if length is None:
        length = USUAL_QUARTERS * encoder.frames_per_quarter
    if length < 0:
        raise OptionError(f"length is {length}; choose a whole number of at least 0")
    if sampling is not None and options:
        raise OptionError(f"sampling was given, and {', '.join(options)} besides; give one or the other")
    sampler = FrameSampler(sampling or Sampling.parse(options), generator_for(seed, "generation"))
    begun = _opening(prompt, opening, encoder)
    frames = frames_after(Stream(check_reads_on(model.network)), begun, sampler, length)
    return np.concatenate([begun > 0.5, frames])


def music_encoder(model: Model) -> MusicEncoder:
    """Return the encoder of a model that composes; raise `UsageError` for one that does not."""
    if not isinstance(model.task, GenerateFrames):
        raise UsageError(
            f"this model of the task {model.settings.task!r} reads {model.encoder.kind} and composes no "
            "music; use Model.generate or Model.predict, or train one with `throughtime fit generate` on "
            "MIDI or MusicXML"
        )
    assert isinstance(model.encoder, MusicEncoder)
    return model.encoder


def _opening(prompt: Any, opening: int | None, encoder: MusicEncoder) -> np.ndarray:
    if prompt is None:
        if opening is not None:
            raise OptionError(
                f"opening is {opening}, and there is no prompt to take it of; give one, or leave it out"
            )
        return np.zeros((0, encoder.feature_count), np.float32)
    frames = encoder.encode(prompt)
    if opening is not None and not 1 <= opening <= len(frames):
        raise OptionError(
            f"opening is {opening}, and the prompt has {len(frames)} frames; choose 1 to {len(frames)}, or "
            "leave it out to go on from all of them"
        )
    return frames[:opening]
