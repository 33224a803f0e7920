"""A trained model that reads one sequence element by element, and answers after each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from throughtime.core.cell import Cell, State
from throughtime.core.errors import DataError, NotACellError, Place, UsageError
from throughtime.core.sequence_map import Network
from throughtime.data.encoders import AudioEncoder, BiosignalEncoder, NumberEncoder, SequenceEncoder
from throughtime.data.number_text import numbers_in
from throughtime.data.signals import Biosignal
from throughtime.networks.head import Head, Labelling, head_of
from throughtime.networks.stream import Stream
from throughtime.tasks import AnsweringTask, Label, Target
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.atomic import new_file


class StreamState(NamedTuple):
    """All that is remembered between two elements: of the `network`; of the row of labels so far, as the
    logarithm of how probable each of them is at the last element (`belief` `[K]`; empty before the first, and
    for tasks without labels); and of sound, the samples of frames that are not complete (`waiting`
    `[time]`)."""

    network: State
    belief: np.ndarray
    waiting: np.ndarray


class ModelStream:
    """A trained model on its way through a sequence, in constant memory.

    After each part of the sequence it gives what the model says of the sequence so far: of a task with one
    answer a sequence that answer, as if the sequence ended here; of a series what comes next; of labels,
    those of the part's elements.

    **Differs from**

        `Model.predict`, for labels under a conditional random field: what follows an element has no influence
        on its label here, since it has not come yet. All other answers are those of `predict`.

    **Raises**

        NotACellError: the model must see whole sequences.

    **Cost**

        a step of the network an element; memory does not depend on how many came
    """

    def __init__(self, network: Network, encoder: SequenceEncoder, task: AnsweringTask):
        if not isinstance(network, Cell):
            raise NotACellError(
                "this model must see the whole sequence before it answers, since it reads in both directions "
                "or writes a sequence of its own; use predict, or train one with direction='forward' that "
                "answers or labels"
            )
        self._stream = Stream(network)
        self._encoder, self._task = encoder, task
        self._head: Head | None = head_of(network) if isinstance(task, Label) else None
        self._belief = np.zeros(0, np.float32)
        self._waiting = np.zeros(0, np.float32)

    def step(self, part: Any, place: Place | None = None) -> dict[str, Any]:
        """Take the next part of the sequence, and return the answer and how sure it is, by name; nothing, of
        sound of which no frame has become complete.

        Arguments:
            part: one element or more: a text, a list of symbols, the numbers of one time step, or a list of
                time steps; of sound, samples, a `Recording` or the path of a file.
            place: where it stands, for messages.

        **Raises**

            DataError: it cannot be read as the model's kind of input; nothing of it was taken in.
        """
        labels: list[int] = []
        certain: list[float] = []
        output = np.zeros(0, np.float32)
        elements = self._elements(part, place)
        if len(elements) == 0:
            return {}
        for element in elements:
            output = self._stream.step(element)
            if self._head is not None:
                self._belief = self._head.filtered(self._belief, output)
                labels.append(int(self._belief.argmax()))
                certain.append(float(np.exp(self._belief.max())))
        read = output[None] if self._head is None else [Labelling(np.array(labels), np.array(certain))]
        return {name: values[0] for name, values in self._task.columns(read).items()}

    def answer(self, part: Any) -> Target:
        """Take the next part of the sequence, and return the answer alone; see `step`."""
        answer: Target = next(iter(self.step(part).values()), [])
        return answer

    def reset(self) -> None:
        """Begin another sequence."""
        self._stream.reset()
        self._belief = np.zeros(0, np.float32)
        self._waiting = np.zeros(0, np.float32)

    @property
    def state(self) -> StreamState:
        """What is remembered; set it to go on from there."""
        return StreamState(self._stream.state, self._belief.copy(), self._waiting.copy())

    @state.setter
    def state(self, state: StreamState) -> None:
        self._stream.state = state.network
        self._belief = np.array(state.belief)
        self._waiting = np.array(state.waiting)

    def save(self, file: str | Path) -> None:
        """Write what is remembered to a file, whole or not at all.

        **Raises**

            UsageError: the file cannot be written.
        """
        with new_file(Path(file)) as stream:
            stream.write(save(named_arrays(self.state)))

    def restore(self, file: str | Path) -> None:
        """Go on from what `save` wrote, of the same model.

        **Raises**

            UsageError: the file is missing, damaged, or of another model.
        """
        try:
            arrays = load(Path(file).read_bytes())
            belief, waiting = (
                np.zeros_like(arrays.setdefault(name, np.zeros(0, np.float32)))
                for name in ("belief", "waiting")
            )
            self.state = with_arrays(StreamState(self._stream.state, belief, waiting), arrays, str(file))
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
        except (SafetensorError, UsageError):
            raise UsageError(
                f"{file}: not the state of a stream of this model; give the file that was saved with it, or "
                "begin without one"
            ) from None

    def _elements(self, part: Any, place: Place | None) -> np.ndarray:
        if isinstance(self._encoder, AudioEncoder):
            frames, self._waiting = self._encoder.frames_of_part(self._waiting, part, place)
            return frames
        if not isinstance(self._encoder, NumberEncoder | BiosignalEncoder):
            return self._encoder.encode(part, place)
        return self._encoder.encode(self._time_steps(part, place), place)

    def _time_steps(self, part: Any, place: Place | None) -> Any:
        """Return numbers as `[time, feature]`; as many as there are features are one time step."""
        if isinstance(part, Biosignal):
            return part
        feature_count = self._encoder.feature_count
        assert feature_count is not None
        try:
            numbers = numbers_in(part) if isinstance(part, str) else np.asarray(part)
        except ValueError:
            return part  # for the encoder to say what is wrong with it
        if np.ndim(numbers) > 1:
            return numbers
        if np.size(numbers) % feature_count:
            raise DataError(
                f"holds {np.size(numbers)} numbers, and a time step has {feature_count}; give "
                "all features of each time step",
                place,
            )
        return np.reshape(numbers, (-1, feature_count))
