"""Trees of arrays: copied, and as flat tables of named arrays and back, for storage."""

from collections.abc import Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from throughtime.core.errors import ModelFolderError

Tree = TypeVar("Tree")


def named_arrays(tree: object) -> dict[str, np.ndarray]:
    """Return the arrays of a tree by their path, such as `cells.1.input_weight`."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {_name(path): np.asarray(_plain(leaf)) for path, leaf in leaves}


def with_arrays(tree: Tree, arrays: Mapping[str, np.ndarray], source: str) -> Tree:
    """Return a tree like `tree` (whose leaves may be shapes) with the arrays of `named_arrays` in it.

    Arguments:
        source: where the arrays come from, named in an error.

    **Raises**

        ModelFolderError: an array is missing, left over, or has another shape or type.
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(tree)
    wanted = {_name(path): leaf for path, leaf in leaves}
    expected = {name: jax.eval_shape(_plain, leaf) for name, leaf in wanted.items()}
    if set(expected) != set(arrays):
        missing, extra = sorted(set(expected) - set(arrays)), sorted(set(arrays) - set(expected))
        raise ModelFolderError(
            f"{source}: the weights do not belong to the network described beside them "
            f"(missing: {', '.join(missing[:3]) or 'none'}; unknown: {', '.join(extra[:3]) or 'none'}); "
            "restore the folder from a copy, or train again"
        )
    for name, leaf in expected.items():
        if arrays[name].shape != leaf.shape or arrays[name].dtype != leaf.dtype:
            raise ModelFolderError(
                f"{source}: {name} is {arrays[name].dtype}{list(arrays[name].shape)}, and the network "
                f"described beside it has {leaf.dtype}{list(leaf.shape)}; restore the folder from a copy, "
                "or train again"
            )
    given = [_as(leaf, jnp.asarray(arrays[name])) for name, leaf in wanted.items()]
    return jax.tree.unflatten(structure, given)


def parameter_count(network: object) -> int:
    """Return how many numbers a network has; places, such as the columns of a sparse matrix, are none."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array)))


@jax.jit
def copied(tree: Tree) -> Tree:
    """Return the arrays of a tree in buffers of their own, since a training step reuses those it is given."""
    return jax.tree.map(jnp.copy, tree)


def _plain(leaf: Any) -> Any:
    """Return an array as one of numbers: of random keys, what they are made of."""
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _as(leaf: Any, array: jax.Array) -> jax.Array:
    """Return numbers as what `leaf` is, numbers or random keys."""
    return jax.random.wrap_key_data(array) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else array


def _name(path: tuple[object, ...]) -> str:
    parts = []
    for entry in path:
        for attribute in ("name", "key", "idx"):
            if hasattr(entry, attribute):
                parts.append(str(getattr(entry, attribute)))
                break
    return ".".join(parts)
