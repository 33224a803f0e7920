"""The one place where seeds become keys.

A seed is an integer that a person chose; a key is what `jax.random` and NumPy draw from. Every use has a
name, so that adding one changes no other, and every key depends on the seed, the name and a count alone: a
run that goes on after an interruption draws what it would have drawn.
"""

import zlib

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from throughtime.core.errors import OptionError


def key_for(seed: int, purpose: str, count: int = 0) -> PRNGKeyArray:
    """Return the key for one named use of a seed, such as `key_for(0, "weights")`.

    Arguments:
        seed: 0 to 2**32 - 1.
        purpose: a name for the use; different names give independent keys.
        count: which draw of this use, such as the number of the training step, 0 to 2**32 - 1.

    **Raises**

        OptionError: the seed is negative or too large.
    """
    key = jax.random.fold_in(jax.random.key(_checked(seed)), zlib.crc32(purpose.encode()))
    return jax.random.fold_in(key, count)


def generator_for(seed: int, purpose: str, count: int = 0) -> np.random.Generator:
    """Return NumPy's generator for one named use of a seed, for work outside of JAX."""
    return np.random.default_rng([_checked(seed), zlib.crc32(purpose.encode()), count])


def _checked(seed: int) -> int:
    if not 0 <= seed < 2**32:
        raise OptionError(f"seed is {seed}; choose a whole number from 0 to {2**32 - 1}")
    return seed
