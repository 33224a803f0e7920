"""The native functions as functions of arrays, with the buffers that they may overwrite.

The order of the arrays is that of `native/targets.h`.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from throughtime.kernels import library
from throughtime.kernels.folding import Arrays, Foldable, folding
from throughtime.kernels.plan import Gradients, Operands, Plan, Results


class Saved(NamedTuple):
    """What a forward pass keeps for the backward pass.

    `before`: the hidden layer that each step started from. `gates`: the gates, or the outputs if they are
    enough. `more`: one more array, of a family that needs it.
    """

    before: Float[Array, "T B H"]
    gates: Float[Array, "T B G"]
    more: tuple[Float[Array, "T B H"], ...]


def infer(plan: Plan, operands: Operands) -> Results:
    """Run a recurrence and keep nothing for a backward pass."""
    (outputs,), final = _infer(plan)(
        operands.weights, (operands.projected,), (*operands.initial, operands.lengths)
    )
    return Results(final, outputs)


def train(plan: Plan, operands: Operands) -> tuple[Results, Saved]:
    """Run a recurrence and keep what the backward pass needs; the gates overwrite the projected input."""
    (outputs, before, *rest), final = _train(plan)(
        operands.weights, (operands.projected,), (*operands.initial, operands.lengths)
    )
    gates = rest.pop(0) if plan.family.saves_gates else outputs
    return Results(final, outputs), Saved(before, gates, tuple(rest))


def backward(plan: Plan, operands: Operands, saved: Saved, cotangents: Results) -> Gradients:
    """Return the gradients by the weights, the initial state and the projected input.

    **Cost**

        as much as the forward pass, and one matrix product over all steps for the weights
    """
    family = plan.family
    sequences = [cotangents.outputs]
    if family.needs_hidden:
        sequences.append(saved.before)
    sequences += [saved.gates, *saved.more]
    rows = (*operands.initial[1:], operands.lengths, *cotangents.final)
    (d_projected, *rest), d_initial = _backward(plan)(operands.weights[:1], tuple(sequences), rows)
    d_recurrent = rest[0] if family.recurrent_differs else d_projected
    hidden_size = saved.before.shape[-1]

    # The transpose of these products is the form that `project`'s own gradient has, by another array: XLA
    # then rearranges `d_recurrent` once for both, and takes its faster product.
    def products(weight: Array) -> Array:
        return jax.vmap(jax.vmap(lambda hidden: hidden @ weight.T))(saved.before)

    d_weights = list(jax.linear_transpose(products, operands.weights[0])(d_recurrent))
    if family.vector_gate is not None:
        first = family.vector_gate * hidden_size
        d_weights.append(d_recurrent[..., first : first + hidden_size].sum((0, 1)))
    return Gradients(tuple(d_weights), d_initial, d_projected)


@functools.cache
def _infer(plan: Plan) -> Foldable:
    states = plan.family.states

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        (projected,), like = sequences, rows[0]
        results = [_outputs(projected, like), *rows[:states]]
        outputs, *final = _native(plan, "infer", results, {})(projected, *weights, *rows)
        return (outputs,), tuple(final)

    return folding(call)


@functools.cache
def _train(plan: Plan) -> Foldable:
    family = plan.family

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        (projected,), like = sequences, rows[0]
        sequence = _outputs(projected, like)
        results = [sequence, *rows[: family.states], sequence]
        aliases = {}
        if family.saves_gates:
            aliases[0] = len(results)
            results.append(projected)
        if family.saves_more:
            results.append(sequence)
        outputs, *rest = _native(plan, "train", results, aliases)(projected, *weights, *rows)
        return (outputs, *rest[family.states :]), tuple(rest[: family.states])

    return folding(call)


@functools.cache
def _backward(plan: Plan) -> Foldable:
    family = plan.family

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        d_outputs, *saved = sequences
        before_lengths, d_final = rows[: family.states], rows[family.states :]
        gates_at = 1 if family.needs_hidden else 0
        hidden_size = d_outputs.shape[-1]
        projected = jax.ShapeDtypeStruct((*d_outputs.shape[:2], family.gates * hidden_size), d_outputs.dtype)
        arguments = [d_outputs, *weights, *before_lengths, *saved, *d_final]
        # The gradient overwrites the gates, or the outputs' gradient where no gates were saved.
        overwritten = 1 + len(weights) + len(before_lengths) + gates_at if family.saves_gates else 0
        first_final = len(arguments) - len(d_final)
        aliases = {overwritten: 0} | {first_final + n: 1 + n for n in range(family.states)}
        results = [projected, *d_final] + [projected] * family.recurrent_differs
        d_projected, *rest = _native(plan, "backward", results, aliases)(*arguments)
        return (d_projected, *rest[family.states :]), tuple(rest[: family.states])

    return folding(call)


def _outputs(projected: Array, state: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*projected.shape[:2], state.shape[-1]), projected.dtype)


def _native(
    plan: Plan, part: str, results: list[Any], aliases: dict[int, int]
) -> Callable[..., Sequence[Array]]:
    library.load(plan.instruction_set)
    shapes = [jax.ShapeDtypeStruct(result.shape, result.dtype) for result in results]
    name = library.target_name(plan.instruction_set, plan.family.name, str(shapes[0].dtype), part)
    call = jax.ffi.ffi_call(name, shapes, input_output_aliases=aliases)
    return functools.partial(call, reverse=plan.reverse, threads=np.int64(plan.threads))
