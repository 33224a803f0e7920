"""What it costs to import cells, networks and rules beside importing what they are built on."""

import subprocess
import sys
from collections.abc import Callable

from benchmarks.comparing import compare

BAR = 1.5


def measure() -> list[dict[str, object]]:
    """Return the time of importing every name that needs no files, divided by `import jax, equinox, optax`.

    `import throughtime` alone loads nothing: names are imported when they are first asked for.
    """
    ours = "from throughtime import BPTT, LSTM, Bidirectional, Stack, unroll"
    result = compare(_running(ours), _running("import jax, equinox, optax"), pairs=11)
    return [{"bar": BAR, "reached": result.ratio <= BAR, **result.as_json()}]


def _running(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)
