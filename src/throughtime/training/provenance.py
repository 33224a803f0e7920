"""Where a figure comes from: the date, the versions, the machine and the commit that it was measured with."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = ("throughtime", "jax", "equinox", "optax", "numpy")


def provenance(folder: Path) -> dict[str, object]:
    """Return date, versions, machine and commit, for a result that is kept.

    Arguments:
        folder: any folder of the repository whose commit is meant.
    """
    versions = {name: metadata.version(name) for name in PACKAGES}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(folder),
        "versions": {"python": platform.python_version()} | versions,
        "machine": {"cpu": _processor(), "cores": os.cpu_count(), "system": platform.system()},
    }


def _commit(folder: Path) -> str | None:
    """Return the commit that is checked out, marked if there are changes; None without a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
