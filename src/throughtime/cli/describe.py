"""`throughtime describe`: what a saved model is, and how it came about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.cli.evaluate import ModelArgument
from throughtime.training.arrays import parameter_count

if TYPE_CHECKING:
    from throughtime.core.sequence_map import Network
    from throughtime.training.model import Model

MOST_NAMES = 10


def describe(model: ModelArgument) -> None:
    """Show what a model is and how it was trained."""
    from throughtime.cli.screen import plain_table, scores_in_words, show
    from throughtime.cli.trials import best_row
    from throughtime.training.model_folder import RECIPE, load_model

    loaded = load_model(model)
    layers = plain_table("layer", "in", "out", "parameters")
    for layer in _layers(loaded.network):
        layers.add_row(*layer)
    layers.add_row("all", "", "", f"{loaded.parameter_count:,}")
    report = loaded.report
    row = best_row(report)
    scores = {name: row[name] for name in ("loss", *loaded.task.metrics) if name in row}
    for name, value in _facts(loaded, model):
        show(f"{name:<14}{value}")
    show("", layers, "")
    unit = next(name.removeprefix("train_") for name in report if name.startswith("train_"))
    show(f"trained on {report[f'train_{unit}']:,} {unit}, validated on {report[f'validation_{unit}']:,}")
    show(f"best epoch {report['best_epoch']} of {report['epochs']} (stopped by: {report['stopped']})")
    show(f"training: {scores_in_words({'loss': row['train_loss']})}")
    if scores:
        show(f"validation: {scores_in_words(scores)}")
    for note in report["notes"]:
        show(f"- {note}")
    show("", f"settings, as in {model / RECIPE}:", "", loaded.settings.to_toml().rstrip())


def _facts(model: Model, folder: Path) -> Iterator[tuple[str, str]]:
    from throughtime.training.model_folder import CARD

    size = sum(file.stat().st_size for file in folder.iterdir())
    yield "model", str(folder)
    yield "task", model.settings.task
    yield "made by", json.loads((folder / CARD).read_bytes())["created_by"]
    yield "size", f"{size / 1000:,.0f} kB, {model.parameter_count:,} parameters"
    names = getattr(getattr(model.task, "labels", None), "names", ())
    if names:
        more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
        yield "classes", f"{len(names):,}: {', '.join(names[:MOST_NAMES])}{more}"
    encoder = model.encoder
    what = (
        f"{encoder.feature_count:,} a step"
        if encoder.vocabulary_size is None
        else f"vocabulary of {encoder.vocabulary_size:,}"
    )
    yield "sequences of", f"{encoder.kind}, {what}"
    if model.boundaries:
        yield "padded to", f"{', '.join(map(str, model.boundaries))} steps"


def _layers(network: Network) -> Iterator[tuple[str, str, str, str]]:

    for layer in getattr(network, "cells", None) or getattr(network, "layers", None) or (network,):
        count = parameter_count(layer)
        yield _name(layer), f"{layer.input_size:,}", f"{layer.output_size:,}", f"{count:,}"


def _name(layer: Any) -> str:
    """Return the kind of a layer, its number if it has one, and what it is wrapped around."""
    words = [type(layer).__name__]
    words += [f"{getattr(layer, field):g}" for field in ("rate", "dilation") if hasattr(layer, field)]
    parts = [getattr(layer, field) for field in ("forward", "cell", "network") if hasattr(layer, field)]
    parts += [part for field in ("cells", "layers") for part in getattr(layer, field, ())]
    if parts:
        words.append(" + ".join(_name(part) for part in parts))
    return " ".join(words)
