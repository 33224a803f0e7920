"""Across devices: each runs the kernel on its part of the batch, under `shard_map`, with explicit means."""

import os
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from tests.laws.agreement import assert_close, assert_visible
from tests.unit.kernels.cases import BUILT, DISTINCT, Case, draw, readout
from throughtime import unroll
from throughtime.core.fused import kernels

DEVICES = 2


def test_two_devices() -> None:
    # The number of devices is fixed when JAX starts.
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}"
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"XLA_FLAGS": flags})
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split() == list(DISTINCT)


def shares_its_batch(family: str) -> None:
    """Fail unless two devices give what one does, by the kernel and by the scan alike."""
    cell, state, inputs = draw(Case(family, 5, 2 * DEVICES, 7, "float32"))
    lengths = jnp.array([5, 0, 3, 4])
    mesh = Mesh(np.array(jax.devices()[:DEVICES]), ("batch",))
    rows, columns = PartitionSpec("batch"), PartitionSpec(None, "batch")

    def loss(cell: Any, state: Any, inputs: Any, lengths: Any) -> Any:
        return readout(unroll(cell, inputs, state, lengths=lengths)[1])

    def share(cell: Any, state: Any, inputs: Any, lengths: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(cell, state, inputs, lengths)
        return jax.lax.pmean((value, gradient), "batch")

    results = {}
    for choice in (BUILT[-1], "off"):
        with kernels(choice):
            shared = jax.shard_map(
                share,
                mesh=mesh,
                in_specs=(PartitionSpec(), rows, columns, rows),
                out_specs=PartitionSpec(),
            )
            results[choice] = jax.jit(shared)(cell, state, inputs, lengths)
            program = jax.jit(shared).lower(cell, state, inputs, lengths).as_text()
            assert (f"{family}_float32_backward" in program) == (choice != "off")
    assert_visible(results["off"], family)
    assert_close(results[BUILT[-1]], results["off"], 1e-5, family)


if __name__ == "__main__":
    for name in DISTINCT:
        shares_its_batch(name)
        print(name)
