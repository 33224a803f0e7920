"""The picture of a comparison of learning rules: how far off, how noisy, how slow, how large."""

from collections.abc import Callable, Sequence
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

MOST_WRITTEN = 16
"""Columns up to which the angle of each array of parameters is also written as a number."""


def draw_rules(comparison: RuleComparison) -> Figure:
    """Return a figure with a bar for each rule and measure, and the angle for each array of parameters."""
    rows = comparison.rows
    arrays = [name for name in rows[0].agreements if name != ALL]
    bars = 0.34 * len(rows) + 1.5
    longest_name = max(len(name) for name in arrays)
    below_height = 0.27 * len(rows) + 0.8 + 0.075 * longest_name
    figure = new_figure(14, bars + below_height)
    halves: Any = figure.subfigures(2, 1, height_ratios=[bars, below_height])
    above, below = halves
    above.suptitle(
        f"learning rules through a window of {comparison.window} steps, "
        f"in chunks of {comparison.chunk_size}, batch of {comparison.batch_size}",
        fontsize="medium",
    )
    panels = above.subplots(1, 5, sharey=True)
    measures: Sequence[tuple[str, Callable[[RuleMeasurement], float], Callable[[RuleMeasurement], float]]] = (
        (
            "bias, of the length of BPTT's",
            lambda r: r.agreements[ALL].bias,
            lambda r: r.agreements[ALL].bias_error,
        ),
        ("variance, of its square", lambda r: r.agreements[ALL].variance, lambda r: 0.0),
        (
            "angle to BPTT, degrees",
            lambda r: r.agreements[ALL].angle,
            lambda r: r.agreements[ALL].angle_error,
        ),
        ("time of a step, µs", lambda r: 1e6 * r.seconds, lambda r: 0.0),
        ("memory, kB (hatched: trace)", lambda r: r.memory / 1000, lambda r: 0.0),
    )
    for axes, (title, value, error) in zip(panels, measures, strict=True):
        _bars(axes, rows, title, [value(row) for row in rows], [error(row) for row in rows])
    traces = [row.trace / 1000 for row in rows]
    panels[4].barh(
        range(len(rows)), traces, height=0.36, color="none", edgecolor="0.2", hatch="////", linewidth=0.5
    )
    panels[0].set_yticks(range(len(rows)), [row.name for row in rows])
    panels[0].invert_yaxis()
    panels[2].set_xlim(0, max(90.0, *(row.agreements[ALL].angle for row in rows)) * 1.18)
    handles = [Patch(color=colour, label=kind, alpha=OPACITY) for kind, colour in COLOURS.items()]
    above.legend(handles=handles, fontsize="small", loc="upper right", ncols=len(handles), frameon=False)
    _angles(below.subplots(), rows, arrays)
    return figure


def _bars(
    axes: Axes, rows: Sequence[RuleMeasurement], title: str, values: Sequence[float], errors: Sequence[float]
) -> None:
    colours = [COLOURS[row.kept] for row in rows]
    places = range(len(rows))
    axes.barh(places, values, height=0.66, color=colours, alpha=OPACITY)
    for place, value, error in zip(places, values, errors, strict=True):
        if error > 0:
            axes.errorbar(value, place, xerr=error, color="0.2", capsize=2, linewidth=0.9)
        text = f" {value:.3g} ± {error:.1g}" if error > 0 else f" {value:.3g}"
        axes.text(value + error, place, text, va="center", fontsize="x-small")
    longest = max(value + error for value, error in zip(values, errors, strict=True))
    axes.set_xlim(0, 1.45 * longest if longest > 0 else 1)
    axes.set_title(title, fontsize="small")
    axes.tick_params(labelsize="small")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.spines[["top", "right"]].set_visible(False)


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
