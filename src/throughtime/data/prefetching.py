"""The next items of an iterator, made in a thread while the current one is in use."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

from throughtime.core.errors import OptionError

Item = TypeVar("Item")

_PATIENCE_SECONDS = 1.0


class _Failure:
    def __init__(self, error: BaseException):
        self.error = error


class _End:
    pass


class _Line(Generic[Item]):
    """What the thread and its reader share; apart from the reader, so that dropping the reader is noticed."""

    def __init__(self, depth: int):
        self.made: SimpleQueue[Item | _Failure | _End] = SimpleQueue()
        self.room = threading.Semaphore(depth)
        self.stopped = threading.Event()


class Prefetched(Generic[Item]):
    """An iterator whose items are made ahead in a thread; a context manager that ends the thread."""

    def __init__(self, iterable: Iterable[Item], depth: int):
        self._line: _Line[Item] = _Line(depth)
        self._thread = threading.Thread(
            target=_work, args=(iterable, self._line), name="throughtime-prefetch", daemon=True
        )
        self._thread.start()
        self._finished = False

    def __iter__(self) -> Prefetched[Item]:
        return self

    def __next__(self) -> Item:
        if self._finished:
            raise StopIteration
        item = self._line.made.get()
        if isinstance(item, _End | _Failure):
            self.close()
            if isinstance(item, _Failure):
                raise item.error
            raise StopIteration
        # Room is made only now: with this item in use, `depth` more may be waiting.
        self._line.room.release()
        return item

    def close(self) -> None:
        """End the thread and close what it iterates over; there are no more items afterwards."""
        self._finished = True
        self._line.stopped.set()
        self._line.room.release()
        # A source that waits for somebody to type must not hold up the end; the thread is a daemon.
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE_SECONDS)

    def __enter__(self) -> Prefetched[Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._finished:
            self._line.stopped.set()
            self._line.room.release()


def prefetch(iterable: Iterable[Item], depth: int = 2) -> Prefetched[Item]:
    """Return an iterator over `iterable` with up to `depth` (1 or more) items made ahead in a thread.

    An error inside `iterable` is raised to the reader, after the items before it. Leaving the `with` block,
    `close()`, or dropping the iterator ends the thread and closes `iterable`.

    **Raises** `OptionError` for a depth below 1.
    """
    if depth < 1:
        raise OptionError(f"depth is {depth}; choose 1 or more")
    return Prefetched(iterable, depth)


def _work(iterable: Iterable[Item], line: _Line[Item]) -> None:
    iterator: Iterator[Item] | None = None
    last: _End | _Failure = _End()
    try:
        iterator = iter(iterable)
        while True:
            line.room.acquire()
            if line.stopped.is_set():
                break
            line.made.put(next(iterator))
    except StopIteration:
        pass
    except BaseException as error:
        last = _Failure(error)
    try:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    except BaseException as error:
        last = _Failure(error)
    line.made.put(last)
