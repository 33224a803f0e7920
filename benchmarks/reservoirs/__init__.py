"""What reservoirs reach on the problems that they are known for, and how fast they run beside reservoirpy.

`python -m benchmarks reservoirs`, or some parts of it: `python -m benchmarks reservoirs --only force speed`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.reservoirs import chaos, large, liquids, loops, vowels

PARTS = {
    "mackey_glass": chaos.mackey_glass,
    "lorenz": chaos.lorenz,
    "force": loops.force_sines,
    "vowels": vowels.ensemble,
    "speed": loops.speed,
    "large": large.measure,
    "liquid_speed": liquids.speed,
    "separation": liquids.separation,
}


def measure(options: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield a row for each figure."""
    for name in options[1:] or PARTS:
        yield from PARTS[name]()
