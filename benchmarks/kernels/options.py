"""The options of the benchmark of the kernels."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from benchmarks.kernels.cells import CELLS
from benchmarks.kernels.grid import GRIDS, What
from benchmarks.kernels.peers import MODULES, OPTIONAL

BUDGETS = {"full": "45m", "quick": "3m"}


@dataclass(frozen=True)
class Options:
    """What to measure, with whom, and for how long."""

    cells: tuple[str, ...]
    what: tuple[What, ...]
    grid: str
    budget_s: float
    peers: tuple[str, ...]


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line, and stop with a message if it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kernels", description=__doc__)
    parser.add_argument("--cells", default=None, help="names with commas; all that the package has")
    parser.add_argument("--what", default=None, help="train, infer, or both with a comma (default)")
    parser.add_argument("--grid", choices=sorted(GRIDS), default="full")
    parser.add_argument(
        "--budget", default=None, help="such as 90s or 20m; 45m for the full grid, 3m for quick"
    )
    parser.add_argument("--peers", default=None, help="names of files with commas; all but torch_compiled")
    parser.add_argument("--torch-compile", action="store_true", help="try torch.compile at small points")
    given = parser.parse_args(arguments)
    present = [name for name, row in CELLS.items() if row.exists]
    usual = [name for name in MODULES if name not in OPTIONAL]
    try:
        return Options(
            cells=_names(given.cells, present, "--cells"),
            what=_names(given.what, list(get_args(What)), "--what"),
            grid=given.grid,
            budget_s=seconds(given.budget or BUDGETS[given.grid]),
            peers=_names(given.peers, usual, "--peers", also=list(OPTIONAL))
            + (OPTIONAL if given.torch_compile else ()),
        )
    except ValueError as error:
        parser.error(str(error))


def _names(given: str | None, usual: list[str], option: str, also: Sequence[str] = ()) -> tuple[Any, ...]:
    names = usual if given is None else given.split(",")
    for name in names:
        if name not in [*usual, *also]:
            raise ValueError(f"{option} has {name!r}; choose from {', '.join([*usual, *also])}")
    return tuple(names)


def seconds(text: str) -> float:
    """Read a time such as 90s, 20m or 1h."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match:
        raise ValueError(f"--budget is {text!r}; give a number and s, m or h, such as 20m")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
