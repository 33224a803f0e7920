"""Trained networks at work: streams that go one element at a time."""

from throughtime.networks.stream import Stream

__all__ = ["Stream"]
