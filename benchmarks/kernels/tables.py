"""The tables of `docs/kernels.md`, from the rows of a run."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

from benchmarks.kernels.cells import CELLS, GEMM_BAR, INFERENCE_BAR, LENGTHS_BAR
from benchmarks.kernels.choosing import best_peer, geometric_mean

Row = dict[str, Any]
PEERS = {
    "scan": "`lax.scan`",
    "torch": "PyTorch",
    "torch_1_thread": "PyTorch, 1 thread",
    "torch_compile": "`torch.compile`",
    "flax": "Flax",
    "keras_jax": "Keras, JAX",
    "keras_torch": "Keras, PyTorch",
    "torchrecurrent": "torchrecurrent",
    "onnxruntime": "ONNX Runtime",
    "onnxruntime_1_thread": "ONNX Runtime, 1 thread",
}
"""Ways, and what the tables call them."""

OF_THE_BAR = {
    "train": None,
    "infer": ("torch", "torch_1_thread", "onnxruntime", "onnxruntime_1_thread"),
}
"""Whom the bars are about; everybody where there is None."""

Group = tuple[str, str, list[Row]]


def all_tables(rows: Sequence[Row]) -> str:
    """Return every table with its heading."""
    one = [row for row in rows if row["wiring"] == "one"]
    parts = [
        ("Beside the best peer", bars(one)),
        ("By hidden size", by_hidden_size(one)),
        ("Beside each peer", by_peer(one)),
        ("Share of the matrix product's rate", shares(one)),
        ("Two layers", stacks([row for row in rows if row["wiring"] == "stack"])),
        ("Both ways, with lengths", lengths([row for row in rows if row["wiring"] == "both_ways"])),
    ]
    return "\n\n".join(f"### {heading}\n\n{table}" for heading, table in parts if table)


def bars(rows: Sequence[Row]) -> str:
    """Return the ratios to the best peer over the whole grid, beside their bars."""
    lines = []
    for cell, what, group in _groups(rows):
        counted = OF_THE_BAR[what]
        found = [(best, row) for row in group if (best := best_peer(_ratios(row), counted))]
        everybody = [best[1] for row in group if (best := best_peer(_ratios(row)))]
        bar = CELLS[cell].training_bar if what == "train" else INFERENCE_BAR
        if not found:
            continue
        ratios = [ratio for (_, ratio), _ in found]
        mean, below = geometric_mean(ratios), sum(ratio < 1 for ratio in ratios)
        (name, ratio), row = min(found, key=lambda pair: pair[0][1])
        lines.append(
            [
                f"`{cell}`",
                what,
                f"{len(ratios)}",
                f"**{mean:.2f}**",
                f"≥ {bar:.1f}, {_verdict(mean >= bar)}",
                f"{ratio:.2f} ({_place(row)}, {PEERS[name]})",
                f"{below}, {_verdict(not below)}",
                f"{geometric_mean(everybody):.2f}",
            ]
        )
    head = [
        "cell",
        "what",
        "points",
        "best peer / ours",
        "bar",
        "lowest point",
        "points below 1.0",
        "of all peers",
    ]
    return _table(head, lines)


def by_hidden_size(rows: Sequence[Row]) -> str:
    """Return the geometric mean of best peer / ours for each hidden size."""
    sizes = sorted({row["hidden_size"] for row in rows})
    lines = []
    for cell, what, group in _groups(rows):
        line = [f"`{cell}`", what]
        for size in sizes:
            found = [row for row in group if row["hidden_size"] == size]
            line.append(
                _mean(best[1] for row in found if (best := best_peer(_ratios(row), OF_THE_BAR[what])))
            )
        lines.append(line)
    return _table(["cell", "what", *(f"H = {size}" for size in sizes)], lines)


def by_peer(rows: Sequence[Row]) -> str:
    """Return the geometric mean of each peer / ours, with the number of points where it was timed."""
    names = [name for name in PEERS if any(name in row["ways"] for row in rows)]
    lines = []
    for cell, what, group in _groups(rows):
        line = [f"`{cell}`", what]
        for name in names:
            ratios = [ratios[name] for row in group if name in (ratios := _ratios(row))]
            line.append(f"{geometric_mean(ratios):.2f} ({len(ratios)})" if ratios else "")
        lines.append(line)
    return _table(["cell", "what", *(PEERS[name] for name in names)], lines)


def shares(rows: Sequence[Row]) -> str:
    """Return the share of the matrix product's rate where it is compute that counts: H >= 128, B >= 32."""
    lines = []
    for cell, what, group in _groups(rows):
        found = [row for row in group if row["hidden_size"] >= 128 and row["batch"] >= 32]
        if not found:
            continue
        values = [row["share_of_gemm"] for row in found]
        lowest = min(found, key=lambda row: row["share_of_gemm"])
        enough = sum(value >= GEMM_BAR for value in values)
        lines.append(
            [
                f"`{cell}`",
                what,
                f"{len(values)}",
                f"{100 * median(values):.0f} %",
                f"{100 * min(values):.0f} % ({_place(lowest)})",
                f"{enough} of {len(values)}"
                + (f", {_verdict(enough == len(values))}" if what == "train" else ""),
            ]
        )
    return _table(
        ["cell", "what", "points", "median", "lowest point", f"at least {100 * GEMM_BAR:.0f} %"], lines
    )


def stacks(rows: Sequence[Row]) -> str:
    """Return each stack of two layers beside its best peer."""
    lines = [
        [f"`{row['cell']}`", row["what"], _place(row), f"{row['ratio']:.2f}", PEERS[row["best_peer"]]]
        for row in rows
        if row["best_peer"]
    ]
    return _table(["cell", "what", "size", "best peer / ours", "best peer"], lines)


def lengths(rows: Sequence[Row]) -> str:
    """Return the cost of lengths that are half on average, by that of full ones, and beside PyTorch."""
    lines = []
    for row in rows:
        packed = best_peer(_ratios(row), ("torch", "torch_1_thread"))
        ratio = row["lengths_ratio"]
        lines.append(
            [
                f"`{row['cell']}`",
                row["what"],
                _place(row),
                f"**{ratio:.2f}**",
                f"≤ {LENGTHS_BAR}, {_verdict(ratio <= LENGTHS_BAR)}",
                f"{packed[1]:.2f}" if packed else "",
                f"{row['ratio']:.2f} ({PEERS[row['best_peer']]})" if row["best_peer"] else "",
            ]
        )
    head = [
        "cell",
        "what",
        "size",
        "with lengths / full",
        "bar",
        "PyTorch's packed / ours",
        "best peer / ours",
    ]
    return _table(head, lines)


def _groups(rows: Sequence[Row]) -> Iterable[Group]:
    for cell in CELLS:
        for what in OF_THE_BAR:
            group = [row for row in rows if row["cell"] == cell and row["what"] == what]
            if group:
                yield cell, what, group


def _ratios(row: Row) -> dict[str, float]:
    return {name: way["ratio"][1] for name, way in row["ways"].items() if "ratio" in way}


def _mean(ratios: Iterable[float]) -> str:
    found = list(ratios)
    return f"{geometric_mean(found):.2f}" if found else ""


def _place(row: Row) -> str:
    return f"T={row['steps']} B={row['batch']} I={row['input_size']} H={row['hidden_size']}"


_verdict: Callable[[bool], str] = {True: "reached", False: "missed"}.__getitem__


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
