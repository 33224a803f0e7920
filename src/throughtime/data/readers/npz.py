"""NumPy archives: `X` [N, T] or [N, T, F], with `y` [N] and `lengths` [N] when there are any."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, Place, nearest
from throughtime.data.readers.files import regular
from throughtime.data.records import Record, Source, decoded, make_record

CHUNK_BYTES = 1 << 22

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError)


@dataclass(frozen=True)
class _Array:
    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype


class NumpyArchive(Source):
    """The rows of `X`, each cut to its length, a few at a time: the archive is never held whole.

    Without `lengths`, every sequence is T long. Numbers come as arrays; an `X` of text holds one text a row
    ([N]) or one symbol a time step ([N, T]).
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        self.path = regular(path)
        name = str(path)
        super().__init__(name, "", skip_bad_rows=skip_bad_rows)
        self.needs_target = needs_target
        self.arrays = self._headers()
        x = self._present("X", "the sequences, as [N, T] or [N, T, F]")
        text = x.dtype.kind in "US"
        wanted = (1, 2) if text else (2, 3)
        if len(x.shape) not in wanted:
            raise self._wrong(f"X has the shape {_shape(x)}; expected [N, T] or [N, T, F]")
        if x.fortran_order and len(x.shape) > 1:
            raise self._wrong("X is stored column by column; save it with np.ascontiguousarray(X)")
        if x.dtype.kind not in "USbiuf":
            raise self._wrong(f"X holds {x.dtype} values; expected numbers or text")
        if needs_target:
            self._check_one_each("y", self._present("y", "the labels, as [N]"), x.shape[0])
        self.has_lengths = "lengths" in self.arrays
        if self.has_lengths:
            lengths = self.arrays["lengths"]
            self._check_one_each("lengths", lengths, x.shape[0])
            if lengths.dtype.kind not in "iu":
                raise self._wrong(
                    f"lengths holds {lengths.dtype} values; expected whole numbers of time steps"
                )
            if len(x.shape) == 1:
                raise self._wrong("lengths does not go with an X of whole texts; leave lengths out")
        used = ["X", *(["y"] if needs_target else []), *(["lengths"] if self.has_lengths else [])]
        self.description = f"{name}: NumPy archive, {', '.join(used)}, X is {_shape(x)}"

    def no_records(self) -> str:
        return "X has no rows; give an archive with at least one sequence"

    def rows(self) -> Iterator[Record | DataError]:
        targets = self._whole("y") if self.needs_target else None
        lengths = self._whole("lengths") if self.has_lengths else None
        for index, values in enumerate(self._streamed()):
            place = Place(self.name, index + 1, "X")
            if lengths is not None:
                length = int(lengths[index])
                if not 1 <= length <= len(values):
                    yield DataError(
                        f"lengths[{index}] is {length} but X has {len(values)} time steps; give lengths "
                        f"between 1 and {len(values)}",
                        Place(self.name, index + 1, "lengths"),
                    )
                    continue
                values = values[:length]
            try:
                sequence = _plain(values, place)
            except DataError as error:
                yield error
                continue
            yield make_record(
                sequence,
                targets[index] if targets is not None else None,
                place,
                target_column="y",
                needs_target=self.needs_target,
            )

    def _headers(self) -> dict[str, _Array]:
        headers = {}
        with self._archive() as archive:
            for entry in archive.namelist():
                name = entry.removesuffix(".npy")
                if name in ("X", "y", "lengths"):
                    with archive.open(entry) as file:
                        headers[name] = self._header(name, file)
                else:
                    headers[name] = _Array((), False, np.dtype(float))
        return headers

    def _header(self, name: str, file: Any) -> _Array:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(
            version
        )
        if read is None:
            raise self._wrong(f"{name} is in the .npy format {version[0]}.{version[1]}; save plain arrays")
        header = _Array(*read(file))
        if header.dtype.hasobject:
            raise self._wrong(
                f"{name} holds pickled Python objects, which are not read as they can run any code; save "
                f"plain arrays: pad sequences to [N, T, F] and give their lengths, labels as text or numbers"
            )
        return header

    def _streamed(self) -> Iterator[np.ndarray]:
        """The rows of X, by chunks of a few MB."""
        with self._archive() as archive, archive.open("X.npy") as file:
            header = self._header("X", file)
            shape = header.shape[1:]
            size = header.dtype.itemsize * int(np.prod(shape, dtype=np.int64))
            left = header.shape[0]
            while left:
                count = min(left, max(1, CHUNK_BYTES // max(1, size)))
                raw = file.read(count * size)
                if len(raw) < count * size:
                    raise EOFError(f"X ends {left} rows early")
                yield from np.frombuffer(raw, header.dtype).reshape(count, *shape)
                left -= count

    def _whole(self, name: str) -> np.ndarray:
        with self._archive() as archive, archive.open(f"{name}.npy") as file:
            values: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
            return values

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except DataError:
            raise
        except _DAMAGE as error:
            raise self._wrong(
                f"is not a NumPy archive, or is damaged ({error}); write it with np.savez"
            ) from None

    def _present(self, name: str, what: str) -> _Array:
        if name not in self.arrays:
            names = sorted(self.arrays)
            raise self._wrong(
                f"has no array {name!r}{nearest(name, names)}; its arrays are {', '.join(names) or 'none'}; "
                f"save {what} under that name"
            )
        return self.arrays[name]

    def _check_one_each(self, name: str, array: _Array, count: int) -> None:
        if array.shape != (count,):
            raise self._wrong(
                f"{name} has the shape {_shape(array)}; expected [{count}], one for each row of X"
            )

    def _wrong(self, message: str) -> DataError:
        return DataError(message, Place(self.name))


def _plain(values: Any, place: Place) -> object:
    """Numbers as an array; text, and a list of symbols, as Python's own."""
    if values.dtype.kind not in "US":
        return values
    texts = values.tolist()
    if isinstance(texts, list):
        return [decoded(text, place) if isinstance(text, bytes) else text for text in texts]
    return texts


def _shape(array: _Array) -> str:
    return "[" + ", ".join(str(size) for size in array.shape) + "]"
