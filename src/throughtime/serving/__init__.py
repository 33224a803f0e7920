"""Trained networks at work: streams that go one element at a time."""

from throughtime.serving.stream import Stream

__all__ = ["Stream"]
