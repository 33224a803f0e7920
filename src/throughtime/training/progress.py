"""How a run tells others where it stands."""

from typing import Protocol, runtime_checkable

from throughtime.training.checkpoint import Position


@runtime_checkable
class Watcher(Protocol):
    """Whoever wants to know how a run goes: a progress bar, a log."""

    def started(self, epochs: int, position: Position, size: int) -> None:
        """The run begins, or goes on, at `position`; an epoch goes over `size` sequences, or symbols."""

    def batch_done(self, position: Position) -> None:
        """One more batch is done."""

    def epoch_done(self, position: Position) -> None:
        """One more epoch is done; its row is the last in `position.history`."""


class _Silent:
    def started(self, epochs: int, position: Position, size: int) -> None:
        pass

    def batch_done(self, position: Position) -> None:
        pass

    def epoch_done(self, position: Position) -> None:
        pass


SILENT: Watcher = _Silent()
"""The watcher that says nothing."""
