"""What in a step depends on what: which arrays of a state on which others, and on which weights."""

from typing import Literal, NamedTuple


class Dependence(NamedTuple):
    """How an array of S numbers depends on another array.

    `none`: not at all. `full`: each number may depend on every other. `own`: seen as `[kinds, S, others]`,
    the other array has at `[:, a, :]` what number a, and no other, depends on: `rows` are these sizes. The
    rows of a gate's weights belong to its units in this way.
    """

    kind: Literal["none", "own", "full"]
    rows: tuple[int, int, int] = (0, 0, 0)

    def after(self, earlier: "Dependence") -> "Dependence":
        """Return how a first array depends on a third: on a second by this, the second on it by `earlier`."""
        if "none" in (self.kind, earlier.kind):
            return NONE
        return earlier if self.kind == earlier.kind == "own" else FULL

    def beside(self, other: "Dependence") -> "Dependence":
        """Return how the sum of two arrays depends on a third."""
        if self == other or other.kind == "none":
            return self
        return other if self.kind == "none" else FULL


NONE, FULL = Dependence("none"), Dependence("full")

Table = tuple[tuple[Dependence, ...], ...]
"""For each array of the state, how it depends on each of some arrays."""


class Dependences(NamedTuple):
    """What the arrays of a state depend on: on those of the state before, on the weights within the step, and
    before the first step on the weights, where the start is learned."""

    states: Table
    weights: Table
    start: Table

    def reached(self, steps: int | None = None) -> Table:
        """Return how the state depends on the weights of `steps` steps, or of any number of them."""
        table = _beside(self.weights, self.start)
        # Whatever is reached at all is reached once each array has passed it on to each other one, twice: a
        # dependence can grow from one kind to the next on the way.
        for _ in range((2 * len(table) + 1 if steps is None else steps) - 1):
            table = _beside(_after(self.states, table), table)
        return table


def _after(states: Table, table: Table) -> Table:
    columns = range(len(table[0]) if table else 0)
    return tuple(tuple(_sum_over(row, table, column) for column in columns) for row in states)


def _sum_over(row: tuple[Dependence, ...], table: Table, column: int) -> Dependence:
    summed = NONE
    for dependence, earlier in zip(row, table, strict=True):
        summed = summed.beside(dependence.after(earlier[column]))
    return summed


def _beside(one: Table, other: Table) -> Table:
    return tuple(
        tuple(a.beside(b) for a, b in zip(*rows, strict=True)) for rows in zip(one, other, strict=True)
    )
