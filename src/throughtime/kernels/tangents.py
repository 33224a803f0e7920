"""The tangents of a recurrence as one linear operation: evaluated in plain JAX, transposed in native code."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array

from throughtime.kernels.calls import Saved
from throughtime.kernels.folding import fold, unfold
from throughtime.kernels.plan import Gradients, Operands, Plan, Results

PullBack = Callable[[Plan, Operands, Saved, Results], Gradients]

_push_forward = Primitive("throughtime_push_forward")
_push_forward.multiple_results = True


def push_forward(
    plan: Plan, pull_back: PullBack, operands: Operands, saved: Saved, tangents: Gradients
) -> Results:
    """Return the tangents of the results, given those of weights, initial state and inputs.

    **Cost**

        forward mode: the recurrence once more, in plain JAX; reverse mode: `pull_back`, its transpose
    """
    fixed, fixed_tree = jax.tree.flatten((operands, saved))
    moving, moving_tree = jax.tree.flatten(tangents)
    *final, outputs = _push_forward.bind(
        *fixed, *moving, plan=plan, pull_back=pull_back, fixed_tree=fixed_tree, moving_tree=moving_tree
    )
    return Results(tuple(final), outputs)


def _parts(args: Sequence[Any], fixed_tree: Any, moving_tree: Any) -> tuple[Operands, Saved, Gradients]:
    count = fixed_tree.num_leaves
    operands, saved = jax.tree.unflatten(fixed_tree, args[:count])
    return operands, saved, jax.tree.unflatten(moving_tree, args[count:])


def _evaluate(
    *args: Array, plan: Plan, pull_back: PullBack, fixed_tree: Any, moving_tree: Any
) -> list[Array]:
    operands, _, tangents = _parts(args, fixed_tree, moving_tree)

    def plainly(moving: Gradients) -> Results:
        return plan.scan(Operands(*moving, operands.lengths))

    final, outputs = jax.jvp(plainly, (Gradients(*operands[:3]),), (tangents,))[1]
    return [*final, outputs]


def _shapes(*avals: Any, fixed_tree: Any, moving_tree: Any, **_: Any) -> list[Any]:
    _operands, saved, tangents = _parts(avals, fixed_tree, moving_tree)
    return [*tangents.initial, saved.outputs]


def _transpose(
    cotangents: Sequence[Any], *args: Any, plan: Plan, pull_back: PullBack, fixed_tree: Any, moving_tree: Any
) -> list[Any]:
    *final, outputs = map(ad.instantiate_zeros, cotangents)
    operands, saved, tangents = _parts(args, fixed_tree, moving_tree)
    gradients = pull_back(plan, operands, saved, Results(tuple(final), outputs))
    unknown = [
        ad.is_undefined_primal(leaf) for leaf in jax.tree.leaves(tangents, is_leaf=ad.is_undefined_primal)
    ]
    wanted = [
        leaf if is_unknown else None
        for leaf, is_unknown in zip(jax.tree.leaves(gradients), unknown, strict=True)
    ]
    return [None] * fixed_tree.num_leaves + wanted


def _jvp(args: Sequence[Any], tangents: Sequence[Any], **parameters: Any) -> tuple[list[Array], list[Array]]:
    values = _push_forward.bind(*args, **parameters)
    count = parameters["fixed_tree"].num_leaves
    changes = []
    if any(type(tangent) is not ad.Zero for tangent in tangents[count:]):
        moving = map(ad.instantiate_zeros, tangents[count:])
        changes.append(_push_forward.bind(*args[:count], *moving, **parameters))
    live = [n for n, tangent in enumerate(tangents[:count]) if type(tangent) is not ad.Zero]
    if live:

        def by_fixed(*moved: Array) -> list[Array]:
            every = list(args)
            for place, value in zip(live, moved, strict=True):
                every[place] = value
            return _evaluate(*every, **parameters)

        changes.append(jax.jvp(by_fixed, [args[n] for n in live], [tangents[n] for n in live])[1])
    return values, jax.tree.map(lambda *parts: sum(parts[1:], parts[0]), *changes)


def _batch(
    args: Sequence[Array], axes: Sequence[int | None], **parameters: Any
) -> tuple[list[Array], list[int]]:
    size = next(arg.shape[axis] for arg, axis in zip(args, axes, strict=True) if axis is not None)
    flags = [axis is not None for axis in axes]
    args = [arg if axis is None else jnp.moveaxis(arg, axis, 0) for arg, axis in zip(args, axes, strict=True)]
    trees = parameters["fixed_tree"], parameters["moving_tree"]
    operands, saved, tangents = _parts(args, *trees)
    # The same trees with a truth value for each array.
    of_operands, of_saved, of_tangents = cast(tuple[Any, Any, Any], _parts(flags, *trees))
    if any(of_operands.weights):
        # Weights that differ from example to example: one after another, each with its native transpose.
        def one(number: Array) -> list[Array]:
            return _push_forward.bind(
                *(arg[number] if flag else arg for arg, flag in zip(args, flags, strict=True)), **parameters
            )

        results = jax.lax.map(one, jnp.arange(size))
    elif any(of_tangents.weights):
        # A Jacobian by the weights, column by column: only ever evaluated.
        in_axes = [0 if flag else None for flag in flags]
        results = jax.vmap(lambda *each: _evaluate(*each, **parameters), in_axes)(*args)
    else:
        folded = (
            Operands(
                operands.weights, fold(operands.initial, of_operands.initial, size, 0),
                *fold((operands.inputs,), (of_operands.inputs,), size, 1),
                *fold((operands.lengths,), (of_operands.lengths,), size, 0),
            ),
            jax.tree.map(lambda leaf, flag: fold((leaf,), (flag,), size, 1)[0], saved, of_saved),
            Gradients(
                tangents.weights, fold(tangents.initial, of_tangents.initial, size, 0),
                *fold((tangents.inputs,), (of_tangents.inputs,), size, 1),
            ),
        )  # fmt: skip
        *final, outputs = _push_forward.bind(*jax.tree.leaves(folded), **parameters)
        results = [*unfold(tuple(final), size, 0), *unfold((outputs,), size, 1)]
    return results, [0] * len(results)


_push_forward.def_impl(_evaluate)
_push_forward.def_abstract_eval(_shapes)
ad.primitive_jvps[_push_forward] = _jvp
ad.primitive_transposes[_push_forward] = _transpose
batching.primitive_batchers[_push_forward] = _batch
mlir.register_lowering(_push_forward, mlir.lower_fun(_evaluate, multiple_results=True))
