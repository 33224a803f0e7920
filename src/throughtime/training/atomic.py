"""Files and folders that are either the old ones or the new ones, never half of each."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from throughtime.core.errors import UsageError


def write_file(path: Path, content: bytes) -> None:
    """Replace a file by new content; whatever happens meanwhile, one of the two is there in full.

    After a power cut it may be the old one, even if this had returned.

    **Raises**

        UsageError: the disk is full or the folder cannot be written to; the old file is as it was.
    """
    with new_file(path, sync_folder=False) as file:
        file.write(content)


@contextlib.contextmanager
def new_file(path: Path, *, sync_folder: bool = True) -> Iterator[BinaryIO]:
    """Give an empty file to write to, which takes the place of `path` when all went well.

    Arguments:
        sync_folder: wait until the new file's name is on disk too, not its content alone.

    **Raises**

        UsageError: the disk is full or the folder cannot be written to; the old file is as it was.
    """
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        if sync_folder:
            _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to write in, which takes the place of `path` when all went well.

    An older folder at `path` stays until the new one is complete; if anything fails, it stays for good.

    **Raises**

        UsageError: the disk is full or the place cannot be written to.
    """
    beside, old = path.with_name(path.name + ".part"), path.with_name(path.name + ".old")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        for file in beside.iterdir():
            with open(file, "rb") as written:
                os.fsync(written.fileno())
        _sync_folder(beside)
        _take_the_place(beside, path, old)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _take_the_place(new: Path, path: Path, old: Path) -> None:
    if not path.exists():
        os.rename(new, path)
    else:
        shutil.rmtree(old, ignore_errors=True)
        os.rename(path, old)
        try:
            os.rename(new, path)
        except OSError:
            os.rename(old, path)
            raise
    _sync_folder(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path}: cannot be written: {error.strerror}; what was there before is unchanged. Free some space, "
        "or choose another place"
    )


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, on systems whose folders can be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
