"""What it means for two results to agree: trees of arrays, leaf by leaf, each against its own size."""

import jax
import numpy as np
from jaxtyping import Array, PyTree

from throughtime.core.state import is_key


def assert_close(actual: PyTree, expected: PyTree, tolerance: float, what: str) -> None:
    """Fail unless every leaf agrees within `tolerance`, relative to the largest entry of the expected leaf.

    Each leaf stands for itself: over all leaves together, a wrong small one would hide behind a large one.
    """
    for path, given, wanted in _paired(actual, expected, what):
        size = max(1.0, float(np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted))))
        np.testing.assert_allclose(given, wanted, rtol=0, atol=tolerance * size, err_msg=f"{what}{path}")


def assert_same(actual: PyTree, expected: PyTree, what: str) -> None:
    """Fail unless every leaf is equal to the last bit."""
    for path, given, wanted in _paired(actual, expected, what):
        np.testing.assert_array_equal(given, wanted, err_msg=f"{what}{path}")


def assert_visible(tree: PyTree, what: str, least: float = 1e-4) -> None:
    """Fail if any leaf is as good as zero: what agrees with nothing proves nothing."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        largest = float(np.max(np.abs(as_numpy(leaf)), initial=0))
        assert largest > least, (
            f"{what}{jax.tree_util.keystr(path)} is at most {largest}: the law would be vacuous"
        )


def as_numpy(leaf: Array) -> np.ndarray:
    """Return a leaf as NumPy sees it, a random key as its data."""
    return np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf)


def _paired(actual: PyTree, expected: PyTree, what: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    given, wanted = jax.tree.structure(actual), jax.tree.structure(expected)
    assert given == wanted, f"{what}: {given} is not {wanted}"
    pairs = zip(jax.tree_util.tree_leaves_with_path(actual), jax.tree.leaves(expected), strict=True)
    return [(jax.tree_util.keystr(path), as_numpy(one), as_numpy(other)) for (path, one), other in pairs]
