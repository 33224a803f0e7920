"""What goes into the store comes out of it, from memory and from the file alike."""

import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import DataError, ShapeError
from throughtime.data.store import SequenceStore


def padded(sequences, time_steps, batch_size=None):
    """The same as `gather`, the plain way."""
    rows = len(sequences) if batch_size is None else batch_size
    first = sequences[0]
    batch = np.zeros((time_steps, rows, *first.shape[1:]), np.float32 if first.ndim == 2 else np.int32)
    for row, sequence in enumerate(sequences):
        batch[: len(sequence), row] = sequence
    return batch


def make(features, count=40, seed=0, dtype=np.uint16):
    generator = np.random.default_rng(seed)
    shapes = [(int(length), *features) for length in generator.integers(1, 9, count)]
    if features:
        return [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    return [generator.integers(1, np.iinfo(dtype).max, shape, dtype, endpoint=True) for shape in shapes]


@pytest.mark.parametrize("memory_limit_bytes", [0, 100, 1 << 20])
@pytest.mark.parametrize("features", [(), (1,), (3,)])
@given(data=st.data())
def test_gathered_is_what_was_stored(features, memory_limit_bytes, data):
    sequences = make(features, seed=data.draw(st.integers(0, 99)))
    indices = data.draw(st.lists(st.integers(0, len(sequences) - 1), min_size=1, max_size=10))
    batch_size = data.draw(st.none() | st.integers(len(indices), 12))
    time_steps = data.draw(st.integers(8, 11))
    with SequenceStore(memory_limit_bytes=memory_limit_bytes) as store:
        store.extend(sequences)
        batch = store.gather(np.array(indices), time_steps, batch_size=batch_size)
        assert store.spilled == (memory_limit_bytes < 1 << 20)
        assert len(store) == len(sequences)
        assert store.lengths.tolist() == [len(sequence) for sequence in sequences]
        assert store.lengths.dtype == np.int32
    expected = padded([sequences[index] for index in indices], time_steps, batch_size)
    assert batch.dtype == expected.dtype
    assert np.array_equal(batch, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_the_greatest_ids_survive(dtype):
    greatest = np.array([np.iinfo(dtype).max if dtype != np.uint32 else 2**31 - 1], dtype)
    store = SequenceStore()
    store.append(greatest)
    assert store.gather(np.array([0]), 2).tolist() == [[int(greatest[0])], [0]]


@pytest.mark.parametrize("memory_limit_bytes", [0, 1 << 20])
def test_appending_and_gathering_take_turns(memory_limit_bytes):
    sequences = make((), 30)
    store = SequenceStore(memory_limit_bytes=memory_limit_bytes)
    for count, sequence in enumerate(sequences, start=1):
        store.append(sequence)
        latest = np.arange(max(0, count - 3), count)
        assert np.array_equal(store.gather(latest, 8), padded([sequences[index] for index in latest], 8))


def test_many_blocks_are_the_same_as_one(monkeypatch):
    sequences = make((2,), 50)
    monkeypatch.setattr("throughtime.data.store._NUMBERS_AT_ONCE", 30)
    monkeypatch.setattr("throughtime.data.store._WRITE_BYTES", 100)
    store = SequenceStore(memory_limit_bytes=200)
    store.extend(iter(sequences))
    assert np.array_equal(store.gather(np.arange(50), 8), padded(sequences, 8))


@pytest.mark.parametrize("memory_limit_bytes", [0, 200, 1 << 20])
@pytest.mark.parametrize("features", [(), (1,), (3,)])
@pytest.mark.parametrize("numbers_at_once", [1, 20, 1 << 16])
def test_sequences_come_back_in_order(features, memory_limit_bytes, numbers_at_once, monkeypatch):
    monkeypatch.setattr("throughtime.data.store._NUMBERS_AT_ONCE", numbers_at_once)
    sequences = make(features, 30)
    store = SequenceStore(memory_limit_bytes=memory_limit_bytes)
    assert list(store.sequences()) == []
    store.extend(sequences)
    for _ in range(2):
        back = list(store.sequences())
        assert [sequence.tobytes() for sequence in back] == [sequence.tobytes() for sequence in sequences]
        assert [sequence.shape for sequence in back] == [sequence.shape for sequence in sequences]
    store.append(sequences[0])
    assert len(list(store.sequences())) == 31


def test_memory_stays_under_the_limit_once_spilled(monkeypatch):
    store = SequenceStore(memory_limit_bytes=1000)
    for sequence in make((), 2000):
        store.append(sequence)
    assert store.spilled
    store.gather(np.array([0]), 8)
    assert len(store._memory) <= 1 << 20


def test_the_temporary_file_has_no_name_and_goes_with_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    store = SequenceStore(memory_limit_bytes=0)
    store.append(np.array([1], np.uint8))
    assert list(tmp_path.iterdir()) == []
    store.close()
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ShapeError, match="the store is closed"):
        store.gather(np.array([0]), 1)
    with pytest.raises(ShapeError, match="the store is closed"):
        store.append(np.array([1], np.uint8))


def test_short_reads_are_completed(monkeypatch):
    whole = os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, start: whole(file, min(size, 3), start))
    sequences = make((2,), 5)
    store = SequenceStore(memory_limit_bytes=0)
    store.extend(sequences)
    assert np.array_equal(store.gather(np.arange(5), 8), padded(sequences, 8))


def test_a_full_disk_is_said_so(monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **options: Full())
    with pytest.raises(
        DataError, match=r"do not fit into .* \(No space left on device\); make room there, or set TMPDIR"
    ):
        SequenceStore(memory_limit_bytes=0).append(np.array([1], np.uint8))


def test_spilling_holds_under_a_limit_on_the_address_space():
    script = """
import resource, numpy as np
from throughtime.data.store import SequenceStore
store = SequenceStore(memory_limit_bytes=8 << 20)
used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
for value in range(200):
    store.append(np.full(1 << 20, value % 250, np.uint8))
print(store.gather(np.array([7, 199]), 1 << 20)[-1].tolist(), store.spilled)
"""
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("the address space is read from /proc, which this system has not")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout == "[7, 199] True\n", run.stderr


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), r"shape \[2, 4\]; give \[time, 3\] with one step"),
        (np.ones((2, 3)), np.ones(2), r"shape \[2\]; give \[time, 3\]"),
        (np.ones((2, 3)), np.ones((0, 3)), r"shape \[0, 3\]"),
        (np.ones(2, np.uint8), np.ones((2, 3)), r"shape \[2, 3\]; give \[time\] with one step"),
        (np.ones(2, np.uint8), np.ones(0, np.uint8), r"shape \[0\]"),
        (
            np.ones(2, np.uint8),
            np.array([3, 256]),
            r"int64 from 3 to 256; give ids, whole numbers from 0 to 255",
        ),
        (np.ones(2, np.uint8), np.array([-1, 3]), r"int64 from -1 to 3"),
        (np.ones(2, np.uint8), np.array([0.5]), r"float64 from 0.5 to 0.5; give ids"),
    ],
)
def test_what_does_not_fit_is_refused(first, then, message):
    store = SequenceStore()
    store.append(first)
    with pytest.raises(ShapeError, match=message):
        store.append(then)
    assert len(store) == 1


@pytest.mark.parametrize(
    ("indices", "time_steps", "batch_size", "message"),
    [
        ([0, 1], 2, None, "time_steps is 2 but a sequence has 3; give 3 or more"),
        ([0, 1], 3, 1, "2 sequences do not fit into batch_size=1"),
        ([0, 2], 3, None, "indices are 0 to 2; give one or more between 0 and 1"),
        ([-1], 3, None, "indices are -1 to -1"),
        ([], 3, None, "indices are none"),
    ],
)
def test_impossible_batches_are_refused(indices, time_steps, batch_size, message):
    store = SequenceStore()
    store.extend([np.ones(2, np.uint8), np.ones(3, np.uint8)])
    with pytest.raises(ShapeError, match=message):
        store.gather(np.array(indices, int), time_steps, batch_size=batch_size)


def test_signed_ids_are_kept_whole():
    store = SequenceStore()
    store.extend([np.array([5]), np.array([70_000])])
    assert store.gather(np.array([0, 1]), 1).tolist() == [[5, 70_000]]


def test_a_store_dropped_unclosed_closes_its_file():
    store = SequenceStore(memory_limit_bytes=0)
    store.append(np.array([1], np.uint8))
    file = store._file
    assert not file.closed
    del store
    assert file.closed
