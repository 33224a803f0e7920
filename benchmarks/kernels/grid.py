"""The sizes that are measured, and how many multiply-adds each of them is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Literal

What = Literal["train", "infer"]
Wiring = Literal["one", "stack", "both_ways"]

STEPS = (32, 100, 784)
BATCHES = (1, 8, 32, 128)
HIDDEN = (32, 64, 128, 256, 512)


@dataclass(frozen=True)
class Point:
    """One size of one cell.

    Arguments:
        wiring: one layer; a stack of two; or one that reads from both ends, with `lengths` whose mean is half
            of `steps`.
    """

    cell: str
    steps: int
    batch: int
    input_size: int
    hidden_size: int
    wiring: Wiring = "one"

    def __str__(self) -> str:
        sizes = f"T={self.steps} B={self.batch} I={self.input_size} H={self.hidden_size}"
        return sizes if self.wiring == "one" else f"{sizes} {self.wiring}"

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)

    def multiply_adds(self, gates: int, what: What, real_steps: int | None = None) -> int:
        """Return the multiply-adds of the matrix products, nothing else counted.

        Forward, each gate is a product with the input and one with the hidden layer. Backward, both give
        weight gradients, and the recurrent one carries the gradient back besides; the gradient by the input
        is asked for only above another layer.

        Arguments:
            gates: blocks of H rows in the weights.
            what: a training step or inference.
            real_steps: time steps of all rows together, without padding; T·B when left out.
        """
        rows = self.steps * self.batch if real_steps is None else real_steps
        unit = gates * self.hidden_size * rows

        def layer(input_size: int, *, by_input: bool) -> int:
            forward = unit * (input_size + self.hidden_size)
            if what == "infer":
                return forward
            return 2 * forward + unit * self.hidden_size + (unit * input_size if by_input else 0)

        first = layer(self.input_size, by_input=False)
        match self.wiring:
            case "one":
                return first
            case "stack":
                return first + layer(self.hidden_size, by_input=True)
            case "both_ways":
                return 2 * first


def full_grid(cells: Sequence[str]) -> list[Point]:
    """Return 60 sizes a cell with input of size H, 4 with input of size 1, 3 stacks and 3 with lengths.

    Those of a cell and hidden size stand together, the smallest first, so that a peer that is far behind can
    be left out of the large ones.
    """
    points = []
    for cell, hidden in product(cells, HIDDEN):
        sizes = sorted(product(STEPS, BATCHES), key=lambda size: size[0] * size[1])
        points += [Point(cell, steps, batch, hidden, hidden) for steps, batch in sizes]
        points += [
            Point(cell, steps, batch, inputs, hidden, wiring)
            for steps, batch, inputs, size, wiring in _BESIDES
            if size == hidden
        ]
    return points


_BESIDES: tuple[tuple[int, int, int, int, Wiring], ...] = (
    (100, 1, 1, 64, "one"),
    (32, 8, 1, 256, "one"),
    (784, 32, 1, 128, "one"),
    (784, 128, 1, 128, "one"),
    (100, 8, 64, 64, "stack"),
    (100, 32, 128, 128, "stack"),
    (100, 32, 256, 256, "stack"),
    (100, 8, 64, 64, "both_ways"),
    (100, 32, 128, 128, "both_ways"),
    (784, 32, 128, 128, "both_ways"),
)


def quick_grid(cells: Sequence[str]) -> list[Point]:
    """Return 12 sizes that show the pattern, divided among the cells; wirings go to the first one."""
    points = [
        Point(cells[number % len(cells)], steps, batch, inputs, hidden)
        for number, (steps, batch, inputs, hidden) in enumerate(_QUICK)
    ]
    points.append(Point(cells[0], 100, 32, 128, 128, "stack"))
    points.append(Point(cells[0], 100, 32, 128, 128, "both_ways"))
    return points


_QUICK = (
    (32, 1, 32, 32),
    (32, 8, 64, 64),
    (100, 1, 128, 128),
    (100, 8, 128, 128),
    (100, 32, 128, 128),
    (100, 32, 256, 256),
    (32, 128, 256, 256),
    (784, 1, 64, 64),
    (784, 8, 128, 128),
    (784, 32, 1, 128),
    (32, 32, 512, 512),
    (100, 8, 256, 256),
)
GRIDS = {"full": full_grid, "quick": quick_grid}
