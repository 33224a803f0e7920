"""The fused kernels beside every library that runs the same networks on a CPU: one process, peers in turn.

`python -m benchmarks kernels --grid quick` measures, `python -m benchmarks.kernels.summary` writes the tables
of `docs/kernels.md`. A peer is a file: `plain_scan`, `torch_layers`, `torch_compiled`, `flax_rnn`,
`keras_rnn`, `torchrecurrent_layers`, `onnx_runtime`; what is measured is in `cells` and `grid`, how in
`running`.
"""

from collections.abc import Iterator, Sequence


def measure(arguments: Sequence[str] = ()) -> Iterator[dict[str, object]]:
    """Yield a row for each cell, size and kind of work, as it is measured.

    Arguments:
        arguments: the options of the command line, as in `options`.
    """
    # JAX and all the peers are imported only when there is something to measure.
    from benchmarks.kernels.options import parse
    from benchmarks.kernels.running import run

    return run(parse(arguments))
