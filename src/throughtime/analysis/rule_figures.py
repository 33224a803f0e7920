"""The picture of a comparison of learning rules: how far off, how noisy, how slow, how large."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from throughtime.analysis.agreement import ALL
from throughtime.analysis.pictures import new_figure
from throughtime.analysis.rule_comparison import RuleComparison, RuleMeasurement

COLOURS = {"exact": "C2", "unbiased": "C0", "biased": "C1", "truncated": "C7"}
"""By what a rule is in chunks."""

OPACITY = 0.85

WIDE = 50.0
"""How many times the shortest the longest bar is before an axis is logarithmic."""

SMALLEST = 1e-5
"""Bars below this part of the longest are rounding, and no logarithmic axis reaches down to them."""

MOST_WRITTEN = 16
"""Columns up to which the angle of each array of parameters is also written as a number."""


def draw_rules(comparison: RuleComparison) -> Figure:
    """Return a figure with a bar for each rule and measure, and the angle for each array of parameters."""
    rows = comparison.rows
    arrays = [name for name in rows[0].agreements if name != ALL]
    bars = 0.34 * len(rows) + 1.5
    longest_name = max(len(name) for name in arrays)
    below_height = 0.27 * len(rows) + 0.8 + 0.075 * longest_name
    figure = new_figure(14.0, bars + below_height)
    halves: Any = figure.subfigures(2, 1, height_ratios=[bars, below_height])
    above, below = halves
    above.suptitle(
        f"learning rules through a window of {comparison.window} steps, "
        f"in chunks of {comparison.chunk_size}, batch of {comparison.batch_size}",
        fontsize="medium",
    )
    panels = above.subplots(1, 5, sharey=True)
    overall = [row.agreements[ALL] for row in rows]
    _bars(
        panels[0],
        rows,
        "bias, of the length of BPTT's",
        [a.bias for a in overall],
        [a.bias_error for a in overall],
    )
    _bars(panels[1], rows, "variance, of its square", [a.variance for a in overall])
    _bars(
        panels[2],
        rows,
        "angle to BPTT, degrees",
        [a.angle for a in overall],
        [a.angle_error for a in overall],
    )
    _bars(panels[3], rows, "time of a step, µs", [1e6 * row.seconds for row in rows])
    _bars(panels[4], rows, "memory, kB (hatched: trace)", [row.memory / 1000 for row in rows])
    panels[2].set_xscale("linear")
    panels[2].set_xlim(0, 1.45 * max(90.0, *(a.angle for a in overall)))
    panels[2].set_xticks([0, 30, 60, 90])
    traces = [row.trace / 1000 for row in rows]
    panels[4].barh(
        range(len(rows)), traces, height=0.36, color="none", edgecolor="0.2", hatch="////", linewidth=0.5
    )
    panels[0].set_yticks(range(len(rows)), [row.name for row in rows])
    panels[0].invert_yaxis()
    handles = [Patch(color=colour, label=kind, alpha=OPACITY) for kind, colour in COLOURS.items()]
    above.legend(handles=handles, fontsize="small", loc="upper right", ncols=len(handles), frameon=False)
    _angles(below.subplots(), rows, arrays)
    return figure


def _bars(
    axes: Axes,
    rows: Sequence[RuleMeasurement],
    title: str,
    values: Sequence[float],
    errors: Sequence[float] | None = None,
) -> None:
    """Draw a bar for each rule, on a logarithmic axis if the longest is many times the shortest."""
    errors = errors or [0.0] * len(values)
    colours = [COLOURS[row.kept] for row in rows]
    axes.barh(range(len(rows)), values, height=0.66, color=colours, alpha=OPACITY)
    longest = max(value + error for value, error in zip(values, errors, strict=True))
    seen = [value for value in values if value > SMALLEST * longest]
    is_wide = longest > 0 and longest > WIDE * min(seen)
    if is_wide:
        left = min(seen) / 3
        axes.set_xscale("log")
        axes.set_xlim(left, longest * (longest / left) ** 0.45)
    else:
        left = 0.0
        axes.set_xlim(0, 1.45 * longest if longest > 0 else 1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    for place, (value, error) in enumerate(zip(values, errors, strict=True)):
        if error > 0:
            axes.errorbar(value, place, xerr=error, color="0.2", capsize=2, linewidth=0.9)
        text = f" {number_in_words(value)}" + (f" ± {number_in_words(error, 2)}" if error > 0 else "")
        axes.text(max(value + error, left), place, text, va="center", fontsize="x-small")
    axes.set_title(title, fontsize="small")
    axes.tick_params(labelsize="small")
    axes.spines[["top", "right"]].set_visible(False)


def number_in_words(value: float, digits: int = 3) -> str:
    """Return a number with a few digits, and without an exponent as long as it is not very small or large."""
    return f"{value:,.0f}" if 100 <= abs(value) < 1e7 else f"{value:.{digits}g}"


def _angles(axes: Axes, rows: Sequence[RuleMeasurement], arrays: Sequence[str]) -> None:
    angles = np.array([[row.agreements[name].angle for name in arrays] for row in rows])
    image = axes.imshow(angles, cmap="viridis_r", norm=Normalize(0, 90), aspect="auto")
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize="small")
    axes.set_xticks(
        range(len(arrays)), arrays, rotation=35, ha="right", rotation_mode="anchor", fontsize="x-small"
    )
    axes.set_title("angle to BPTT for each array of parameters, degrees", fontsize="small")
    if len(arrays) <= MOST_WRITTEN:
        for (row, column), angle in np.ndenumerate(angles):
            colour = "white" if angle > 45 else "black"
            axes.text(column, row, f"{angle:.1f}", ha="center", va="center", fontsize="x-small", color=colour)
    axes.figure.colorbar(image, ax=axes, extend="max", pad=0.01, ticks=[0, 30, 60, 90])
