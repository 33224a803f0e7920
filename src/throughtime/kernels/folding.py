"""`vmap` over native calls: another axis of examples is more batch, if the weights are shared."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array

Arrays: TypeAlias = tuple[Array, ...]
Batched: TypeAlias = Sequence[bool]
Foldable: TypeAlias = Callable[[Arrays, Arrays, Arrays], tuple[Arrays, Arrays]]


def fold(values: Arrays, batched: Batched, axis_size: int, axis: int) -> Arrays:
    """Return arrays with a leading axis of examples (if `batched` says so) merged into their batch `axis`."""

    def merge(value: Array, is_batched: bool) -> Array:
        if not is_batched:
            value = jnp.broadcast_to(value, (axis_size, *value.shape))
        shape = value.shape[1:]
        return jnp.moveaxis(value, 0, axis).reshape(
            *shape[:axis], axis_size * shape[axis], *shape[axis + 1 :]
        )

    return tuple(map(merge, values, batched))


def unfold(values: Arrays, axis_size: int, axis: int) -> Arrays:
    """Undo `fold`."""

    def split(value: Array) -> Array:
        shape = value.shape
        parts = value.reshape(*shape[:axis], axis_size, shape[axis] // axis_size, *shape[axis + 1 :])
        return jnp.moveaxis(parts, axis, 0)

    return tuple(map(split, values))


def folding(call: Foldable) -> Foldable:
    """Return `call(weights, sequences, rows) -> (sequences, rows)` with a rule for `vmap`.

    Sequences have the batch as their second axis, rows as their first. If the weights differ from example to
    example, there is nothing to share, and the calls follow one another.
    """
    return _mapped(call, folds=True)


def one_by_one(call: Foldable) -> Foldable:
    """Return a call whose results are no sequences or rows, so that under `vmap` calls follow one another."""
    return _mapped(call, folds=False)


def _mapped(call: Foldable, folds: bool) -> Foldable:
    mapped = jax.custom_batching.custom_vmap(call)

    @mapped.def_vmap
    def rule(
        axis_size: int, batched: Sequence[Batched], weights: Arrays, sequences: Arrays, rows: Arrays
    ) -> tuple[tuple[Arrays, Arrays], tuple[Batched, Batched]]:
        of_weights, of_sequences, of_rows = batched
        if any(of_weights) or not folds:

            def one(number: Array) -> tuple[Arrays, Arrays]:
                def pick(values: Arrays, flags: Batched) -> Arrays:
                    return tuple(v[number] if flag else v for v, flag in zip(values, flags, strict=True))

                return mapped(pick(weights, of_weights), pick(sequences, of_sequences), pick(rows, of_rows))

            results = jax.lax.map(one, jnp.arange(axis_size))
        else:
            folded = mapped(
                weights, fold(sequences, of_sequences, axis_size, 1), fold(rows, of_rows, axis_size, 0)
            )
            results = unfold(folded[0], axis_size, 1), unfold(folded[1], axis_size, 0)
        return results, jax.tree.map(lambda _: True, results)

    return mapped
