"""States of a batch: one state per example, with the batch as the first axis of every array."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import UsageError


def initial_states(cell: Cell, batch_size: int, key: PRNGKeyArray | None = None) -> State:
    """Return the initial state of `cell` for every example of a batch.

    A random key inside a state is where a cell draws its noise from (dropout). Each example gets a key of its
    own, derived from `key`; of an array of keys, a key for each entry.

    **Shapes**

        every array of `cell.initial_state()` with a batch axis in front: `[B, ...]`

    **Raises**

        UsageError: the cell draws noise and no key was given.
    """
    leaves, structure = jax.tree.flatten(cell.initial_state())
    noisy = [number for number, leaf in enumerate(leaves) if is_key(leaf)]
    if not noisy:
        keys: list[PRNGKeyArray] = []
    elif key is not None:
        keys = list(jax.random.split(key, (len(noisy), batch_size)))
    else:
        raise UsageError(
            f"{type(cell).__name__} draws noise (dropout), and no key was given; "
            "pass key=jax.random.key(seed), or switch the noise off with throughtime.without_noise(cell)"
        )
    fresh = dict(zip(noisy, keys, strict=True))
    batched = [
        _for_each_entry(fresh[number], jnp.shape(leaf))
        if number in fresh
        else jnp.broadcast_to(leaf, (batch_size, *jnp.shape(leaf)))
        for number, leaf in enumerate(leaves)
    ]
    return jax.tree.unflatten(structure, batched)


def _for_each_entry(keys: Key[Array, " B"], shape: tuple[int, ...]) -> Key[Array, "B *S"]:
    """Return, for each of `keys`, an array of that shape of keys derived from it; itself, if `()`."""
    return jax.vmap(lambda key: jax.random.split(key, shape))(keys) if shape else keys


def is_key(leaf: object) -> bool:
    """Tell whether a leaf of a state is a random key."""
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def keep_finished(valid: Shaped[Array, " B"], new: State, old: State) -> State:
    """Return `new` for the examples whose step was a real one and `old` for those that are past their end."""

    def select(after: Array, before: Array) -> Array:
        return jnp.where(valid.reshape(valid.shape + (1,) * (after.ndim - 1)), after, before)

    return jax.tree.map(select, new, old)
