"""Next frame of keys: which of them sound after all that sounded, in pieces of music."""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.sequence_map import Network
from throughtime.data.dataset import Encoded
from throughtime.data.piano_roll import KEYS
from throughtime.tasks.generate import Generate
from throughtime.tasks.key_counts import KeyCounts
from throughtime.tasks.task import Posed


class Tally(NamedTuple):
    """Sums over frames: of their `loss`, their number (`frames`), of keys that sound and were foreseen
    (`hits`), and of keys that were foreseen and do not sound or sound and were not (`slips`)."""

    loss: Float[Array | np.ndarray, ""]
    frames: Integer[Array | np.ndarray, ""] | int
    hits: Integer[Array | np.ndarray, ""]
    slips: Integer[Array | np.ndarray, ""]


class GenerateFrames(Generate):
    r"""The next frame of each piece: a model of which keys sound, each for itself given all that sounded.

    **Equations**

        p(x_{t+1, k} = 1 | x_1 ... x_t) = sigmoid(y_{t, k}),   x_0 = 0 (silence)
        loss = - mean_t sum_k log p(x_{t, k} | x_1 ... x_{t-1}),   frame accuracy = hits / (hits + slips)

    in nats a frame; a key is foreseen where its probability is above 1/2.

    Arguments:
        counts: the keys of the training part, counted.

    **Source**

        Boulanger-Lewandowski, Bengio & Vincent 2012, ICML (the RNN without a restricted Boltzmann machine on
        top); Bay, Ehmann & Downie 2009, ISMIR (frame accuracy).
    """

    alphabet: Literal["frames"] = "frames"
    metrics: ClassVar[Mapping[str, bool]] = {"loss": False, "frame_accuracy": True}

    counts: KeyCounts

    @property
    def output_size(self) -> int:
        """The number of keys."""
        return KEYS

    @property
    def main_metric(self) -> str:
        """The accuracy of frames."""
        return "frame_accuracy"

    @classmethod
    def loss(cls, output: Float[Array, " K"], target: Float[Array, " K"]) -> Float[Array, ""]:
        """Return the cross-entropy of all keys, in nats."""
        # log(1 - sigmoid(y)) = log sigmoid(-y)
        return -jnp.sum(jax.nn.log_sigmoid(jnp.where(target > 0.5, output, -output)))

    @classmethod
    def unfold(
        cls,
        targets: Float[Array, "T B K"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Float[Array, "T B K"], Float[Array, "T B"]]:
        """Return the targets, and a mask that counts each frame alike."""
        return targets, jnp.where(jnp.arange(time_steps)[:, None] < lengths, weights, 0)

    @classmethod
    def posed(
        cls,
        network: Network,
        inputs: Float[Array, "T B K"],
        lengths: Integer[Array, " B"],
        targets: Float[Array, "T B K"],
    ) -> Posed:
        """Return the network, and the frames before those that it is to foresee: silence first."""
        return Posed(network, jnp.concatenate([jnp.zeros_like(inputs[:1]), inputs[:-1]]), lengths)

    @classmethod
    def tally(
        cls, outputs: Float[Array, "T B K"], targets: Float[Array, "T B K"], counted: Bool[Array, "T B"]
    ) -> Tally:
        """Return the sums over the frames that count."""
        losses = jax.vmap(jax.vmap(cls.loss))(outputs, targets)
        said, sounds = outputs > 0, (targets > 0.5) & counted[..., None]
        return Tally(
            jnp.where(counted, losses, 0).sum(),
            counted.sum(),
            (said & sounds).sum(),
            ((said != sounds) & counted[..., None]).sum(),
        )

    def scores(self, tally: Tally) -> dict[str, float]:
        """Return the metrics of what was summed up."""
        keys = int(tally.hits) + int(tally.slips)
        accuracy = int(tally.hits) / keys if keys else float("nan")
        return {"loss": float(tally.loss) / int(tally.frames), "frame_accuracy": accuracy}

    def floors(self, data: Encoded) -> dict[str, dict[str, float]]:
        """Return the metrics of predicting from counts alone, by what is counted."""
        pieces = [piece > 0.5 for piece in data.store.sequences()]
        each = {
            "each key after its last state, counted": self.counts.after_last,
            "each key, counted": self.counts.marginal,
        }
        return {
            name: self.scores(_tally_of([(counted(piece), piece) for piece in pieces]))
            for name, counted in each.items()
        }


def _tally_of(pieces: list[tuple[Float[np.ndarray, "_ K"], Bool[np.ndarray, "_ K"]]]) -> Tally:
    """Return the sums over pieces, of each of which the probabilities of keys are given."""
    probable, sounds = map(np.concatenate, zip(*pieces, strict=True))
    said = probable > 0.5
    loss = -np.log(np.where(sounds, probable, 1 - probable)).sum()
    return Tally(loss, len(sounds), (said & sounds).sum(), (said != sounds).sum())
