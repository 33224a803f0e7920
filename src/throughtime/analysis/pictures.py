"""Pictures on their way to a file."""

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from throughtime.core.errors import OptionError
from throughtime.training.atomic import write_file

ENDINGS = (".png", ".svg", ".pdf")
"""What the name of a picture can end in, which decides its format."""

DOTS_PER_INCH = 150


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, apart from all state that matplotlib shares."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def check_picture(path: Path) -> None:
    """Raise `OptionError` unless a picture can be saved under this name."""
    if path.suffix.lower() not in ENDINGS:
        raise OptionError(f"the picture is to be saved as {str(path)!r}; end it in {', '.join(ENDINGS)}")


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure in the format of the file's ending; the file is replaced as a whole.

    **Raises**

        OptionError: the ending is of no format.
        UsageError: the file cannot be written.
    """
    check_picture(path)
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix.lower()[1:], dpi=DOTS_PER_INCH)
    write_file(path, content.getvalue())
