"""What holds for every learning rule, and what holds for those that are exact, as functions of a rule."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, CELL_ROWS, HIDDEN, INPUT, OUTPUT, TIME, Row, draw_inputs, fresh, lively
from throughtime import (
    BPTT,
    Gradient,
    LeakyElman,
    LearningRule,
    Linear,
    Stack,
    gradient_over_chunks,
    initial_states,
    unroll,
)

EXACT = 1e-10
DIFFERENCES = 1e-6
CHUNK = 2
"""So that there is a first chunk, more than one in the middle, and a shorter one at the end."""

ROW = next(row for row in CELL_ROWS if row.name == "stack_gated")


def leaky_stack(key: Array) -> Stack:
    lower, upper = jax.random.split(key)
    return Stack([LeakyElman(INPUT, HIDDEN, time_constant=2.5, key=lower), Linear(HIDDEN, OUTPUT, key=upper)])


ROWS_BY_RULE = {"rflo": Row("stack_leaky", leaky_stack, OUTPUT)}
"""What the rules learn that are for one cell only."""


def row_for(rule: LearningRule) -> Row:
    return ROWS_BY_RULE.get(rule.kind, ROW)


class Problem(NamedTuple):
    """A network with its input, its targets, and a weight for each step that is different from all others."""

    cell: Any
    inputs: Array
    targets: Array
    mask: Array
    state: PyTree


def problem(row: Row = ROW) -> Problem:
    draw = np.random.default_rng(11)
    cell = lively(fresh(row))
    state = initial_states(cell, BATCH, jax.random.key(6))
    warm, _ = quick_jit(unroll, "reverse")(cell, draw_inputs(row, seed=4), state, lengths=None, reverse=False)
    return Problem(
        cell,
        draw_inputs(row),
        jnp.asarray(draw.normal(size=(TIME, BATCH, row.output_size))),
        jnp.asarray(draw.uniform(0.5, 1.5, size=(TIME, BATCH))),
        warm,
    )


def loss(output: Array, target: Array) -> Array:
    """Squared error, with a different weight for each feature."""
    return jnp.sum(jnp.arange(1.0, output.size + 1) * (output - target) ** 2)


def whole(rule: LearningRule, p: Problem, **changed: Any) -> Gradient:
    """Return the rule's gradient over everything in one chunk, from the problem's state."""
    parts = {**p._asdict(), "lengths": None} | changed

    def compute(
        cell: Any, inputs: Array, targets: Array, mask: Array, state: PyTree, lengths: Any
    ) -> Gradient:
        trace = rule.start(cell, BATCH, jax.random.key(5))
        return rule.gradient(cell, loss, trace, state, inputs, targets, mask, lengths=lengths)

    return _compiled(compute, rule, "whole")(*(parts[name] for name in (*Problem._fields, "lengths")))


def chunked(rule: LearningRule, p: Problem, chunk_size: int | None, lengths: Array | None = None) -> Gradient:
    """Return the rule's gradient summed over chunks, from the initial state."""

    def compute(cell: Any, inputs: Array, targets: Array, mask: Array, lengths: Any) -> Gradient:
        return gradient_over_chunks(
            rule, cell, loss, inputs, targets, mask,
            chunk_size=chunk_size, lengths=lengths, key=jax.random.key(5),
        )  # fmt: skip

    return _compiled(compute, rule, chunk_size)(p.cell, p.inputs, p.targets, p.mask, lengths)


def _compiled(compute: Callable[..., Any], *which: Any) -> Callable[..., Any]:
    # The functions above are made anew by each call; one of them for each rule and chunk size is enough.
    return _COMPILED.setdefault(which, quick_jit(compute))


_COMPILED: dict[Any, Callable[..., Any]] = {}


def total_by_hand(p: Problem, cell: Any, state: PyTree) -> Array:
    """Return the loss by its definition, with nothing of the rules."""
    _, outputs = unroll(cell, p.inputs, state)
    importance = jnp.arange(1.0, outputs.shape[-1] + 1)
    return jnp.einsum("tb,tbo,o", p.mask, (outputs - p.targets) ** 2, importance)


def whole_is_finite_differences(rule: LearningRule) -> None:
    """Over one whole chunk: loss by definition, gradient by central differences, parameter by parameter."""
    p = problem(row_for(rule))
    given = whole(rule, p)
    flat, restore = ravel_pytree(p.cell)

    def differences(flat: Array) -> tuple[Array, Array]:
        def central(direction: Array) -> Array:
            ahead, behind = (total_by_hand(p, restore(flat + h * direction), p.state) for h in (1e-5, -1e-5))
            return (ahead - behind) / 2e-5

        return total_by_hand(p, restore(flat), p.state), jax.vmap(central)(jnp.eye(flat.size))

    value, by_hand = quick_jit(differences)(flat)
    assert_visible(restore(by_hand), "reference gradient by ", least=1e-2)
    assert_close(given.loss, value, EXACT, "loss")
    assert_close(given.gradient, restore(by_hand), DIFFERENCES, "gradient by ")


def chunks_carry_the_state(rule: LearningRule) -> None:
    """Summed over chunks, the loss and the final state are those of the whole, whatever the chunk size."""
    p = problem(row_for(rule))
    expected = chunked(rule, p, None)
    for chunk_size in (CHUNK, 1, TIME + 1):
        summed = chunked(rule, p, chunk_size)
        assert_close(summed.loss, expected.loss, EXACT, f"loss in chunks of {chunk_size}")
        assert_close(summed.state, expected.state, EXACT, f"state in chunks of {chunk_size}")
    assert_close(summed.gradient, expected.gradient, EXACT, "gradient in one chunk longer than everything")


def chunks_truncate(rule: LearningRule) -> None:
    """In chunks, BPTT is the derivative with the state held fixed at each border, and that is another one."""
    p = problem(row_for(rule))

    def truncated(cell: Any) -> Array:
        state, total = initial_states(cell, BATCH), jnp.zeros(())
        for border in range(0, TIME, CHUNK):
            part = slice(border, border + CHUNK)
            piece = p._replace(inputs=p.inputs[part], targets=p.targets[part], mask=p.mask[part])
            state = jax.lax.stop_gradient(state)
            total += total_by_hand(piece, cell, state)
            state, _ = unroll(cell, piece.inputs, state)
        return total

    value, by_hand = quick_jit(jax.value_and_grad(truncated))(p.cell)
    summed, full = chunked(rule, p, CHUNK), chunked(rule, p, None)
    assert_close(summed.loss, value, EXACT, "loss")
    assert_close(summed.gradient, by_hand, EXACT, "gradient by ")
    for given, other in zip(
        jax.tree.leaves(summed.gradient.cells[0]), jax.tree.leaves(full.gradient.cells[0]), strict=True
    ):
        assert np.max(np.abs(given - other)) > 1e-3 * np.max(np.abs(other)), "truncation does not matter"


def mask_is_linear(rule: LearningRule) -> None:
    """Loss and gradient are linear in the mask: of two masks they add up, of none they are zero."""
    p = problem(row_for(rule))
    last = jnp.zeros_like(p.mask).at[-1].set(1.0)
    parts = [whole(rule, p, mask=mask) for mask in (p.mask, last, p.mask + 3 * last)]
    assert_visible(parts[1].gradient, "gradient of the last step by ")
    for field in ("loss", "gradient"):
        one, two, both = (getattr(part, field) for part in parts)
        assert_close(both, jax.tree.map(lambda a, b: a + 3 * b, one, two), EXACT, field)
    nothing = whole(rule, p, mask=jnp.zeros_like(p.mask))
    assert nothing.loss == 0
    assert all(not np.any(leaf) for leaf in jax.tree.leaves(nothing.gradient))


def masked_steps_may_hold_anything(rule: LearningRule) -> None:
    """A missing target at a step without weight changes nothing, neither value nor gradient."""
    p = problem(row_for(rule))
    mask = p.mask.at[2, 0].set(0).at[5, 1].set(0)
    expected = whole(rule, p, mask=mask)
    missing = p.targets.at[2, 0].set(jnp.nan).at[5, 1].set(jnp.inf)
    given = whole(rule, p, mask=mask, targets=missing)
    assert_close(given.loss, expected.loss, EXACT, "loss")
    assert_close(given.gradient, expected.gradient, EXACT, "gradient by ")


def padding_changes_nothing(rule: LearningRule) -> None:
    """With lengths, in one chunk or several, padding may hold NaN and counts for nothing."""
    p = problem(row_for(rule))
    lengths = jnp.array([CHUNK + 1, TIME])
    real = np.arange(TIME)[:, None] < np.asarray(lengths)
    mask = p.mask * real
    inputs = jnp.asarray(np.where(real[..., None], p.inputs, np.nan))
    expected = whole(rule, p, mask=mask)
    given = whole(rule, p, mask=mask, inputs=inputs, lengths=lengths)
    assert_close(given.loss, expected.loss, EXACT, "loss")
    assert_close(given.gradient, expected.gradient, EXACT, "gradient by ")
    clean, dirty = p._replace(mask=mask), p._replace(mask=mask, inputs=inputs)
    # In chunks, lengths of an unsigned type must not wrap around where a sequence ends before a chunk begins.
    padded, bare = chunked(rule, dirty, CHUNK, lengths.astype(jnp.uint8)), chunked(rule, clean, CHUNK)
    assert_close(padded.gradient, bare.gradient, EXACT, "gradient in chunks by ")


def state_passed_in_matters(rule: LearningRule) -> None:
    """A chunk goes on from the state it is given; differentiated by that state, its loss is right too."""
    p = problem(row_for(rule))
    rest = initial_states(p.cell, BATCH)
    assert abs(whole(rule, p).loss - whole(rule, p, state=rest).loss) > 1e-2, "the state does not matter"

    def value(state: PyTree) -> Array:
        return rule.gradient(p.cell, loss, rule.start(p.cell, BATCH), state, p.inputs, p.targets, p.mask).loss

    flat, restore = ravel_pytree(p.state)

    def both(flat: Array) -> tuple[Array, Array]:
        def central(direction: Array) -> Array:
            ahead, behind = (total_by_hand(p, p.cell, restore(flat + h * direction)) for h in (1e-5, -1e-5))
            return (ahead - behind) / 2e-5

        return jax.grad(lambda flat: value(restore(flat)))(flat), jax.vmap(central)(jnp.eye(flat.size))

    given, by_hand = quick_jit(both)(flat)
    assert_visible(restore(by_hand), "central difference by the state ")
    assert_close(restore(given), restore(by_hand), DIFFERENCES, "gradient by the state ")


def gradient_has_every_parameter(rule: LearningRule) -> None:
    """The gradient is a network with an array of the same shape and type for each parameter."""
    p = problem(row_for(rule))
    given = whole(rule, p).gradient
    parameters = eqx.filter(p.cell, eqx.is_inexact_array)
    assert jax.tree.structure(given) == jax.tree.structure(parameters)
    for one, other in zip(jax.tree.leaves(given), jax.tree.leaves(parameters), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
    assert p.targets.shape[-1] == OUTPUT


def chunks_are_the_whole(rule: LearningRule) -> None:
    """Summed over chunks of any size, with and without lengths, the gradient is BPTT's over everything."""
    p = problem(row_for(rule))
    for real, chunk_sizes in ((None, (1, 3)), (jnp.array([CHUNK + 1, TIME]), (CHUNK, None))):
        expected = chunked(BPTT(), p, None, real)
        assert_visible(expected.gradient, "reference gradient by ", least=1e-2)
        for chunk_size in chunk_sizes:
            given = chunked(rule, p, chunk_size, real)
            assert_close(given.loss, expected.loss, EXACT, f"loss in chunks of {chunk_size}")
            assert_close(given.gradient, expected.gradient, EXACT, f"gradient in chunks of {chunk_size} by ")


def _along(directions: Any, gradient: Any) -> Any:
    """Return the mean of (v . gradient) v over the directions v."""
    products = jax.tree.map(lambda v, g: jnp.tensordot(v, g, g.ndim), directions, gradient)
    slopes = sum(jax.tree.leaves(products))
    return jax.tree.map(lambda v: jnp.tensordot(slopes, v, 1) / slopes.size, directions)


def chunks_are_the_whole_along_a_direction(rule: LearningRule) -> None:
    """With fixed directions v, the sum over chunks is the mean over them of (v . BPTT's gradient) v."""
    p = problem(row_for(rule))
    key = jax.random.fold_in(jax.random.key(5), 1)  # as `gradient_over_chunks` derives it
    directions = rule.start(p.cell, BATCH, key).of_weights
    for real, chunk_sizes in ((None, (1, 3)), (jnp.array([CHUNK + 1, TIME]), (CHUNK, None))):
        exact = chunked(BPTT(), p, None, real)
        expected = _along(directions, exact.gradient)
        assert_visible(expected, "reference gradient by ", least=1e-2)
        for chunk_size in chunk_sizes:
            given = chunked(rule, p, chunk_size, real)
            assert_close(given.loss, exact.loss, EXACT, f"loss in chunks of {chunk_size}")
            assert_close(given.gradient, expected, EXACT, f"gradient in chunks of {chunk_size} by ")


Law = Callable[[LearningRule], None]

LAWS: tuple[Law, ...] = (
    chunks_carry_the_state,
    mask_is_linear,
    masked_steps_may_hold_anything,
    padding_changes_nothing,
    gradient_has_every_parameter,
)
"""What every rule keeps; a rule that draws random numbers draws the same ones from the same key."""

IN_ONE_CHUNK: tuple[Law, ...] = (whole_is_finite_differences,)
"""What a rule keeps that is exact when the sequence is one chunk."""

TRUNCATED: tuple[Law, ...] = (chunks_truncate, state_passed_in_matters)
"""What backpropagation keeps: its gradient ends at the borders of chunks, and it can be differentiated."""

CARRIED: tuple[Law, ...] = (chunks_are_the_whole,)
"""What a rule keeps that carries all influence across the borders of chunks."""

PROJECTED: tuple[Law, ...] = (chunks_are_the_whole_along_a_direction,)
"""What a rule keeps that measures the slope of the loss along directions that it draws."""
