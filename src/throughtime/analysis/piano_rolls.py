"""Pictures of music: the keys of a piano over time."""

import numpy as np
from jaxtyping import Bool
from matplotlib.figure import Figure

from throughtime.analysis.pictures import new_figure
from throughtime.data.piano_roll import LOWEST_KEY

OCTAVE = 12
MIDDLE_C = 60
AROUND = 2
"""Keys that are shown below the lowest and above the highest that sounds."""

QUARTERS_A_BAR = 4
"""Quarter notes from one line across to the next."""

WIDEST = 24.0
"""Inches."""


def draw_roll(roll: Bool[np.ndarray, "T K"], frames_per_quarter: int, *, prompt: int = 0) -> Figure:
    """Return a picture of which keys sound, from the lowest upwards, over time in quarter notes.

    Arguments:
        roll: of one frame or more.
        prompt: so many frames at its beginning were given, and stand apart by their colour and a line.
    """
    quarters = len(roll) / frames_per_quarter
    sounding = np.flatnonzero(roll.any(0))
    lowest, highest = (sounding[0], sounding[-1]) if len(sounding) else (MIDDLE_C - LOWEST_KEY,) * 2
    low, high = max(int(lowest) - AROUND, 0), min(int(highest) + AROUND, roll.shape[1] - 1)
    figure = new_figure(min(3 + 0.18 * quarters, WIDEST), 1.5 + 0.09 * (high - low + 1))
    axes = figure.add_subplot()
    shade = np.where(np.arange(len(roll))[:, None] < prompt, 0.5, 1.0) * roll
    axes.imshow(
        shade[:, low : high + 1].T,
        cmap="Blues",
        vmin=0,
        vmax=1,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0, quarters, low + LOWEST_KEY - 0.5, high + LOWEST_KEY + 0.5),
    )
    tones = [key for key in range(low + LOWEST_KEY, high + LOWEST_KEY + 1) if key % OCTAVE == 0]
    axes.set_yticks(tones, [f"C{key // OCTAVE - 1}" for key in tones])
    axes.set_xticks(np.arange(0, quarters + 1, QUARTERS_A_BAR * max(1, round(quarters / 80))))
    axes.grid(alpha=0.3, linewidth=0.5)
    if 0 < prompt < len(roll):
        axes.axvline(prompt / frames_per_quarter, color="0.3", linestyle="--", linewidth=1)
    axes.set_xlabel("quarter notes")
    return figure
