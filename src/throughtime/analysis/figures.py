"""Pictures of what the gradient does: its norm over time, the step Jacobian, the Lyapunov exponents."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from throughtime.analysis.gradient_flow import GradientFlow
from throughtime.analysis.jacobians import StepJacobians
from throughtime.analysis.lyapunov import LyapunovSpectrum
from throughtime.analysis.pictures import new_figure

LOWER, UPPER = 25.0, 75.0
"""The percentiles between which half of the sequences lie."""

FLOOR = 1e-12
"""What is below this part of the highest value is not drawn: it would flatten everything else."""

MOST_IN_LEGEND = 10


def draw_flow(
    flows: Mapping[str, GradientFlow],
    jacobians: Mapping[str, StepJacobians] | None = None,
    exponents: Mapping[str, LyapunovSpectrum] | None = None,
    *,
    clip_norm: float | None = None,
) -> Figure:
    """Return a figure of the gradient over time, and beside it of the step Jacobians and Lyapunov exponents.

    Arguments:
        flows: of one network or several, by the name to show them under; one panel for each.
        jacobians, exponents: of the same networks, as far as they have them.
        clip_norm: also draw, dashed, what clipping to this global norm leaves.
    """
    beside = [bool(jacobians), bool(exponents)]
    panels = len(flows) + sum(beside)
    columns = 2 if panels == 4 else min(panels, 3)
    rows = -(-panels // columns)
    figure = new_figure(4.6 * columns + 0.4, 3.9 * rows)
    axes = iter(figure.subplots(rows, columns, squeeze=False).flat)
    first: Axes | None = None
    for name, flow in flows.items():
        panel = next(axes)
        draw_gradient(panel, flow, clip_norm)
        panel.set_title(name or "gradient by the state", fontsize="medium")
        if first is not None:
            panel.sharey(first)
        first = first or panel
    if jacobians:
        draw_singular_values(next(axes), jacobians)
    if exponents:
        draw_exponents(next(axes), exponents)
    for panel in axes:
        panel.set_axis_off()
    return figure


def draw_gradient(axes: Axes, flow: GradientFlow, clip_norm: float | None = None) -> None:
    """Draw the median norm over the sequences, aligned at their ends, and the middle half as a band."""
    clipping = None if clip_norm is None else flow.clipping(clip_norm)
    highest = max((float(norms.max(initial=0.0)) for norms in flow.norms.values()), default=0.0)
    for number, name in enumerate(flow.norms):
        aligned = flow.from_the_end(name)
        there = np.isfinite(aligned).any(1)
        low, middle, high = np.nanpercentile(aligned[there], [LOWER, 50, UPPER], axis=1)
        steps = np.arange(len(aligned))[there] - len(aligned) + 1
        colour = f"C{number % 10}"
        label = name if number < MOST_IN_LEGEND else None
        axes.plot(steps, _visible(middle, highest), color=colour, label=label, linewidth=1.6)
        if aligned.shape[1] > 1:
            axes.fill_between(
                steps, _visible(low, highest), _visible(high, highest), color=colour, alpha=0.15, linewidth=0
            )
        if clipping is not None and clipping < 1:
            axes.plot(steps, _visible(middle * clipping, highest), "--", color=colour, linewidth=1)
    axes.set_yscale("log")
    axes.set_xlabel("steps, 0 is the last one of a sequence")
    axes.set_ylabel(r"$\|\partial L/\partial h_t\|$, median and middle half")
    if clipping is not None:
        what = f"dashed: clipped, all times {clipping:.3g}" if clipping < 1 else "clipping changes nothing"
        axes.plot([], [], "--", color="0.4", linewidth=1, label=what)
    axes.legend(fontsize="x-small", framealpha=0.7)
    _grid(axes)


def draw_singular_values(axes: Axes, jacobians: Mapping[str, StepJacobians]) -> None:
    """Draw the median singular values of the steps in order of size, and their 5th to 95th percentile."""
    for number, (name, found) in enumerate(jacobians.items()):
        values = found.real()
        low, middle, high = np.percentile(values, [5, 50, 95], axis=0)
        order = np.arange(1, len(middle) + 1)
        highest = float(values.max(initial=0.0))
        colour = f"C{number % 10}"
        marker = "o" if len(order) <= 40 else None
        axes.plot(
            order, _visible(middle, highest), color=colour, label=name or None, marker=marker, markersize=3
        )
        axes.fill_between(
            order, _visible(low, highest), _visible(high, highest), color=colour, alpha=0.15, linewidth=0
        )
    axes.axhline(1, color="0.3", linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    axes.set_title(r"singular values of $\partial h_t/\partial h_{t-1}$", fontsize="medium")
    axes.set_xlabel("number, largest first")
    axes.set_ylabel("median, 5th to 95th percentile of steps")
    _finish(axes, jacobians)


def draw_exponents(axes: Axes, exponents: Mapping[str, LyapunovSpectrum]) -> None:
    """Draw the Lyapunov exponents in order of size; those of minus infinity are left out and counted."""
    for number, (name, found) in enumerate(exponents.items()):
        finite = np.isfinite(found.exponents)
        missing = int((~finite).sum())
        label = f"{name} ({missing} at −∞)".strip() if missing else name
        order = np.arange(1, len(finite) + 1)
        marker = "o" if len(order) <= 40 else None
        axes.plot(
            order[finite],
            found.exponents[finite],
            color=f"C{number % 10}",
            marker=marker,
            markersize=3,
            label=label or None,
        )
    axes.axhline(0, color="0.3", linewidth=0.8, linestyle=":")
    axes.set_title("Lyapunov exponents", fontsize="medium")
    axes.set_xlabel("number, largest first")
    axes.set_ylabel("nats a step")
    _finish(axes, exponents)


def _finish(axes: Axes, named: Mapping[str, object]) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize="x-small", framealpha=0.7)
    _grid(axes)


def _grid(axes: Axes) -> None:
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _visible(values: Float[np.ndarray, " N"], highest: float) -> Float[np.ndarray, " N"]:
    """Return values for a logarithmic axis: what has no logarithm, or is too small to matter, is left out."""
    return np.where(values > FLOOR * highest, values, np.nan)
