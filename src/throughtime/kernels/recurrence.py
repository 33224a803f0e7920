"""A recurrence that runs in native code and can be differentiated any number of times, in either mode.

The native code has the results (inference) and the gradient (training). Every other derivative is taken of
the same recurrence in plain JAX, by these rules:

- reverse mode: the forward pass that saves, then the native backward pass;
- forward mode: the tangents by the plain recurrence;
- a second derivative: the derivative of the plain recurrence's gradient.

`custom_vjp` would have to forbid forward mode. Instead the tangents are one linear operation (`tangents.py`)
whose transpose is the native backward pass: JAX transposes it in reverse mode, evaluates it in forward mode.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from throughtime.kernels import calls
from throughtime.kernels.calls import Saved
from throughtime.kernels.plan import Gradients, Operands, Plan, Results
from throughtime.kernels.tangents import push_forward


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def run(plan: Plan, operands: Operands) -> Results:
    """Run a recurrence over whole sequences.

    **Exactness**

        results and gradients are those of `plan.scan` within rounding
    """
    return calls.infer(plan, operands)


@run.defjvp
def _run_jvp(plan: Plan, primals: tuple[Operands], tangents: tuple[Any]) -> tuple[Results, Results]:
    (operands,), (moving,) = primals, tangents
    results, saved = _run_saving(plan, operands)
    return results, push_forward(plan, pull_back, operands, saved, Gradients(*moving[:3]))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _run_saving(plan: Plan, operands: Operands) -> tuple[Results, Saved]:
    return calls.train(plan, operands)


@_run_saving.defjvp
def _run_saving_jvp(plan: Plan, primals: tuple[Operands], tangents: tuple[Any]) -> tuple[Any, Any]:
    # What is saved counts as constant here: the derivative of `pull_back` goes back to the operands.
    (operands,), (moving,) = primals, tangents
    results, saved = _run_saving(plan, operands)
    tangent = push_forward(plan, pull_back, operands, saved, Gradients(*moving[:3]))
    return (results, saved), (tangent, jax.tree.map(jnp.zeros_like, saved))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def pull_back(plan: Plan, operands: Operands, saved: Saved, cotangents: Results) -> Gradients:
    """Return the gradient by the operands, given the one by the results."""
    return calls.backward(plan, operands, saved, cotangents)


@pull_back.defjvp
def _pull_back_jvp(
    plan: Plan, primals: tuple[Operands, Saved, Results], tangents: tuple[Any, Any, Any]
) -> tuple[Gradients, Gradients]:
    (operands, saved, cotangents), (d_operands, _, d_cotangents) = primals, tangents

    def plainly(moving: Gradients, cotangents: Results) -> Gradients:
        def results(moving: Gradients) -> Results:
            return plan.scan(Operands(*moving, operands.lengths))

        return jax.vjp(results, moving)[1](cotangents)[0]

    _, change = jax.jvp(
        plainly, (Gradients(*operands[:3]), cotangents), (Gradients(*d_operands[:3]), d_cotangents)
    )
    return pull_back(plan, operands, saved, cotangents), change
