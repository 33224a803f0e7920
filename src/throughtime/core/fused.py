"""When a fused kernel runs a cell, and when plain JAX does."""

import contextlib
import functools
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from throughtime.core.cell import FusedCell, State
from throughtime.core.errors import OptionError, choose
from throughtime.core.scanning import project_and_scan
from throughtime.kernels import library
from throughtime.kernels.families import FAMILIES
from throughtime.kernels.plan import Operands, Plan, Results
from throughtime.kernels.recurrence import run

VARIABLE = "THROUGHTIME_KERNELS"
"""The environment variable that chooses the instruction set of the kernels, or switches them off."""

OFF = "off"

_chosen: list[str] = []
_threads: list[int] = []


def instruction_set() -> str:
    """Return the instruction set that kernels run with, or `"off"`.

    It is the fastest that was built and that the processor has, unless the environment variable
    `THROUGHTIME_KERNELS` names another one or `off`.

    **Raises**

        OptionError: the variable names something unknown, or something that cannot run here.
    """
    return _chosen[-1] if _chosen else _from_environment()


@contextlib.contextmanager
def kernels(choice: str, *, threads: int = 0) -> Iterator[None]:
    """Run what is traced within this block with another instruction set, or with `"off"` in plain JAX.

    A function that is already compiled stays as it is.

    Arguments:
        choice: `"off"`, `"baseline"`, `"avx2"` or `"avx512"`.
        threads: how many threads share the work of a kernel; 0 for as many as XLA has.

    **Raises**

        OptionError: the choice is unknown, or cannot run here.
    """
    _chosen.append(_check(choice, "kernels"))
    _threads.append(threads)
    try:
        yield
    finally:
        _chosen.pop()
        _threads.pop()


def thread_count() -> int:
    """Return how many threads share the work of a kernel; 0 for as many as XLA has."""
    return _threads[-1] if _threads else 0


def can_fuse(cell: FusedCell, state: State, inputs: Array) -> bool:
    """Tell whether a kernel can run a cell on arrays like these."""
    if instruction_set() == OFF or not steps_are_the_kernels(type(cell)):
        return False
    arrays = [getattr(cell, name) for name in cell.fused().weights] + jax.tree.leaves((state, inputs))
    dtypes = {str(array.dtype) for array in arrays}
    return len(dtypes) == 1 and dtypes <= set(library.DTYPES) and inputs.size > 0


def run_fused(
    cell: FusedCell,
    state: State,
    inputs: Float[Array, "T B I"],
    lengths: Integer[Array, " B"] | None,
    reverse: bool,
) -> tuple[State, Float[Array, "T B O"]]:
    """Run a cell over sequences with its kernel on a CPU, and step by step on other platforms."""
    steps, batch_size = inputs.shape[:2]
    real = jnp.full(batch_size, steps, jnp.int32) if lengths is None else lengths.astype(jnp.int32)
    fused = cell.fused()
    hollow = jax.tree.map(lambda _: None, cell)
    structure = jax.tree.structure(state)
    plain = StepByStep(hollow, fused.weights, structure, reverse, masked=lengths is not None)
    plan = Plan(FAMILIES[fused.family], reverse, instruction_set(), plain, threads=thread_count())
    weights = tuple(getattr(cell, name) for name in fused.weights)
    operands = _on_the_same_axes(Operands(weights, tuple(jax.tree.leaves(state)), inputs, real))
    results = jax.lax.platform_dependent(operands, cpu=functools.partial(run, plan), default=plain)
    return jax.tree.unflatten(structure, results.final), results.outputs


def _on_the_same_axes(operands: Operands) -> Operands:
    """Let every operand differ from device to device if one of them does, within `shard_map`.

    A native call is one operation, which JAX wants to have operands of one kind. The gradient by weights that
    all devices share is then summed over the devices, as it is for plain operations.
    """
    every = frozenset().union(*(jax.typeof(leaf).mat.varying for leaf in jax.tree.leaves(operands)))

    def vary(leaf: Array) -> Array:
        missing = tuple(sorted(every - jax.typeof(leaf).mat.varying))
        return jax.lax.pcast(leaf, missing, to="varying") if missing else leaf

    return jax.tree.map(vary, operands)


@dataclass(frozen=True)
class StepByStep:
    """A cell's steps under `lax.scan`, as a function of the arrays that its kernel reads.

    `cell` is the cell without its arrays: what a step does not read from the named `weights` it cannot read.
    """

    cell: FusedCell
    weights: tuple[str, ...]
    structure: Any
    reverse: bool
    masked: bool

    def __call__(self, operands: Operands) -> Results:
        """Run the cell."""
        cell = eqx.tree_at(
            lambda cell: [getattr(cell, name) for name in self.weights],
            self.cell,
            list(operands.weights),
            is_leaf=lambda leaf: leaf is None,
        )
        state = jax.tree.unflatten(self.structure, operands.initial)
        lengths = operands.lengths if self.masked else None
        final, outputs = project_and_scan(cell, state, operands.inputs, lengths, self.reverse)
        return Results(tuple(jax.tree.leaves(final)), outputs)


def steps_are_the_kernels(kind: type) -> bool:
    """Tell whether no subclass has changed `project` or `step` below the class that named the kernel."""

    def owner(name: str) -> type:
        return next(base for base in kind.__mro__ if name in vars(base))

    return all(issubclass(owner("fused"), owner(name)) for name in ("project", "step"))


def _from_environment() -> str:
    choice = os.environ.get(VARIABLE)
    if choice:
        return _check(choice, f"the environment variable {VARIABLE}")
    built = library.available()
    if not built:
        _warn_once()
        return OFF
    return built[-1]


def _check(choice: str, given_by: str) -> str:
    choose(given_by, choice, (OFF, *library.INSTRUCTION_SETS))
    if choice != OFF and choice not in library.available():
        usable = ", ".join((OFF, *library.available()))
        raise OptionError(
            f"{given_by} is {choice!r}, which was not built or which this processor does not have; "
            f"choose one of {usable}"
        )
    return choice


@functools.cache
def _warn_once() -> None:
    warnings.warn(
        "throughtime was installed without its native kernels, so recurrences run in plain JAX, "
        "which is slower; "
        f"install it where there is a C++ compiler, or set {VARIABLE}={OFF} to do without",
        RuntimeWarning,
        stacklevel=2,
    )
