"""What the training loop adds to the steps that it makes: an epoch of the loop beside the bare compiled
steps."""

from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.numpy as jnp

from benchmarks.comparing import compare
from throughtime.core.randomness import key_for
from throughtime.data.batching import batches
from throughtime.data.catalogue import fetch
from throughtime.data.readers import open_source
from throughtime.training.checkpoint_writer import CheckpointFile
from throughtime.training.loop import fit
from throughtime.training.model_folder import build_network
from throughtime.training.preparation import prepare
from throughtime.training.settings import Settings
from throughtime.training.steps import start_optimizer, training_step

BAR = 1.15
EPOCHS = {"japanese_vowels": 80, "splice_junctions": 5, "movie_reviews": 2}
"""As many as make a run of a second or more, so that steps are timed and not the start of a run."""

SETTINGS = {
    "japanese_vowels": {"network": {"cell": "gru", "direction": "both"}},
    "splice_junctions": {"network": {"cell": "lstm", "embedding_size": 8}},
    "movie_reviews": {"network": {"cell": "lstm"}, "training": {"batch_size": 64}},
}


def measure() -> list[dict[str, object]]:
    """Return, for each data set, the time of an epoch in the loop divided by that of its bare steps."""
    return [_measure(name, values) for name, values in SETTINGS.items()]


def _measure(name: str, values: dict[str, dict[str, object]]) -> dict[str, object]:
    epochs = EPOCHS[name]
    training = {"epochs": epochs, "validation": 0, "patience": 0} | values.get("training", {})
    settings = Settings.parse({"task": "classify"} | values | {"training": training})
    prepared = prepare(open_source(train_file(name)), settings)
    network = build_network(settings, prepared.encoder, prepared.task)
    data, task = prepared.train, prepared.task
    total_steps = epochs * len(data.plan(settings.training.batch_size, seed=0, epoch=0))
    ready = []
    for epoch in range(epochs):
        plan = data.plan(settings.training.batch_size, seed=0, epoch=epoch)
        ready += [jax.device_put(batch) for batch in batches(data, plan, settings.training.batch_size)]
    key = key_for(0, "noise")

    def bare() -> float:
        weights, state = (
            jax.tree.map(jnp.copy, network),
            start_optimizer(network, settings.training, total_steps),
        )
        for count, batch in enumerate(ready):
            weights, state, loss = training_step(
                weights,
                state,
                batch,
                key,
                count,
                task=type(task),
                settings=settings.training,
                total_steps=total_steps,
            )
        return float(loss)

    with TemporaryDirectory() as folder:
        file = CheckpointFile(Path(folder) / "run.safetensors", "benchmark")

        def loop() -> object:
            return fit(network, task, data, None, settings.training, seed=0, checkpoint=file)

        result = compare(loop, bare, pairs=7)
    steps = len(ready)
    return {"data": name, "steps": steps, "bar": BAR, "reached": result.ratio <= BAR, **result.as_json()}


def train_file(name: str) -> str:
    """Return the path of the training part of a data set."""
    if name == "movie_reviews":
        return str(fetch(name) / "train.csv")
    return next(str(path) for path in Path("examples/data").glob(f"{name}_train.*"))
