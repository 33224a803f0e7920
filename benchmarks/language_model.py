"""Language models: what the loop adds to one bare compiled step, and how fast a trained model writes."""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from benchmarks.comparing import compare
from throughtime import BPTT, initial_states
from throughtime.core.fused import instruction_set
from throughtime.data.continuous import Continuous
from throughtime.data.readers import open_source
from throughtime.training.checkpoint_writer import CheckpointFile
from throughtime.training.loop import fit
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network
from throughtime.training.preparation import Prepared
from throughtime.training.settings import Settings
from throughtime.training.text_preparation import prepare_text

TEXT = Path("examples/data/sonnets.txt")
BAR_RATIO, BAR_CHARACTERS = 1.3, 2000
LANES, CHUNK, EPOCHS = 32, 128, 1
PAIRS, WRITTEN, ROUNDS = 5, 4000, 5
SETTINGS = Settings.parse(
    {
        "task": "generate",
        "network": {"cell": "lstm", "hidden_size": 256},
        "training": {
            "batch_size": LANES,
            "chunk_size": CHUNK,
            "epochs": EPOCHS,
            "validation": 0,
            "patience": 0,
        },
    }
)
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "cold": {"temperature": 0.7, "top_k": 20},
    "careful": {"temperature": 0.8, "top_p": 0.9, "repetition_penalty": 1.1, "no_repeat": 8},
}
"""Ways to draw symbols."""


def measure() -> list[dict[str, object]]:
    """Return the time of an epoch in the loop divided by that of bare steps, and characters a second."""
    prepared = prepare_text(open_source(TEXT, needs_target=False), SETTINGS)
    return [_training(prepared), *(_writing(prepared, name) for name in WAYS)]


def _training(prepared: Prepared[Continuous]) -> dict[str, object]:
    network: Any = build_network(SETTINGS, prepared.encoder, prepared.task)
    batches = [jax.device_put(batch) for batch in prepared.train.chunks(LANES, CHUNK)]
    training = SETTINGS.training
    optimizer = optax.chain(
        optax.clip_by_global_norm(training.clip_norm),
        optax.adamw(training.learning_rate, weight_decay=training.weight_decay),
    )

    def loss(output: Array, target: Array) -> Array:
        return -jax.nn.log_softmax(output)[target]

    @jax.jit
    def step(network: Any, state: Any, carried: Any, inputs: Array, targets: Array) -> Any:
        mask = jnp.full(inputs.shape, 1 / inputs.size)
        found = BPTT().gradient(network, loss, (), carried, inputs, targets, mask)
        changes, state = optimizer.update(found.gradient, state, eqx.filter(network, eqx.is_inexact_array))
        return eqx.apply_updates(network, changes), state, found.state, found.loss

    def bare() -> float:
        weights, state = network, optimizer.init(eqx.filter(network, eqx.is_inexact_array))
        for _ in range(EPOCHS):
            carried = initial_states(network, LANES)
            for batch in batches:
                weights, state, carried, value = step(weights, state, carried, batch.inputs, batch.targets)
        return float(value)

    with TemporaryDirectory() as folder:
        file = CheckpointFile(Path(folder) / "run.safetensors", "benchmark")

        def loop() -> object:
            return fit(network, prepared.task, prepared.train, None, training, seed=0, checkpoint=file)

        found = compare(loop, bare, pairs=PAIRS)
    symbols = EPOCHS * len(prepared.train)
    return {
        "what": "training",
        "hidden_size": SETTINGS.network.hidden_size,
        "symbols_per_second": round(symbols / median(found.ours)),
        "bare_symbols_per_second": round(symbols / median(found.other)),
        "bar": BAR_RATIO,
        "reached": found.ratio <= BAR_RATIO,
        **found.as_json(),
    }


def _writing(prepared: Prepared[Continuous], name: str) -> dict[str, object]:
    network = build_network(SETTINGS, prepared.encoder, prepared.task)
    model = Model(SETTINGS, prepared.encoder, prepared.task, network, ())
    seconds, busy = [], []
    for _ in range(ROUNDS):
        started, began = time.perf_counter(), time.process_time()
        text = model.generate(length=WRITTEN, **WAYS[name])
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - began)
    characters = len(text) / median(seconds)
    return {
        "what": "generation",
        "way": name,
        "options": WAYS[name],
        "hidden_size": SETTINGS.network.hidden_size,
        "characters_per_second": round(characters),
        # What a machine that does other work besides would do by itself.
        "characters_per_processor_second": round(len(text) / median(busy)),
        "instruction_set": instruction_set(),
        "bar": BAR_CHARACTERS,
        "reached": characters >= BAR_CHARACTERS,
    }
