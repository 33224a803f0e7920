"""Items made ahead in a thread: the same items, the same errors, and no thread left behind."""

import gc
import threading
import time

import pytest

from throughtime.core.errors import OptionError
from throughtime.data.batching import prefetch


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "throughtime-prefetch"]


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    gc.collect()
    wait_until(lambda: not threads())


class Watched:
    """An endless generator that says how far it went and whether it was closed."""

    def __init__(self):
        self.made = 0
        self.closed = False
        self.thread = None

    def __iter__(self):
        try:
            while True:
                self.thread = threading.current_thread()
                self.made += 1
                yield self.made
        finally:
            self.closed = True


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_the_items_come_in_order_and_end(depth):
    ahead = prefetch(iter(range(20)), depth)
    assert list(ahead) == list(range(20))
    assert list(ahead) == []


@pytest.mark.parametrize("depth", [1, 3])
def test_so_many_are_made_ahead_and_no_more(depth):
    watched = Watched()
    with prefetch(watched, depth) as ahead:
        wait_until(lambda: watched.made == depth)
        assert next(ahead) == 1
        wait_until(lambda: watched.made == depth + 1)
        time.sleep(0.02)
        assert watched.made == depth + 1
        assert watched.thread is not threading.current_thread()


def test_an_error_comes_after_the_items_before_it():
    def failing():
        yield 1
        yield 2
        raise KeyError("broken")

    ahead = prefetch(failing(), 5)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(KeyError, match="broken"):
        next(ahead)
    assert list(ahead) == []


def test_an_error_before_the_first_item_comes_too():
    with pytest.raises(TypeError, match="not iterable"):
        next(prefetch(Unready()))


class Unready:
    def __iter__(self):
        raise TypeError("not iterable yet")


def test_leaving_the_block_ends_the_thread_and_closes_the_source():
    watched = Watched()
    with prefetch(watched) as ahead:
        assert next(ahead) == 1
    assert watched.closed
    assert not threads()
    with pytest.raises(StopIteration):
        next(ahead)


def test_an_error_of_the_reader_ends_the_thread_too():
    watched = Watched()
    with pytest.raises(ZeroDivisionError), prefetch(watched):
        _ = 1 / 0
    assert watched.closed


def test_dropping_the_iterator_ends_the_thread():
    watched = Watched()
    next(prefetch(watched))
    gc.collect()
    wait_until(lambda: watched.closed)


def test_a_source_that_hangs_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr("throughtime.data.prefetching._PATIENCE_SECONDS", 0.01)
    release = threading.Event()

    def hanging():
        release.wait(5)
        yield 1

    start = time.monotonic()
    prefetch(hanging()).close()
    assert time.monotonic() - start < 2
    release.set()


def test_a_depth_below_one_is_refused():
    with pytest.raises(OptionError, match="depth is 0; choose 1 or more"):
        prefetch([], 0)


def test_the_source_is_closed_even_when_somebody_else_holds_it():
    watched = iter(Watched())
    with prefetch(watched) as ahead:
        next(ahead)
    assert next(watched, None) is None
