"""The native functions as functions of arrays, with the buffers that they may overwrite.

The order of the arrays is that of `native/targets.h`.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec, get_abstract_mesh
from jaxtyping import Array, Float

from throughtime.kernels import library
from throughtime.kernels.folding import Arrays, Foldable, folding, one_by_one
from throughtime.kernels.plan import Gradients, Operands, Plan, Results


class Saved(NamedTuple):
    """What a forward pass keeps for the backward pass: its outputs, and what else the family needs."""

    outputs: Float[Array, "T B H"]
    gates: tuple[Float[Array, "T B G"], ...]
    more: tuple[Float[Array, "T B H"], ...]


def infer(plan: Plan, operands: Operands) -> Results:
    """Run a recurrence and keep nothing for a backward pass."""
    (outputs,), final = _infer(plan)(
        operands.weights, (operands.inputs,), (*operands.initial, operands.lengths)
    )
    return Results(final, outputs)


def train(plan: Plan, operands: Operands) -> tuple[Results, Saved]:
    """Run a recurrence and keep what the backward pass needs."""
    (outputs, *rest), final = _train(plan)(
        operands.weights, (operands.inputs,), (*operands.initial, operands.lengths)
    )
    split = int(plan.family.saves_gates)
    return Results(final, outputs), Saved(outputs, tuple(rest[:split]), tuple(rest[split:]))


def backward(plan: Plan, operands: Operands, saved: Saved, cotangents: Results) -> Gradients:
    """Return the gradients by the weights, the initial state and the inputs.

    **Cost**

        as much as the forward pass, twice; a gradient by the inputs that nobody asks for costs nothing
    """
    family = plan.family
    input_weight, _, *recurrent = operands.weights
    sequences = (cotangents.outputs, saved.outputs, *saved.gates, *saved.more)
    rows = (*operands.initial, operands.lengths, *cotangents.final)
    gradients, d_rows = _backward(plan)(tuple(recurrent), sequences, rows)
    d_initial, d_vectors = d_rows[: family.states], d_rows[family.states :]
    factors = (operands.inputs, saved.outputs, *(saved.more if family.two_phases else ()))
    d_weights, _ = _weights(plan)((), (*gradients, *factors), (operands.initial[0], operands.lengths))
    d_weights += tuple(rows.sum(0).reshape(recurrent[1].shape) for rows in d_vectors)
    (d_inputs,), _ = _inputs(plan)((input_weight,), gradients[:1], (operands.lengths,))
    return Gradients(d_weights, d_initial, d_inputs)


@functools.cache
def _infer(plan: Plan) -> Foldable:
    states = plan.family.states

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        results = [_like(sequences[0], rows[0].shape[-1]), *rows[:states]]
        outputs, *final = _native(plan, "infer", results, {})(*sequences, *weights, *rows)
        return (outputs,), tuple(final)

    return folding(call)


@functools.cache
def _train(plan: Plan) -> Foldable:
    family = plan.family

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        (inputs,), hidden_size = sequences, rows[0].shape[-1]
        sequence = _like(inputs, hidden_size)
        results = [sequence, *rows[: family.states]]
        results += [_like(inputs, family.gates * hidden_size)] * family.saves_gates
        results += [sequence] * family.saves_more
        outputs, *rest = _native(plan, "train", results, {})(inputs, *weights, *rows)
        return (outputs, *rest[family.states :]), tuple(rest[: family.states])

    return folding(call)


@functools.cache
def _backward(plan: Plan) -> Foldable:
    family = plan.family

    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        d_outputs, *saved = sequences
        before_lengths, d_final = rows[: family.states + 1], rows[family.states + 1 :]
        hidden_size = d_outputs.shape[-1]
        arguments = [d_outputs, *weights, *before_lengths, *saved, *d_final]
        first_saved = len(arguments) - len(d_final) - len(saved)
        # The gradient overwrites the gates, or the outputs' gradient where no gates were saved.
        aliases = {first_saved + 1 if family.saves_gates else 0: 0}
        aliases |= {len(arguments) - len(d_final) + n: 1 + n for n in range(family.states)}
        results = [_like(d_outputs, family.gates * hidden_size), *d_final]
        if family.recurrent_differs:
            aliases[first_saved + 2] = len(results)
            results.append(d_outputs)
        if family.has_vectors:
            batch, vectors = d_outputs.shape[1], weights[1].size
            results.append(jax.ShapeDtypeStruct((batch, vectors), d_outputs.dtype))
        given = _native(plan, "backward", results, aliases)(*arguments)
        last = 1 + family.states
        d_last, d_vectors = (
            given[last : last + family.recurrent_differs],
            given[last + family.recurrent_differs :],
        )
        return (given[0], *d_last), (*given[1:last], *d_vectors)

    return folding(call)


@functools.cache
def _weights(plan: Plan) -> Foldable:
    family = plan.family

    def call(_: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        first = 1 + family.recurrent_differs
        gradients, (inputs, outputs, *kept) = sequences[:first], sequences[first:]
        (initial, lengths), size = rows, gradients[0].shape[-1]
        shapes = ((size, inputs.shape[-1]), (size,), (size, outputs.shape[-1]))
        results = [jax.ShapeDtypeStruct(shape, inputs.dtype) for shape in shapes]
        arguments = (*gradients, inputs, initial, outputs, *kept, lengths)
        return tuple(_native(plan, "weights", results, {})(*arguments)), ()

    return one_by_one(call)


@functools.cache
def _inputs(plan: Plan) -> Foldable:
    def call(weights: Arrays, sequences: Arrays, rows: Arrays) -> tuple[Arrays, Arrays]:
        (d_projected,) = sequences
        results = [_like(d_projected, weights[0].shape[-1])]
        return tuple(_native(plan, "inputs", results, {})(d_projected, *weights, *rows)), ()

    return folding(call)


def as_the_arguments(results: Sequence[Any], argument: Array) -> list[jax.ShapeDtypeStruct]:
    """Return the shapes of results, which within `shard_map` differ from device to device as an argument."""
    axes = jax.typeof(argument).mat
    within = {"sharding": NamedSharding(get_abstract_mesh(), PartitionSpec()), "manual_axis_type": axes}
    kind = within if axes.varying else {}
    return [jax.ShapeDtypeStruct(r.shape, r.dtype, **kind) for r in results]


def _like(sequence: Array, features: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*sequence.shape[:2], features), sequence.dtype)


def _native(
    plan: Plan, part: str, results: list[Any], aliases: dict[int, int]
) -> Callable[..., Sequence[Array]]:
    library.load(plan.instruction_set)
    family = None if part == "inputs" else plan.family.name
    name = library.target_name(plan.instruction_set, family, str(results[0].dtype), part)

    def call(*arguments: Array) -> Sequence[Array]:
        shapes = as_the_arguments(results, arguments[0])
        native = jax.ffi.ffi_call(name, shapes, input_output_aliases=aliases)
        return native(*arguments, reverse=plan.reverse, threads=np.int64(plan.threads))

    return call
