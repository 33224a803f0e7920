"""Write the tables of `docs/kernels.md` from the results: `python -m benchmarks.kernels.summary`."""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.kernels.grid import GRIDS
from benchmarks.kernels.tables import Row, all_tables

RESULTS = Path(__file__).parents[1] / "results" / "kernels.jsonl"
PAGE = Path(__file__).parents[2] / "docs" / "kernels.md"
BEGIN = "<!-- results: written by `python -m benchmarks.kernels.summary` -->\n"
END = "<!-- end of results -->"


def last_rows(lines: Iterable[str], grid: str) -> list[Row]:
    """Return, for each cell and kind of work, the rows of the last run that measured it on a grid.

    A run of some cells alone thus replaces their rows and leaves the others'. Rows of other forms are passed
    over.
    """
    rows = [row for line in lines if (row := json.loads(line)).get("grid") == grid]
    last = {(row["cell"], row["what"]): row["run"] for row in rows}
    return [row for row in rows if row["run"] == last[row["cell"], row["what"]]]


def provenance(rows: Sequence[Row]) -> str:
    """Return when, where and with which versions the rows were measured."""
    versions = {
        name: version for row in rows for name, version in (row["versions"] | row["peer_versions"]).items()
    }
    machines = {f"{row['machine']['cores']} cores of an {row['machine']['cpu']}" for row in rows}
    commits = {
        str(row["commit"])[:12] + ("-dirty" if str(row["commit"]).endswith("-dirty") else "") for row in rows
    }
    gemm = sorted(row["gemm_gmacs"] for row in rows)
    skipped = sorted(
        {f"{name}: {why}" for row in rows for name, why in row["skipped"].items() if _worth_telling(why)}
    )
    days = sorted({row["run"][:10] for row in rows})
    instruction_sets = sorted({row["instruction_set"] for row in rows})
    lines = [
        f"Runs of {', '.join(days)}, grid `{rows[0]['grid']}`, on {', '.join(sorted(machines))}, instruction "
        f"set {', '.join(instruction_sets)}, {len(rows)} points, commit {', '.join(sorted(commits))}. The "
        f"large matrix product ran at {2 * gemm[len(gemm) // 2]:.0f} GFLOP/s (median), {2 * gemm[0]:.0f} to "
        f"{2 * gemm[-1]:.0f}.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".",
    ]
    if skipped:
        lines.append("Not timed: " + "; ".join(skipped) + ".")
    return "\n\n".join(lines)


def _worth_telling(why: str) -> bool:
    return why.startswith(("differs", "failed", "not compiled")) or why.endswith("not installed")


def write(page: str, rows: Sequence[Row]) -> str:
    """Return the page with the tables between its marks."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no marks to write between: {BEGIN.strip()} and {END}")
    text = f"{BEGIN}\n{provenance(rows)}\n\n{all_tables(rows)}\n\n{END}"
    return pattern.sub(lambda _: text, page)


def main(arguments: Sequence[str]) -> int:
    """Write the page, print the tables, and return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels.summary", description=__doc__)
    parser.add_argument("--grid", choices=sorted(GRIDS), default="full")
    parser.add_argument("--print", action="store_true", help="only print the tables; the page stays as it is")
    options = parser.parse_args(arguments)
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    rows = last_rows(lines, options.grid)
    if not rows:
        print(f"{RESULTS.name} has no rows of the {options.grid} grid; measure it first", file=sys.stderr)
        return 1
    print(f"{provenance(rows)}\n\n{all_tables(rows)}")
    if not options.print:
        PAGE.write_text(write(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
