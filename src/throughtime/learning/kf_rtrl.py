"""Kronecker-factored real-time recurrent learning: the influence of a matrix as one Kronecker product."""

import itertools
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotForThisRuleError
from throughtime.core.noise import with_each
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning.one_step import an_input, with_memory
from throughtime.learning.operations import operations
from throughtime.learning.products import Product, Walk
from throughtime.learning.rule import check_is_cell
from throughtime.learning.stepwise import Moving, StepwiseRule, join, split
from throughtime.learning.uoro import keys_for_each
from throughtime.networks.embedding import Embedding, one_hot

EPSILON = 1e-7
"""Keeps a division by a vector of zeros apart from nothing; far below the length of any that counts."""


class KFRTRLTrace(NamedTuple):
    """What KF-RTRL carries for each example.

    `key`: the source of its signs. `factors`: the u of each product in which weights meet a vector,
    `[B, columns]`. `influences`: a tangent of the state for each weight that meets no vector, these being
    exact, and then for each row of each product, its A: arrays `[B, V + R, ...]`.
    """

    key: Key[Array, " B"]
    factors: tuple[Float[Array, "B columns"], ...]
    influences: Moving


class KFRTRL(StepwiseRule):
    r"""Kronecker-factored RTRL: for each product of weights with a vector, a vector and a smaller influence.

    **Equations**

        a = M z within the step;   ds_t/dM ~ A_t (x) u_t                                     (1)
        u_t = p_1 u_{t-1} + c p_2 z_t,   c uniform in {-1, 1}                                (2)
        A_t = (ds_t/ds_{t-1}) A_{t-1} / p_1 + c (ds_t/da)_{direct} / p_2                     (3)
        p_1 = sqrt(|(ds_t/ds_{t-1}) A_{t-1}| / |u_{t-1}|),
        p_2 = sqrt(|(ds_t/da)_{direct}| / |z_t|)                                             (4)
        dL_t/dM ~ (dL_t/ds_{t-1} A_{t-1}) (x) u_{t-1} + (dL_t/dM)_{direct}                   (5)

    **Exactness**

        Unbiased: on average over its random signs the gradient is that of RTRL, and so, with fixed weights,
        that of BPTT over all chunks together. Weights that meet no vector (biases, peepholes, gains, a
        learned start) have their exact gradient.

    **Cost**

        for each sequence and a state of S numbers: memory O(S R + C) for R rows and C columns of all matrices
        together, and S for each weight that meets no vector; time O(P (R + V)) a step, V being the weights
        that meet none. RTRL would carry S numbers for each weight.

    **Differs from**

        The paper has one vector for all that a layer reads, with a 1 for the bias, and one matrix that acts
        on it. Here each matrix has factors of its own, wherever in the step it stands, and vectors of
        weights, which cost no more than the A of Eq. 3, are carried without an approximation.

    **Source**

        Mujika, Meier & Steger 2018, "Approximating real-time recurrent learning with random Kronecker
        factors", arXiv 1805.10842, Eqs. 4-7 and Algorithm 1.
    """

    kind: ClassVar[str] = "kf_rtrl"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "unbiased"

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> KFRTRLTrace:
        """Return factors of zeros, and for each sequence a key of its own.

        **Raises**

            NotForThisRuleError: a matrix of weights enters the step otherwise than by such a product.
        """
        cell = check_is_cell(self.kind, network)
        keys = keys_for_each(self.kind, batch_size, key)
        anatomy = _anatomy(cell)
        moving, _ = split(initial_states(cell, batch_size, keys[0]))
        dtypes = [leaf.dtype for leaf in _weights(cell)[0]]
        count = anatomy.alone_size + sum(anatomy.rows)
        return KFRTRLTrace(
            keys,
            tuple(
                jnp.zeros((batch_size, columns), dtypes[product.leaf])
                for product, columns in zip(anatomy.products, anatomy.columns, strict=True)
            ),
            jax.tree.map(lambda part: jnp.zeros((batch_size, count, *part.shape[1:]), part.dtype), moving),
        )

    def enter(self, network: Cell, trace: KFRTRLTrace) -> KFRTRLTrace:
        """Return the trace at the initial state, which hangs on weights that meet no vector alone."""
        leaves, build = _weights(network)
        anatomy = _anatomy(network)

        def first(alone: dict[int, Array]) -> Moving:
            return split(build(_with(leaves, alone)).initial_state())[0]

        _, tangent = jax.linearize(first, {number: leaves[number] for number in anatomy.alone})
        at_first = _of_each(tangent, {number: leaves[number] for number in anatomy.alone})
        return trace._replace(
            influences=jax.tree.map(
                lambda old, new: old.at[:, : anatomy.alone_size].set(new.astype(old.dtype)),
                trace.influences,
                at_first,
            )
        )

    def recall(self, network: Cell, trace: KFRTRLTrace, slope: Moving) -> Network:
        """Return the first term of Eq. 5, summed over the sequences."""
        leaves, _ = _weights(network)
        anatomy = _anatomy(network)
        along = sum(
            jnp.einsum("bs,bns->bn", one.reshape(len(one), -1), other.reshape(*other.shape[:2], -1))
            for one, other in zip(jax.tree.leaves(slope), jax.tree.leaves(trace.influences), strict=True)
        )
        parts = jnp.split(along, anatomy.borders, axis=1)
        summed = [jnp.zeros_like(leaf) for leaf in leaves]
        for number in anatomy.alone:
            summed[number] += jnp.sum(parts.pop(0), 0).reshape(leaves[number].shape)
        for product, factor, of_rows in zip(anatomy.products, trace.factors, parts, strict=True):
            leaf = leaves[product.leaf]
            gradient = jnp.einsum("br,bc->rc", of_rows, factor).astype(leaf.dtype)
            summed[product.leaf] += jax.linear_transpose(product.matrix, leaf)(gradient)[0]
        structure = jax.tree.structure(eqx.filter(network, eqx.is_inexact_array))
        return jax.tree.unflatten(structure, summed)

    def follow(
        self, network: Cell, trace: KFRTRLTrace, state: State, x: Shaped[Array, "B *I"]
    ) -> KFRTRLTrace:
        """Return the trace one step on: Eqs. 2-4."""
        return jax.vmap(lambda trace, state, x: _one_on(network, trace, state, x))(trace, state, x)


def _one_on(network: Cell, trace: KFRTRLTrace, state: State, x: Shaped[Array, "*I"]) -> KFRTRLTrace:
    """Return the trace of one example after one step."""
    leaves, _ = _weights(network)
    anatomy = _anatomy(network)
    moving, fixed = split(state)
    alone = {number: leaves[number] for number in anatomy.alone}
    added = [jnp.zeros(rows, factor.dtype) for rows, factor in zip(anatomy.rows, trace.factors, strict=True)]

    def after(direct: Any, moving: Moving) -> tuple[Moving, list[Float[Array, " columns"]]]:
        alone, added = direct
        walk, ends = _walk(network, _with(leaves, alone), added, moving, fixed, x)
        return ends, walk.factors

    _, tangent, factors = jax.linearize(after, (alone, added), moving, has_aux=True)
    still = jax.tree.map(jnp.zeros_like, ((alone, added), moving))
    carried = jax.vmap(lambda moved: tangent(still[0], moved))(trace.influences)
    direct = _of_each(lambda direct: tangent(direct, still[1]), (alone, added))
    past, new = (
        [jnp.sqrt(jnp.sum(part) + EPSILON**2) for part in jnp.split(_squared(tree), anatomy.borders)]
        for tree in (carried, direct)
    )
    following, draw = jax.random.split(trace.key)
    signs = jax.random.rademacher(draw, (len(factors),))
    mixed, by_past, by_new = [], [jnp.ones(anatomy.alone_size)], [jnp.ones(anatomy.alone_size)]
    for number, (u, z, rows) in enumerate(zip(trace.factors, factors, anatomy.rows, strict=True)):
        place = len(anatomy.alone) + number
        p_1 = jnp.sqrt(past[place] / (jnp.linalg.norm(u) + EPSILON))  # Eq. 4
        p_2 = jnp.sqrt(new[place] / (jnp.linalg.norm(z) + EPSILON))
        mixed.append((p_1 * u + signs[number] * p_2 * z).astype(u.dtype))  # Eq. 2
        by_past.append(jnp.full(rows, 1 / p_1))
        by_new.append(jnp.full(rows, signs[number] / p_2))
    a, b = jnp.concatenate(by_past), jnp.concatenate(by_new)
    influences = jax.tree.map(
        lambda old, now: (_by(a, old) * old + _by(b, now) * now).astype(old.dtype), carried, direct
    )  # Eq. 3
    return KFRTRLTrace(following, tuple(mixed), influences)


def _by(each: Float[Array, " N"], like: Float[Array, "N *S"]) -> Float[Array, "N ..."]:
    return each.reshape(-1, *(1,) * (like.ndim - 1))


def _squared(tree: Moving) -> Float[Array, " N"]:
    """Return the squared length of each tangent of a tree of them."""
    summed: Any = sum(jnp.sum(leaf.reshape(len(leaf), -1) ** 2, 1) for leaf in jax.tree.leaves(tree))
    return jnp.asarray(summed)


def _of_each(linear: Any, at: Any) -> Any:
    """Return a linear function's value for each number of its argument alone, one after the other."""
    flat, restore = ravel_pytree(at)
    return jax.vmap(lambda unit: linear(restore(unit)))(jnp.eye(flat.size, dtype=flat.dtype))


def _with(leaves: list[Array], others: dict[int, Array]) -> list[Array]:
    return [others.get(number, leaf) for number, leaf in enumerate(leaves)]


class _OneHot(Embedding):
    """An embedding as the product with a vector that is 1 at the symbol."""

    def project(self, x: Shaped[Array, ""]) -> Float[Array, " O"]:
        return one_hot(x, self.input_size).astype(self.weight.dtype) @ self.weight


def _as_product(embedding: Embedding) -> Embedding:
    twin: Embedding = object.__new__(_OneHot)
    for name, value in vars(embedding).items():
        object.__setattr__(twin, name, value)
    return twin


def _weights(network: Cell) -> tuple[list[Array], Any]:
    """Return the arrays of weights, and what makes a network of such arrays, its embeddings products."""
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(parameters)

    def build(leaves: list[Array]) -> Cell:
        whole = eqx.combine(jax.tree.unflatten(structure, leaves), rest)
        return with_each(whole, Embedding, _as_product)

    return leaves, build


class _Anatomy(NamedTuple):
    """The products of a step, the weights that are in none of them and act on the state, and their sizes."""

    products: tuple[Product, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    alone: tuple[int, ...]
    alone_sizes: tuple[int, ...]

    @property
    def alone_size(self) -> int:
        """How many weights meet no vector."""
        return sum(self.alone_sizes)

    @property
    def borders(self) -> list[int]:
        """Where the influences of one array of weights or product end and those of the next begin."""
        return list(itertools.accumulate((*self.alone_sizes, *self.rows)))[:-1]


def _walk(
    network: Cell, leaves: list[Array], added: list[Array] | None, moving: Moving, fixed: Any, x: Array
) -> tuple[Walk, Moving]:
    """Return the walk through one step with these weights, and the next state."""
    _, build = _weights(network)

    def step(leaves: list[Array], moving: Moving, fixed: Any, x: Array) -> Moving:
        whole = build(leaves)
        return split(whole.step(join(moving, fixed), whole.project(x))[0])[0]

    listed = operations(step, leaves, moving, fixed, x)
    memory = with_memory(network)
    followed = [number for number, leaf in enumerate(leaves) if memory[number] and leaf.ndim > 1]
    walk = Walk(added)
    ends = walk.through(listed, listed.inputs(leaves, moving, fixed, x), followed)
    return walk, jax.tree.unflatten(listed.structure, ends)


def _anatomy(network: Cell) -> _Anatomy:
    """Return where the weights of a network stand in its step, from its shapes alone."""
    leaves, structure = jax.tree.flatten(network)
    outlines = tuple(_outline(leaf) if eqx.is_array(leaf) else leaf for leaf in leaves)
    return _dissect(structure, outlines)


def _outline(leaf: Array) -> Any:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=256)
def _dissect(structure: Any, outlines: tuple[Any, ...]) -> _Anatomy:
    found: list[_Anatomy] = []

    def examine(network: Cell, key: PRNGKeyArray) -> Moving:
        leaves, _ = _weights(network)
        state = jax.tree.map(lambda part: part[0], initial_states(network, 1, key))
        walk, ends = _walk(network, leaves, None, *split(state), an_input(network))
        found.append(_read(network, leaves, walk))
        return ends

    eqx.filter_eval_shape(examine, jax.tree.unflatten(structure, outlines), jax.random.key(0))
    return found[0]


def _read(network: Cell, leaves: list[Array], walk: Walk) -> _Anatomy:
    memory = with_memory(network)
    in_products = {product.leaf for product in walk.products}
    if both := sorted(walk.alone & in_products):
        raise NotForThisRuleError(
            f"an array of weights of shape {leaves[both[0]].shape} enters the step of "
            f"{type(network).__name__} by products and otherwise too, which the rule 'kf_rtrl' cannot take "
            "apart; use the rule 'rtrl' or 'uoro', which take any step"
        )
    alone = [number for number in range(len(leaves)) if memory[number] and number not in in_products]
    sizes = [jax.eval_shape(product.matrix, leaves[product.leaf]).shape for product in walk.products]
    return _Anatomy(
        tuple(walk.products),
        tuple(rows for rows, _ in sizes),
        tuple(columns for _, columns in sizes),
        tuple(alone),
        tuple(leaves[number].size for number in alone),
    )
