"""A trained model: a network, the encoder of its input and the task it was trained for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool

from throughtime.core.noise import without_noise
from throughtime.core.sequence_map import Network
from throughtime.data.dataset import Encoded
from throughtime.data.encoders import SequenceEncoder
from throughtime.data.records import RawSequence, Record
from throughtime.data.store import SequenceStore
from throughtime.tasks import AnsweringTask, Outputs, Target, Task, TaughtTask, answering, taught
from throughtime.tasks.sampling import Sampling
from throughtime.training.answering import answer_all
from throughtime.training.arrays import parameter_count
from throughtime.training.settings import Settings
from throughtime.training.streaming import ModelStream

BLOCK = 4096
"""The most records that are held at once while a file is predicted or evaluated."""

BLOCK_ELEMENTS = 1 << 22
"""About how many elements these may have together: recordings are far longer than sentences."""


@dataclass(frozen=True)
class Model:
    """Everything that turns raw sequences into answers.

    Arguments:
        settings: what the training was told.
        encoder: turns a raw sequence into an array; fitted to the training part.
        task: turns outputs into answers; fitted to the training targets.
        network: with trained weights.
        boundaries: the numbers of time steps that batches are padded to, so that shapes are few.
        report: how the training went, for people: epochs, scores, sizes.
    """

    settings: Settings
    encoder: SequenceEncoder
    task: Task
    network: Network
    boundaries: tuple[int, ...]
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def parameter_count(self) -> int:
        """How many numbers the network has."""
        return parameter_count(self.network)

    @property
    def answering(self) -> AnsweringTask:
        """The task, which has an answer to each sequence.

        **Raises**

            UsageError: it has none.
        """
        assert issubclass(type(self.task), answering(self.settings.task))
        return self.task  # type: ignore[return-value]  # as was asserted

    @property
    def taught(self) -> TaughtTask:
        """The task, whose targets stand in the records.

        **Raises**

            UsageError: they do not.
        """
        assert issubclass(type(self.task), taught(self.settings.task))
        return self.task  # type: ignore[return-value]  # as was asserted

    def encode(self, records: Iterable[RawSequence | Record]) -> Encoded:
        """Return raw sequences, or records, as the network reads them, without targets."""
        store = SequenceStore()
        store.extend(self.encoder.encode_batch(records))
        return Encoded(store, np.zeros(len(store), np.float32), self.boundaries)

    def outputs(self, data: Encoded) -> Outputs:
        """Return what the task reads of the network's outputs, for each sequence in order."""
        network = without_noise(self.answerer)
        return answer_all(network, self.answering, data, self.settings.training.batch_size)

    @property
    def answerer(self) -> Network:
        """The network whose outputs are the answers, made of the one that was trained."""
        return self.answering.answerer(self.network)

    def predict(self, sequences: Sequence[RawSequence]) -> list[Target]:
        """Return the answer to each raw sequence, in order.

        **Raises**

            DataError: a sequence cannot be read as the model's kind of input.
        """
        with self.encode(sequences) as data:
            return self.answering.answers(self.outputs(data))

    def stream(self) -> ModelStream:
        """Return the model at the start of a sequence that is still to come; it answers after each part.

        **Raises**

            NotACellError: the model must see whole sequences.
            UsageError: its task has no answer to a sequence.
        """
        return ModelStream(self.answerer, self.encoder, self.answering)

    def generate(
        self,
        prompt: str | None = None,
        *,
        length: int = 500,
        stop: str | Sequence[str] = (),
        seed: int = 0,
        sampling: Sampling | None = None,
        **options: Any,
    ) -> str:
        """Return a text that goes on from a prompt; `write` gives it piece by piece.

        Arguments:
            prompt: what the text goes on from, and does not repeat; the end of a line when left out.
            length: how many symbols, at least 0.
            stop: a text, or several, at the first of which it ends; that is not part of it.
            seed: what chance comes from, 0 to 2**32 - 1.
            sampling: how symbols are drawn; `options` name it setting by setting: `temperature=0.8`.

        **Raises**

            UsageError: the task of the model is another one, or the prompt cannot be gone on from.
            OptionError: an option is out of range.
        """
        return "".join(self.write(prompt, length=length, stop=stop, seed=seed, sampling=sampling, **options))

    def write(
        self,
        prompt: str | None = None,
        *,
        length: int | None = None,
        stop: str | Sequence[str] = (),
        seed: int = 0,
        sampling: Sampling | None = None,
        **options: Any,
    ) -> Iterator[str]:
        """Return the pieces of a text that goes on from a prompt, each made when it is asked for.

        Arguments:
            length: how many symbols, at least 0; without an end when left out.
            others: as in `generate`.

        **Cost**

            a step of the network a symbol, by `Stream`: in native code where every layer has it
        """
        from throughtime.training.generation import writing

        return writing(self, prompt, length, stop, seed, sampling, options)

    def compose(
        self,
        prompt: RawSequence | None = None,
        *,
        opening: int | None = None,
        length: int | None = None,
        seed: int = 0,
        sampling: Sampling | None = None,
        **options: Any,
    ) -> Bool[np.ndarray, "T K"]:
        """Return a piece of music that begins with a prompt: which of the 88 keys sound at each frame.

        `model.encoder.decode` makes notes of it, which `write_midi` writes to a file.

        Arguments:
            prompt: notes to go on from, as `read_music` gives them; silence when left out.
            opening: how many frames of the prompt are taken, at least 1; all when left out.
            length: how many frames are composed, at least 0; as many as 64 quarter notes have when left out.
            seed: what chance comes from, 0 to 2**32 - 1.
            sampling: how keys are drawn; or `temperature`, at least 0: 1 for the network's own chances, 0 for
                the keys that are likelier to sound than not.

        **Raises**

            UsageError: the model is not one of music.
            OptionError: an option is out of range.
            DataError: the prompt is no music, or has no note.

        **Cost**

            a step of the network a frame, by `Stream`
        """
        from throughtime.training.composition import composed

        return composed(self, prompt, opening, length, seed, sampling, options)

    def predict_records(self, records: Iterable[Record]) -> Iterator[tuple[list[Record], Outputs]]:
        """Return records and outputs block by block, so that a file need not fit in memory."""
        records = iter(records)
        while block := _block(records):
            with self.encode(block) as data:
                yield block, self.outputs(data)


def _block(records: Iterator[Record]) -> list[Record]:
    """Return the next records, as many as may be held at once; none at the end."""
    block: list[Record] = []
    elements = 0
    for record in records:
        block.append(record)
        elements += np.size(record.sequence) if isinstance(record.sequence, np.ndarray) else 0
        if len(block) == BLOCK or elements >= BLOCK_ELEMENTS:
            break
    return block
