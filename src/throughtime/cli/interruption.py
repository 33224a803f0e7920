"""Ctrl-C, or a request to end, while a stream is read: taken between two elements, never within one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether someone asked to stop, and a way to wait that ends at once when they do."""

    def __init__(self) -> None:
        self._asked = self._is_waiting = False

    @contextmanager
    def minded(self) -> Iterator[Interruption]:
        """Take the signals, and give them back in the end."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for something in here.

        **Raises**

            KeyboardInterrupt: someone asks to stop meanwhile, or has done so before.
        """
        self._is_waiting = True
        try:
            # A signal that came before the line above has only been noted.
            if self._asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._is_waiting = False

    def _on_signal(self, number: int, frame: FrameType | None) -> Any:
        self._asked = True
        if self._is_waiting:
            raise KeyboardInterrupt
