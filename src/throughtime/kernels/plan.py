"""Everything about a run of a recurrence that is known before its arrays are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from jaxtyping import Array, Float, Integer

from throughtime.kernels.families import Family


class Operands(NamedTuple):
    """The arrays that a recurrence reads.

    `weights`: W `[gates H, I]`, b `[gates H]`, U `[gates H, H]` and, if the family has some, vectors
    `[..., H]`. `initial`: the state before the first step, arrays `[B, H]`. `inputs`: `[T, B, I]`.
    `lengths`: real steps of each sequence.
    """

    weights: tuple[Float[Array, "..."], ...]
    initial: tuple[Float[Array, "B H"], ...]
    inputs: Float[Array, "T B I"]
    lengths: Integer[Array, " B"]


class Results(NamedTuple):
    """The arrays that a recurrence gives: the `final` state, and `outputs`, zero where there is padding."""

    final: tuple[Float[Array, "B H"], ...]
    outputs: Float[Array, "T B H"]


class Gradients(NamedTuple):
    """Gradients or tangents, of the same shapes as the operands that they belong to."""

    weights: tuple[Float[Array, "..."], ...]
    initial: tuple[Float[Array, "B H"], ...]
    inputs: Float[Array, "T B I"]


Scan: TypeAlias = Callable[[Operands], Results]


@dataclass(frozen=True)
class Plan:
    """How a recurrence is to be run.

    Arguments:
        family: which recurrence it is.
        reverse: read each sequence from its last real step to its first.
        instruction_set: which build of the native code runs it.
        scan: the same recurrence in plain JAX, for derivatives that the native code does not have. Hashable,
            so that equal plans compile once.
        threads: how many threads share the work; 0 for as many as XLA has.
    """

    family: Family
    reverse: bool
    instruction_set: str
    scan: Scan
    threads: int = 0
