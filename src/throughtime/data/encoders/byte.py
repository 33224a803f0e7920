"""The bytes of a text in UTF-8, as ids."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.encoders.raw import converted, located, parted
from throughtime.data.kinds import as_text

_NAMES = tuple(chr(value) if 32 < value < 127 else f"0x{value:02x}" for value in range(256))


class ByteEncoder(SymbolicEncoder):
    """Ids 0 to 255, the bytes of a text in UTF-8: nothing is learnt, and nothing is unknown.

    **Raises** `DataError` for an empty text and for half of a surrogate pair.
    """

    kind: Literal["bytes"] = "bytes"

    @classmethod
    def fit(cls, values: Iterable[Any]) -> "ByteEncoder":
        """Check that every raw sequence or record can be encoded; there is nothing to learn."""
        for _ in converted(values, _encoded, "bytes"):
            pass
        return cls()

    @property
    def symbols(self) -> tuple[str, ...]:
        return _NAMES

    @property
    def unknown_id(self) -> None:
        return None

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn a text into its bytes `[T]`, read-only."""
        return np.frombuffer(_encoded(value, place), np.uint8)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        texts = [_encoded(value, place) for value, place in located(values)]
        return parted(np.frombuffer(b"".join(texts), np.uint8), map(len, texts))


def _encoded(value: Any, place: Place | None) -> bytes:
    return as_text(value, place).encode()
