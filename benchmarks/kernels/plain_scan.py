"""`lax.scan`: our own cells with the kernels switched off."""

from functools import partial

from benchmarks.kernels.grid import What
from benchmarks.kernels.ours import read, trace
from benchmarks.kernels.ways import Builders, Way
from benchmarks.kernels.work import Work
from throughtime.core.fused import kernels


def refusal(work: Work, what: What) -> str | None:
    """Refuse nothing: every cell has a step."""
    return None


def builders(work: Work, what: What) -> Builders:
    """Return the scan."""
    return {"scan": partial(_way, work, what)}


def _way(work: Work, what: What) -> Way:
    with kernels("off"):
        call, seconds = trace(work, what, work.lengths)
    return Way(partial(call, work.network), partial(read, what), compile_s=seconds)
