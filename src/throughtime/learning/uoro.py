"""Unbiased online recurrent optimization: the influence of all parameters as one product of two vectors."""

from typing import Any, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import UsageError
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning.one_step import moving_after, norm, with_memory
from throughtime.learning.rule import check_is_cell
from throughtime.learning.stepwise import Moving, StepwiseRule, split

EPSILON = 1e-7
"""Keeps a division by a vector of zeros apart from nothing; far below the length of any that counts."""


class UOROTrace(NamedTuple):
    """What UORO carries for each example: `key`, the source of its signs; `state`, a tangent of the state;
    `parameters`, a vector over the parameters that the state hangs on, by the number of their array."""

    key: Key[Array, " B"]
    state: Moving
    parameters: dict[int, Float[Array, "B *P"]]


class UORO(StepwiseRule):
    r"""Unbiased online recurrent optimization: one product of two random vectors stands for all influence.

    **Equations**

        ds_t/dw ~ s~_t (x) w~_t                                                             (1)
        s~_t = rho_0 (ds_t/ds_{t-1}) s~_{t-1} + rho_1 n,   n uniform in {-1, 1}^S           (2)
        w~_t = w~_{t-1} / rho_0 + n (ds_t/dw)_{direct} / rho_1                              (3)
        rho_0 = sqrt(|w~_{t-1}| / |(ds_t/ds_{t-1}) s~_{t-1}|),
        rho_1 = sqrt(|n (ds_t/dw)_{direct}| / |n|)                                          (4)
        dL_t/dw ~ (dL_t/ds_{t-1} . s~_{t-1}) w~_{t-1} + (dL_t/dw)_{direct}                  (5)

    **Exactness**

        Unbiased: on average over its random signs the gradient is that of RTRL, and so, with fixed weights,
        that of BPTT over all chunks together. One draw is far from the average, the farther the more the
        network has units and remembers. A step that looks back on nothing is exact.

    **Cost**

        time O(P) for each step and sequence, about three times a step of BPTT; memory O(P + S) for each
        sequence, S being the size of its state, whatever the number of steps

    **Differs from**

        The tangent of Eq. 2 is the derivative itself; the paper's algorithm takes a small finite difference.
        The step of a loss is differentiated directly, and only what goes through the state before it is
        estimated (Eq. 5); the paper lets the state after it be estimated too. Each sequence of a batch has
        signs of its own.

    **Source**

        Tallec & Ollivier 2017, "Unbiased online recurrent optimization", arXiv 1702.05043, Eqs. 12-15 and
        Algorithm 1.
    """

    kind: ClassVar[str] = "uoro"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "unbiased"

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> UOROTrace:
        """Return vectors of zeros, and for each sequence a key of its own."""
        cell = check_is_cell(self.kind, network)
        keys = keys_for_each(self.kind, batch_size, key)
        moving, _ = split(initial_states(cell, batch_size, keys[0]))
        leaves = jax.tree.leaves(eqx.filter(cell, eqx.is_inexact_array))
        acting = with_memory(cell)
        return UOROTrace(
            keys,
            jax.tree.map(jnp.zeros_like, moving),
            {
                number: jnp.zeros((batch_size, *leaf.shape), leaf.dtype)
                for number, leaf in enumerate(leaves)
                if acting[number]
            },
        )

    def enter(self, network: Cell, trace: UOROTrace) -> UOROTrace:
        """Return the trace at the initial state: Eqs. 2-4, with no past."""

        def first(network: Cell, moving: None) -> Moving:
            return split(network.initial_state())[0]

        def one(trace: UOROTrace) -> UOROTrace:
            return _mix(trace, first, network, None)

        return jax.vmap(one)(trace)

    def recall(self, network: Cell, trace: UOROTrace, slope: Moving) -> Network:
        """Return the first term of Eq. 5, summed over the sequences."""
        along = sum(
            jnp.sum((one * other).reshape(one.shape[0], -1), axis=1)
            for one, other in zip(jax.tree.leaves(slope), jax.tree.leaves(trace.state), strict=True)
        )
        parameters = eqx.filter(network, eqx.is_inexact_array)
        leaves, structure = jax.tree.flatten(parameters)
        return jax.tree.unflatten(
            structure,
            [
                jnp.tensordot(along, trace.parameters[number], 1).astype(leaf.dtype)
                if number in trace.parameters
                else jnp.zeros_like(leaf)
                for number, leaf in enumerate(leaves)
            ],
        )

    def follow(self, network: Cell, trace: UOROTrace, state: State, x: Shaped[Array, "B *I"]) -> UOROTrace:
        """Return the trace one step on: Eqs. 2-4."""

        def one(trace: UOROTrace, state: State, x: Shaped[Array, "*I"]) -> UOROTrace:
            moving, fixed = split(state)
            return _mix(trace, lambda whole, moving: moving_after(whole, moving, fixed, x), network, moving)

        return jax.vmap(one)(trace, state, x)


def _mix(trace: UOROTrace, after: Any, network: Cell, moving: Moving | None) -> UOROTrace:
    """Return the trace after `after(network, moving)`, of one sequence; without `moving` it has no past."""
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(parameters)

    def function(acting: dict[int, Array], moving: Moving | None) -> Moving:
        every = [acting.get(number, leaf) for number, leaf in enumerate(leaves)]
        return after(eqx.combine(jax.tree.unflatten(structure, every), rest), moving)

    acting = {number: leaves[number] for number in trace.parameters}
    following, draw = jax.random.split(trace.key)
    reached, pull = jax.vjp(lambda acting: function(acting, moving), acting)
    signs = _signs(draw, reached)
    (direct,) = pull(signs)
    carried = jax.tree.map(jnp.zeros_like, reached)
    if moving is not None:
        _, carried = jax.jvp(lambda moving: function(acting, moving), (moving,), (trace.state,))
    past = jnp.sqrt(norm(trace.parameters) / (norm(carried) + EPSILON)) + EPSILON  # Eq. 4
    new = jnp.sqrt(norm(direct) / (norm(signs) + EPSILON)) + EPSILON
    return UOROTrace(
        following,
        jax.tree.map(lambda old, sign: (past * old + new * sign).astype(old.dtype), carried, signs),  # Eq. 2
        jax.tree.map(lambda old, now: (old / past + now / new).astype(old.dtype), trace.parameters, direct),
    )


def keys_for_each(kind: str, batch_size: int, key: PRNGKeyArray | None) -> Key[Array, " B"]:
    """Return a key for each sequence, from which a rule draws; raise `UsageError` if there is none."""
    if key is None:
        raise UsageError(
            f"the learning rule {kind!r} draws random numbers, and no key was given; "
            "pass key=jax.random.key(seed)"
        )
    return jax.random.split(key, batch_size)


def _signs(key: PRNGKeyArray, like: Moving) -> Moving:
    """Return -1 or 1 for each number of a tree."""
    flat, restore = ravel_pytree(like)
    return restore(jax.random.rademacher(key, flat.shape, flat.dtype))
