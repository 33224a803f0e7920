"""Linear recurrences `h_t = a_t * h_{t-1} + b_t` over whole sequences: step after step, or in parallel."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import State


class ComplexState(NamedTuple):
    """Complex numbers as two arrays of real ones, `real` and `imaginary`, `[H]` each.

    Real arrays are what optimisers, files and streams know how to treat.
    """

    real: Float[Array, "*B H"]
    imaginary: Float[Array, "*B H"]


def product(one: State, other: State) -> State:
    """Return `one * other`, entry by entry; two `ComplexState` are multiplied as complex numbers."""
    if isinstance(one, ComplexState):
        return ComplexState(
            one.real * other.real - one.imaginary * other.imaginary,
            one.real * other.imaginary + one.imaginary * other.real,
        )
    return jax.tree.map(jnp.multiply, one, other)


def total(one: State, other: State) -> State:
    """Return `one + other`, entry by entry."""
    return jax.tree.map(jnp.add, one, other)


def one_like(a: State) -> State:
    """Return the number 1 in every entry: the coefficient that keeps a state as it is."""
    if isinstance(a, ComplexState):
        return ComplexState(jnp.ones_like(a.real), jnp.zeros_like(a.imaginary))
    return jax.tree.map(jnp.ones_like, a)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3,))
def linear_recurrence(a: State, b: State, initial: State, reverse: bool) -> State:
    """Return `h_t = a_t * h_{t-1} + b_t` for all t.

    **Shapes**

        arrays of a, b and the result `[T, B, H]`, of `initial` `[B, H]`; T at least 1

    Arguments:
        a, b: coefficients of every step, trees like the state.
        initial: the state before the first step read.
        reverse: read from the last step to the first; every result stands at its own time.

    **Cost**

        On a CPU: step after step, O(T) operations in T rounds. Elsewhere `jax.lax.associative_scan`, about
        twice the operations in O(log T) rounds; on a CPU that is slower, because it moves more memory.

    **Exactness**

        Tangents are again a linear recurrence with the same a, so a gradient is one recurrence in the other
        direction, and needs a and h of all steps and nothing else.
    """
    associative = functools.partial(by_associative_scan, reverse=reverse)
    one_by_one = functools.partial(by_scan, reverse=reverse)
    return jax.lax.platform_dependent(a, b, initial, cpu=one_by_one, default=associative)


@linear_recurrence.defjvp
def _linear_recurrence_jvp(
    reverse: bool, primals: tuple[State, State, State], tangents: tuple[State, State, State]
) -> tuple[State, State]:
    a, b, initial = primals
    a_dot, b_dot, initial_dot = tangents
    h = linear_recurrence(a, b, initial, reverse)

    def shift(h: Float[Array, "T B H"], first: Float[Array, "B H"]) -> Float[Array, "T B H"]:
        parts = [h[1:], first[None]] if reverse else [first[None], h[:-1]]
        return jnp.concatenate(parts)

    before = jax.tree.map(shift, h, initial)
    return h, linear_recurrence(a, total(product(a_dot, before), b_dot), initial_dot, reverse)


def by_scan(a: State, b: State, initial: State, reverse: bool) -> State:
    """Return what `linear_recurrence` does, step after step."""

    def step(h: State, coefficients: tuple[State, State]) -> tuple[State, State]:
        a, b = coefficients
        h = total(product(a, h), b)
        return h, h

    return jax.lax.scan(step, initial, (a, b), reverse=reverse)[1]


def by_associative_scan(a: State, b: State, initial: State, reverse: bool) -> State:
    """Return what `linear_recurrence` does, in O(log T) rounds."""
    # Two steps are one step: a_2 (a_1 h + b_1) + b_2 = (a_2 a_1) h + (a_2 b_1 + b_2).
    first = -1 if reverse else 0
    started = product(jax.tree.map(lambda leaf: leaf[first], a), initial)
    b = jax.tree.map(lambda leaf, more: leaf.at[first].add(more), b, started)

    def combine(earlier: tuple[State, State], later: tuple[State, State]) -> tuple[State, State]:
        return product(later[0], earlier[0]), total(product(later[0], earlier[1]), later[1])

    return jax.lax.associative_scan(combine, (a, b), reverse=reverse)[1]
