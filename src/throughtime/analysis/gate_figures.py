"""Pictures of gates: how far each of them is open over time."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from throughtime.analysis.gates import GateTrace
from throughtime.analysis.pictures import new_figure
from throughtime.core.errors import OptionError


def draw_gates(trace: GateTrace, sequence: int = 0) -> Figure:
    """Return a figure with a panel for each gate: units from top to bottom, steps from left to right.

    Units are in the order of how far they are open on average, so that those that stay open, those that stay
    closed and those that turn lie together.

    Arguments:
        sequence: which one of the batch is drawn, from 0.

    **Raises**

        OptionError: there is no such sequence.
    """
    if not 0 <= sequence < len(trace.lengths):
        raise OptionError(
            f"sequence is {sequence} and the trace has {len(trace.lengths)}; choose one from 0 to "
            f"{len(trace.lengths) - 1}"
        )
    steps = int(trace.lengths[sequence])
    columns = min(len(trace.values), 3)
    rows = -(-len(trace.values) // columns)
    figure = new_figure(4.2 * columns + 0.6, 2.8 * rows + 0.3)
    panels = figure.subplots(rows, columns, squeeze=False)
    for panel, (name, values) in zip(panels.flat, trace.values.items(), strict=False):
        units = values[:steps, sequence].T
        order = np.argsort(-units.mean(1), kind="stable")
        image = panel.imshow(
            units[order], aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest"
        )
        opened, closed = trace.shares(name)
        panel.set_title(f"{name}: open {100 * opened:.0f} %, closed {100 * closed:.0f} %", fontsize="medium")
        panel.set_xlabel("step")
        panel.set_ylabel("unit")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
    for panel in list(panels.flat)[len(trace.values) :]:
        panel.set_axis_off()
    figure.colorbar(image, ax=panels, label="how far open", shrink=0.8)
    return figure
