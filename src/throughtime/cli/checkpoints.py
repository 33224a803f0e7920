"""The folder beside the output in which runs that are not over are kept: `OUT.checkpoint`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from throughtime.core.errors import ModelFolderError, UsageError
from throughtime.training.model import Model
from throughtime.training.model_folder import load_model, save_model


class Checkpoints:
    """What is kept of one or several runs until their model is saved.

    A run under way has a file, `seed-N.safetensors`; a finished one among several is a model folder whose
    name holds the run's fingerprint, so that it is never taken for one of other settings or data.
    """

    def __init__(self, out: Path):
        self.folder = out.with_name(out.name + ".checkpoint")

    def check(self, *, resume: bool, overwrite: bool) -> None:
        """Refuse to begin over a run that was interrupted, and to go on where there is none.

        **Raises**

            ModelFolderError: one or the other; the message says how to go on.
        """
        if resume and not self.folder.is_dir():
            raise ModelFolderError(f"{self.folder}: there is nothing to resume; start without --resume")
        if self.folder.exists() and not (resume or overwrite):
            raise ModelFolderError(
                f"{self.folder}: holds a run that was interrupted; go on with --resume, or start anew with "
                "--overwrite"
            )

    def begin(self, *, resume: bool) -> None:
        """Make the folder, empty unless runs are to be resumed.

        **Raises**

            UsageError: the folder cannot be made.
        """
        try:
            if not resume:
                shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{self.folder}: cannot be made: {error.strerror}; choose another --out"
            ) from None

    def file(self, seed: int) -> Path:
        """Return where the run of a seed is kept while it is under way."""
        return self.folder / f"seed-{seed}.safetensors"

    def finished(self, seed: int, fingerprint: str) -> Model | None:
        """Return the model of a seed whose run is over, if it is kept here.

        **Raises**

            ModelFolderError: it is damaged, or of other settings or data.
        """
        folder = self._model(seed, fingerprint)
        if folder.is_dir():
            return load_model(folder)
        for other in self.folder.glob(f"seed-{seed}-*"):
            if other.is_dir() and not other.name.endswith((".part", ".old")):
                raise ModelFolderError(
                    f"{other}: belongs to other settings or other training data; resume with the same ones, "
                    "or start anew with --overwrite"
                )
        return None

    def keep(self, seed: int, fingerprint: str, model: Model) -> None:
        """Keep the model of a run that is over, in place of the run's file."""
        save_model(model, self._model(seed, fingerprint), overwrite=True)
        self.file(seed).unlink(missing_ok=True)

    def how_to_go_on(self) -> str:
        """Return what to tell someone who stopped between two runs, or before the first checkpoint."""
        if not self.folder.is_dir() or not any(self.folder.iterdir()):
            return "interrupted; nothing was kept yet"
        return (
            f"interrupted; what is finished is in {self.folder}; run the same command with --resume to go on "
            "from there"
        )

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Remove the folder if no run got as far as its first checkpoint."""
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _model(self, seed: int, fingerprint: str) -> Path:
        return self.folder / f"seed-{seed}-{fingerprint[:16]}"


def check_writable(out: Path) -> None:
    """Raise `UsageError` unless a folder can be made at `out`; nothing is made."""
    existing = next((folder for folder in out.absolute().parents if folder.exists()), None)
    if existing is None or not existing.is_dir():
        raise UsageError(f"{out}: cannot be made, {existing} is not a folder; choose another --out")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{out}: cannot be made, {existing} cannot be written to; choose another --out")
