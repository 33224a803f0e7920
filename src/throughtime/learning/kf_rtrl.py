"""Kronecker-factored real-time recurrent learning: the influence of a matrix as one Kronecker product."""

from typing import Any, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotForThisRuleError
from throughtime.core.noise import with_each
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning.one_step import an_input, norm, with_memory
from throughtime.learning.products import Product, Walk
from throughtime.learning.rule import check_is_cell
from throughtime.learning.stepwise import Moving, StepwiseRule, join, split
from throughtime.learning.uoro import keys_for_each
from throughtime.networks.embedding import Embedding, one_hot

EPSILON = 1e-7
"""Keeps a division by a vector of zeros apart from nothing; far below the length of any that counts."""


class KFRTRLTrace(NamedTuple):
    """What KF-RTRL carries for each example: `key`, the source of its signs; of each product in which weights
    meet a vector, `factors`, the u `[B, columns]`, and `influences`, the A, a tangent of the state for each
    of its rows; `alone`, by the number of their array, the exact influences of weights that meet no vector.
    """

    key: Key[Array, " B"]
    factors: tuple[Float[Array, "B columns"], ...]
    influences: tuple[Moving, ...]
    alone: dict[int, Moving]


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
        check_is_cell(self.kind, network)
        keys = keys_for_each(self.kind, batch_size, key)
        products, alone = _anatomy(network)
        leaves = _weights(network)[0]
        moving, _ = split(initial_states(network, batch_size, keys[0]))

        def influence(*shape: int) -> Moving:
            return jax.tree.map(
                lambda part: jnp.zeros((batch_size, *shape, *part.shape[1:]), part.dtype), moving
            )

        sizes = [jax.eval_shape(product.matrix, leaves[product.leaf]) for product in products]
        return KFRTRLTrace(
            keys,
            tuple(jnp.zeros((batch_size, size.shape[1]), size.dtype) for size in sizes),
            tuple(influence(size.shape[0]) for size in sizes),
            {number: influence(leaves[number].size) for number in alone},
        )

    def enter(self, network: Cell, trace: KFRTRLTrace) -> KFRTRLTrace:
        """Return the trace at the initial state, which hangs on weights that meet no vector alone."""
        leaves, build = _weights(network)
        batch_size = trace.key.shape[0]

        def first(alone: dict[int, Array]) -> Moving:
            every = [alone.get(number, leaf) for number, leaf in enumerate(leaves)]
            return split(build(every).initial_state())[0]

        influences = _each_number(first, {number: leaves[number] for number in trace.alone})
        return trace._replace(
            alone=jax.tree.map(lambda part: jnp.broadcast_to(part, (batch_size, *part.shape)), influences)
        )

    def recall(self, network: Cell, trace: KFRTRLTrace, slope: Moving) -> Network:
        """Return the first term of Eq. 5, summed over the sequences."""
        leaves, _ = _weights(network)
        products, _ = _anatomy(network)
        summed = [jnp.zeros_like(leaf) for leaf in leaves]
        for product, factor, influence in zip(products, trace.factors, trace.influences, strict=True):
            gradient = jnp.einsum("br,bc->rc", _along(slope, influence), factor)
            leaf = leaves[product.leaf]
            (back,) = jax.linear_transpose(product.matrix, leaf)(gradient.astype(leaf.dtype))
            summed[product.leaf] += back
        for number, influence in trace.alone.items():
            summed[number] += jnp.sum(_along(slope, influence), 0).reshape(leaves[number].shape)
        structure = jax.tree.structure(eqx.filter(network, eqx.is_inexact_array))
        return jax.tree.unflatten(structure, summed)

    def follow(
        self, network: Cell, trace: KFRTRLTrace, state: State, x: Shaped[Array, "B *I"]
    ) -> KFRTRLTrace:
        """Return the trace one step on: Eqs. 2-4."""
        return jax.vmap(lambda trace, state, x: _one_on(network, trace, state, x))(trace, state, x)


def _one_on(network: Cell, trace: KFRTRLTrace, state: State, x: Shaped[Array, "*I"]) -> KFRTRLTrace:
    leaves, _ = _weights(network)
    moving, fixed = split(state)

    def after(
        alone: dict[int, Array], added: list[Array], moving: Moving
    ) -> tuple[Moving, list[Float[Array, " columns"]]]:
        walk, ends = _walk(network, leaves, alone, added, moving, fixed, x)
        return ends, walk.factors

    alone = {number: leaves[number] for number in trace.alone}
    added = [
        jnp.zeros(jax.tree.leaves(influence)[0].shape[0], factor.dtype)
        for influence, factor in zip(trace.influences, trace.factors, strict=True)
    ]
    _, tangent, factors = jax.linearize(after, alone, added, moving, has_aux=True)
    still = jax.tree.map(jnp.zeros_like, (alone, added, moving))
    carry = jax.vmap(lambda moved: tangent(still[0], still[1], moved))
    of_products = _columns(lambda added: tangent(still[0], added, still[2]), added)
    of_alone = _columns(lambda alone: tangent(alone, still[1], still[2]), alone)
    following, *draws = jax.random.split(trace.key, len(factors) + 1)
    new_factors, new_influences = [], []
    for number, (u, z, draw) in enumerate(zip(trace.factors, factors, draws, strict=True)):
        carried, direct = carry(trace.influences[number]), of_products[number]
        sign = jax.random.rademacher(draw, ()).astype(u.dtype)
        p_1, p_2 = _balance(carried, u), _balance(direct, z)
        new_factors.append((p_1 * u + sign * p_2 * z).astype(u.dtype))  # Eq. 2
        new_influences.append(
            jax.tree.map(
                lambda old, now, p=p_1, q=sign * p_2: (old / p + now / q).astype(old.dtype), carried, direct
            )  # Eq. 3
        )
    exact = {
        number: jax.tree.map(jnp.add, carry(influence), of_alone[number])
        for number, influence in trace.alone.items()
    }
    return KFRTRLTrace(following, tuple(new_factors), tuple(new_influences), exact)


def _balance(influence: Moving, vector: Float[Array, " columns"]) -> Float[Array, ""]:
    return jnp.sqrt((norm(influence) + EPSILON) / (norm(vector) + EPSILON))  # Eq. 4


def _columns(tangent: Any, at: Any) -> Any:
    """Return, in the place of each array of `at`, a linear function's value for each of its numbers alone."""
    parts, structure = jax.tree.flatten(at)

    def column(which: int, unit: Array) -> Any:
        units = [jnp.zeros_like(part) for part in parts]
        units[which] = unit.reshape(parts[which].shape)
        return tangent(jax.tree.unflatten(structure, units))

    columns = [
        jax.vmap(lambda unit, which=which: column(which, unit))(jnp.eye(part.size, dtype=part.dtype))
        for which, part in enumerate(parts)
    ]
    return jax.tree.unflatten(structure, columns)


def _each_number(function: Any, at: Any) -> Any:
    """Return the derivative of a function of arrays by each of their numbers."""
    _, tangent = jax.linearize(function, at)
    return _columns(tangent, at)


def _along(slope: Moving, influence: Moving) -> Float[Array, "B R"]:
    """Return the derivative of the losses by what the influences are of."""
    parts = zip(jax.tree.leaves(slope), jax.tree.leaves(influence), strict=True)
    return sum(
        jnp.einsum("bs,brs->br", one.reshape(len(one), -1), other.reshape(*other.shape[:2], -1))
        for one, other in parts
    )


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


def _walk(
    network: Cell,
    leaves: list[Array],
    alone: dict[int, Array],
    added: list[Array] | None,
    moving: Moving,
    fixed: Any,
    x: Shaped[Array, "*I"],
) -> tuple[Walk, Moving]:
    """Return the walk through one step, and the next state."""
    _, build = _weights(network)
    memory = with_memory(network)
    every = [alone.get(number, leaf) for number, leaf in enumerate(leaves)]
    shape: Any = None

    def step(leaves: list[Array], moving: Moving, fixed: Any, x: Shaped[Array, "*I"]) -> list[Array]:
        nonlocal shape
        whole = build(leaves)
        parts, shape = jax.tree.flatten(split(whole.step(join(moving, fixed), whole.project(x))[0])[0])
        return parts

    closed = jax.make_jaxpr(step)(every, moving, fixed, x)
    followed = {
        number: number
        for number, leaf in enumerate(leaves)
        if memory[number] and leaf.ndim > 1 and number not in alone
    }
    walk = Walk(added)
    ends = walk.through(closed, jax.tree.leaves((every, moving, fixed, x)), followed)
    return walk, jax.tree.unflatten(shape, ends)


def _anatomy(network: Cell) -> tuple[list[Product], tuple[int, ...]]:
    """Return the products of a step, and the arrays of weights that are in none and act on the state."""
    leaves, build = _weights(network)
    memory = with_memory(network)
    found: list[Walk] = []

    def examine(leaves: list[Array], key: PRNGKeyArray) -> Any:
        network = build(leaves)
        state = jax.tree.map(lambda part: part[0], initial_states(network, 1, key))
        walk, ends = _walk(network, leaves, {}, None, *split(state), an_input(network))
        found.append(walk)
        return ends

    jax.eval_shape(examine, leaves, jax.random.key(0))
    (walk,) = found
    in_products = {product.leaf for product in walk.products}
    alone = {number for number, leaf in enumerate(leaves) if memory[number] and number not in in_products}
    if both := sorted(walk.alone & in_products):
        shape = leaves[both[0]].shape
        raise NotForThisRuleError(
            f"an array of weights of shape {shape} enters the step of {type(network).__name__} by products "
            "and otherwise too, which the rule 'kf_rtrl' cannot take apart; use the rule 'rtrl' or 'uoro', which "
            "take any step"
        )
    return walk.products, tuple(sorted(alone))
