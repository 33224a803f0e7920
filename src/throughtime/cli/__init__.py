"""The shell command `throughtime`: one file a command, and what the commands share."""

from throughtime.cli.application import main

__all__ = ["main"]
