"""PyTorch's layers under `torch.compile`, which unrolls every step: only for short sequences.

Switched on with `--torch-compile`, since compiling takes far longer than all that is measured; it is given up
after a time limit.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import torch
import torch._dynamo

from benchmarks.kernels import torch_layers
from benchmarks.kernels.grid import What
from benchmarks.kernels.ways import Builders, Unavailable, Way
from benchmarks.kernels.work import CORES, Work

LONGEST = 32
"""Steps that are unrolled at most."""

LARGEST = 64
"""Hidden units at most."""

LIMIT_S = 60
"""Seconds after which compiling is given up."""


def refusal(work: Work, what: What) -> str | None:
    """Refuse all but small points of single layers."""
    if work.point.wiring != "one" or work.point.steps > LONGEST or work.point.hidden_size > LARGEST:
        return f"tried for single layers with T <= {LONGEST} and H <= {LARGEST} only"
    return torch_layers.refusal(work, what)


def builders(work: Work, what: What) -> Builders:
    """Return the compiled layer."""
    return {"torch_compile": partial(_way, work, what)}


def _way(work: Work, what: What) -> Way:
    torch._dynamo.reset()
    torch._dynamo.config.allow_rnn = True
    torch.set_num_threads(CORES)
    layer = torch_layers.twin(work)
    faster = torch.compile(layer)
    run = torch_layers.way_to_run(
        partial(torch_layers.outputs, faster, None), layer, torch.from_numpy(work.x), what
    )
    started = time.perf_counter()
    try:
        with _given_up_after(LIMIT_S):
            run()
    except _TimeIsUp:
        raise Unavailable(f"not compiled within {LIMIT_S} s") from None
    return Way(
        run=run,
        read=partial(torch_layers.read, what, partial(torch_layers.gradients, work, layer)),
        before=partial(torch.set_num_threads, CORES),
        compile_s=time.perf_counter() - started,
    )


class _TimeIsUp(BaseException):
    """Derives from no `Exception`, which compilers catch to go on without what failed."""


@contextmanager
def _given_up_after(seconds: int) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
