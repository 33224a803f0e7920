"""Gates in the order in which another library packs them."""

import numpy as np


def repack(rows: np.ndarray, given: str, wanted: str) -> np.ndarray:
    """Return blocks of H rows in another order.

    Arguments:
        rows: one block for each letter of `given`, on the first axis.
        given, wanted: a letter for each gate. A wanted gate that is not given becomes zeros, a given one that
            is not wanted is left out.
    """
    blocks = dict(zip(given, np.split(rows, len(given)), strict=True))
    zeros = np.zeros_like(blocks[given[0]])
    return np.concatenate([blocks.get(gate, zeros) for gate in wanted])
