"""Encoded sequences side by side: in memory while they are few, in a temporary file beyond that."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Any

import numpy as np

from throughtime.core.errors import DataError, ShapeError

MEMORY_LIMIT_BYTES = 64 << 20
_WRITE_BYTES = 1 << 20
_NUMBERS_AT_ONCE = 1 << 16


class SequenceStore:
    """A growing list of encoded sequences, gathered into padded batches by index.

    The first sequence decides what the store holds: ids, kept in the unsigned type they come in (several a
    time step too, if they come so), or numbers, kept in float32. Past `memory_limit_bytes` (default 64 MiB)
    everything moves to an unnamed temporary file, which the operating system removes whatever happens.

    **Shapes** a sequence is `[T]` (ids) or `[T, F]` (numbers, or ids of an unsigned type); a batch is
    `[T, B]` int32 or `[T, B, F]` float32 or int32.

    **Cost** of `gather`: O(T B F), and one read of the file a sequence once they are there.
    """

    def __init__(self, *, memory_limit_bytes: int = MEMORY_LIMIT_BYTES):
        self._memory_limit = memory_limit_bytes
        self._dtype: np.dtype[Any] | None = None
        self._features: tuple[int, ...] = ()
        # What has not been written to the file yet; everything, as long as there is no file.
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._closed = False
        self._lengths = array("i")
        self._known: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def lengths(self) -> np.ndarray:
        """Number of time steps of every sequence, `[N]` int32, read-only."""
        return self._index()[0]

    @property
    def spilled(self) -> bool:
        """Whether the sequences have moved to a file."""
        return self._file is not None

    def append(self, sequence: np.ndarray) -> None:
        """Add one encoded sequence.

        **Raises** `ShapeError` for an empty one, another shape than the first, and ids that its type cannot
        hold; `DataError` when the disk has no room for the temporary file.
        """
        self.extend([sequence])

    def extend(self, sequences: Iterable[np.ndarray]) -> None:
        """Add encoded sequences one after the other, as `append` does and faster.

        **Raises** what `append` does.
        """
        self._check_open()
        block: list[np.ndarray] = []
        waiting = 0
        for sequence in sequences:
            self._check_shape(sequence)
            block.append(sequence)
            waiting += sequence.size
            if waiting >= _NUMBERS_AT_ONCE:
                self._take_in(block)
                block, waiting = [], 0
        if block:
            self._take_in(block)

    def gather(self, indices: np.ndarray, time_steps: int, *, batch_size: int | None = None) -> np.ndarray:
        """Return the sequences at `indices` side by side, padded with zeros to `time_steps`.

        With a `batch_size` larger than the number of indices, the batch is filled up with empty sequences.

        **Raises** `ShapeError` if a sequence is longer than `time_steps`, if there are more indices than
        `batch_size`, or if an index is not in the store.
        """
        self._check_open()
        indices = np.asarray(indices, np.int64)
        all_lengths, all_starts = self._index()
        self._check_batch(indices, time_steps, batch_size, all_lengths)
        lengths, starts = all_lengths[indices].astype(np.int64), all_starts[indices]
        if self._file is None:
            flat = np.frombuffer(self._memory, self._dtype)
        else:
            flat = np.frombuffer(self._read(lengths, starts), self._dtype)
            starts = np.cumsum(lengths) - lengths
        flat = flat.reshape(-1, *self._features)
        rows = len(indices) if batch_size is None else batch_size
        batch = np.zeros((time_steps, rows, *self._features), np.float32 if self._holds_numbers else np.int32)
        steps = np.arange(time_steps)[:, None]
        inside = steps < lengths
        batch[:, : len(indices)][inside] = flat[(steps + starts)[inside]]
        return batch

    def sequences(self) -> Iterator[np.ndarray]:
        """Yield the sequences one after the other, read from the file in blocks; nothing may be added
        meanwhile."""
        self._check_open()
        lengths, starts = self._index()
        ends = starts + lengths
        most_steps = _NUMBERS_AT_ONCE // max(math.prod(self._features), 1)
        first = 0
        while first < len(lengths):
            behind = max(int(np.searchsorted(ends, starts[first] + most_steps, side="right")), first + 1)
            cuts = (ends[first:behind] - starts[first]).tolist()
            flat = self._steps(int(starts[first]), cuts[-1])
            for start, end in itertools.pairwise([0, *cuts]):
                yield flat[start:end]
            first = behind

    def close(self) -> None:
        """Give memory and file back; the sequences are gone afterwards."""
        if self._file is not None:
            self._file.close()
        self._memory = bytearray()
        self._closed = True

    def __enter__(self) -> SequenceStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _index(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lengths and the first time steps of all sequences, made anew only after an append."""
        if self._known is None:
            lengths = np.array(self._lengths, np.int32)
            starts = np.cumsum(lengths, dtype=np.int64) - lengths
            lengths.flags.writeable = False
            self._known = lengths, starts
        return self._known

    def _spill(self) -> None:
        try:
            if self._file is None:
                # Unbuffered, so that what is written is what pread sees.
                self._file = tempfile.TemporaryFile(prefix="throughtime-", buffering=0)  # noqa: SIM115
                # A store that is dropped unclosed is no mistake worth a warning.
                weakref.finalize(self, self._file.close)
            with memoryview(self._memory) as waiting:
                done = 0
                while done < len(waiting):
                    done += self._file.write(waiting[done:])
        except OSError as error:
            raise DataError(
                f"the encoded sequences do not fit into {tempfile.gettempdir()} ({error.strerror}); make "
                "room there, or set TMPDIR to a folder with more"
            ) from error
        self._memory = bytearray()

    def _read(self, lengths: np.ndarray, starts: np.ndarray) -> bytes:
        if self._memory:
            self._spill()
        assert self._file is not None
        descriptor = self._file.fileno()
        step_bytes = self._step_bytes()
        sizes, positions = (lengths * step_bytes).tolist(), (starts * step_bytes).tolist()
        return b"".join(map(_pread, itertools.repeat(descriptor), sizes, positions))

    def _steps(self, start: int, count: int) -> np.ndarray:
        """Return so many time steps, of whatever sequences, from the given one on."""
        if self._file is None:
            step_bytes = self._step_bytes()
            data = bytes(self._memory[start * step_bytes : (start + count) * step_bytes])
        else:
            data = self._read(np.array([count]), np.array([start]))
        return np.frombuffer(data, self._dtype).reshape(-1, *self._features)

    @property
    def _holds_numbers(self) -> bool:
        return self._dtype is not None and self._dtype.kind == "f"

    def _step_bytes(self) -> int:
        assert self._dtype is not None
        return self._dtype.itemsize * math.prod(self._features)

    def _check_open(self) -> None:
        if self._closed:
            raise ShapeError("the store is closed, its sequences are gone; use it before close()")

    def _check_shape(self, sequence: np.ndarray) -> None:
        if self._dtype is None and sequence.ndim > 0 and len(sequence):
            self._dtype = _kept_type(sequence)
            self._features = sequence.shape[1:2]
        if sequence.ndim == 0 or len(sequence) == 0 or sequence.shape[1:] != self._features:
            expected = f"[time, {self._features[0]}]" if self._features else "[time]"
            raise ShapeError(
                f"the sequence has the shape {list(sequence.shape)}; give {expected} with one step or more"
            )

    def _take_in(self, block: list[np.ndarray]) -> None:
        joined = np.concatenate(block)
        assert self._dtype is not None
        if not self._holds_numbers:
            _check_ids(joined, self._dtype)
        self._memory += np.ascontiguousarray(joined, self._dtype).data.cast("B")
        self._lengths.extend(map(len, block))
        self._known = None
        if len(self._memory) > (self._memory_limit if self._file is None else _WRITE_BYTES):
            self._spill()

    def _check_batch(
        self, indices: np.ndarray, time_steps: int, batch_size: int | None, lengths: np.ndarray
    ) -> None:
        if batch_size is not None and len(indices) > batch_size:
            raise ShapeError(
                f"{len(indices)} sequences do not fit into batch_size={batch_size}; give a larger one"
            )
        if len(indices) == 0 or indices.min() < 0 or indices.max() >= len(self):
            found = f"are {indices.min()} to {indices.max()}" if len(indices) else "are none"
            raise ShapeError(f"indices {found}; give one or more between 0 and {len(self) - 1}")
        longest = int(lengths[indices].max())
        if longest > time_steps:
            raise ShapeError(
                f"time_steps is {time_steps} but a sequence has {longest}; give {longest} or more, or "
                "cut it shorter"
            )


def _kept_type(sequence: np.ndarray) -> np.dtype[Any]:
    if sequence.dtype.kind == "u":
        return sequence.dtype
    return np.dtype(np.float32) if sequence.ndim > 1 else np.dtype(np.uint32)


def _check_ids(ids: np.ndarray, kept: np.dtype[Any]) -> None:
    limit = np.iinfo(kept).max
    if ids.dtype.kind not in "iu" or (ids.dtype != kept and (ids.min() < 0 or ids.max() > limit)):
        raise ShapeError(
            f"sequences hold {ids.dtype} from {ids.min()} to {ids.max()}; give ids, whole numbers from 0 to "
            f"{limit}"
        )


def _pread(descriptor: int, size: int, position: int) -> bytes:
    data = os.pread(descriptor, size, position)
    # One call may give less than asked for, above all when more than 2 GiB are asked for.
    while len(data) < size:
        more = os.pread(descriptor, size - len(data), position + len(data))
        if not more:
            raise OSError(
                f"the temporary file ends at byte {position + len(data)}, {size - len(data)} too early"
            )
        data += more
    return data
