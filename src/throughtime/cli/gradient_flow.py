"""`throughtime gradient-flow`: what the gradient does on its way back through time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from throughtime.cli.evaluate import (
    FileArgument,
    GroupOption,
    ModelArgument,
    SequenceOption,
    SkipOption,
    TargetOption,
)

if TYPE_CHECKING:
    from throughtime.analysis.gradient_flow import GradientFlow
    from throughtime.analysis.jacobians import StepJacobians
    from throughtime.analysis.lyapunov import LyapunovSpectrum
    from throughtime.cli.labelled_batch import LabelledBatch
    from throughtime.training.model import Model

SETTLE = 5
"""One part in this many of the longest sequence turns the frame before Lyapunov exponents are counted."""

Seen = tuple["GradientFlow", "StepJacobians | None", "LyapunovSpectrum | None"]


def gradient_flow(
    model: ModelArgument,
    file: FileArgument,
    sequence: SequenceOption = None,
    target: TargetOption = None,
    group: GroupOption = None,
    skip_bad_rows: SkipOption = False,
    beside: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MODEL",
            help="Another model on the same file, drawn beside it; can be repeated.",
            show_default=False,
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Draw each model also as it was before training.")
    ] = False,
    sequences: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            min=1,
            help="How many sequences, the first ones; as many as a batch in training when left out.",
            show_default=False,
        ),
    ] = None,
    jacobians: Annotated[
        int,
        typer.Option(
            metavar="INTEGER", min=0, help="Of how many sequences the step Jacobians are taken; 0 for none."
        ),
    ] = 4,
    clip_norm: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Show what clipping to this norm changes; as in training when left out, 0 for nothing.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it: .png, .svg or .pdf by the ending.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show what the gradient does on its way back through time.

    Prints the norm of the gradient by the state at the end, in the middle and at the start of the sequences,
    by what each step multiplies it, the singular values of the step Jacobian and the Lyapunov exponents.

    Example: throughtime gradient-flow runs/lstm data.csv --beside runs/elman --out flow.png
    """
    from throughtime.analysis.figures import draw_flow
    from throughtime.analysis.pictures import check_picture, save_figure
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.labelled_batch import first_sequences
    from throughtime.cli.screen import say, show
    from throughtime.cli.sources import open_for
    from throughtime.core.errors import OptionError
    from throughtime.tasks import taught
    from throughtime.training.model_folder import load_model

    if out is not None:
        check_picture(out)
    folders = [model, *(beside or [])]
    if len(set(folders)) < len(folders):
        raise OptionError("a model is named twice; name each one once")
    keep_compilations()
    loaded = {str(folder): load_model(folder) for folder in folders}
    for one in loaded.values():
        taught(one.settings.task)  # to refuse, before the data is read, a model that answers nothing
    first = loaded[str(model)]
    threshold = first.settings.training.clip_norm if clip_norm is None else clip_norm
    seen: dict[str, Seen] = {}
    for name, one in loaded.items():
        source = open_for(
            one.settings.data,
            file,
            task=one.settings.task,
            sequence=sequence,
            target=target,
            group=group,
            skip_bad_rows=skip_bad_rows,
        )
        count = first.settings.training.batch_size if sequences is None else sequences
        batch = first_sequences(one, source, count)
        for label, network in _networks(name, one, fresh):
            seen[label], refused = _look(one, network, batch, jacobians)
            if refused and not as_json:
                say(f"{label}: {refused}")
    if as_json:
        show(json.dumps({name: _as_json(found, threshold) for name, found in seen.items()}))
    else:
        for name, found in seen.items():
            _show(name, found, threshold)
    if out is not None:
        figure = draw_flow(
            {name: flow for name, (flow, _, _) in seen.items()},
            {name: steps for name, (_, steps, _) in seen.items() if steps is not None},
            {name: spectrum for name, (_, _, spectrum) in seen.items() if spectrum is not None},
            clip_norm=threshold if threshold > 0 else None,
        )
        save_figure(figure, out)
        if not as_json:
            show(f"drawn in {out}")


def _networks(name: str, model: Model, fresh: bool) -> list[tuple[str, Any]]:
    from throughtime.training.model_folder import build_network

    found = [(name, model.network)]
    if fresh:
        found.append((f"{name}, before training", build_network(model.settings, model.encoder, model.task)))
    return found


def _look(model: Model, network: Any, batch: LabelledBatch, jacobians: int) -> tuple[Seen, str | None]:
    """Return what there is to see, and why there are no step Jacobians, if there are none."""
    import jax.numpy as jnp
    import numpy as np

    from throughtime.analysis.gradient_flow import gradient_flow as flow_of
    from throughtime.analysis.jacobians import step_jacobians
    from throughtime.analysis.lyapunov import lyapunov_exponents
    from throughtime.core.errors import UsageError
    from throughtime.core.noise import without_noise
    from throughtime.core.randomness import key_for

    network = without_noise(network)
    inputs, lengths = jnp.asarray(batch.inputs), jnp.asarray(batch.lengths)
    weights = jnp.ones(len(batch.lengths), np.float32)
    targets, mask = model.task.unfold(jnp.asarray(batch.targets), lengths, weights, len(inputs))
    flow = flow_of(network, model.task.loss, inputs, targets, mask / mask.sum(), lengths=lengths)
    if not jacobians:
        return (flow, None, None), None
    few = inputs[:, :jacobians], lengths[:jacobians]
    try:
        steps = step_jacobians(network, few[0], lengths=few[1])
        spectrum = lyapunov_exponents(
            network,
            few[0],
            lengths=few[1],
            settle=int(few[1].max()) // SETTLE,
            key=key_for(0, "frame"),
        )
    except UsageError as error:
        return (flow, None, None), str(error)
    return (flow, steps, spectrum), None


def _show(name: str, seen: Seen, clip_norm: float) -> None:
    import numpy as np

    from throughtime.cli.screen import plain_table, show

    flow, steps, spectrum = seen
    show(f"{name}: {len(flow.lengths):,} sequences, {flow.lengths.min():,} to {flow.lengths.max():,} steps")
    table = plain_table("norm of dL/dh, median", "last step", "middle", "first step", "factor a step")
    batch = np.arange(len(flow.lengths))
    for array, norms in flow.norms.items():
        places = (flow.lengths - 1, flow.lengths // 2, np.zeros_like(flow.lengths))
        medians = [f"{np.median(norms[place, batch]):.3g}" for place in places]
        table.add_row(array, *medians, f"{flow.factor(array):.3f}")
    show(table)
    if clip_norm > 0:
        factor = flow.clipping(clip_norm)
        what = f"multiplies it by {factor:.3g} at every step" if factor < 1 else "changes nothing"
        show(f"gradient by all parameters {flow.parameter_norm:.3g}: clipping to {clip_norm:g} {what}")
    else:
        show(f"gradient by all parameters {flow.parameter_norm:.3g}")
    if steps is not None and spectrum is not None:
        values = steps.real()
        show(
            f"singular values of a step: largest {np.median(values[:, 0]):.3g}, smallest "
            f"{np.median(values[:, -1]):.3g} (medians over {len(values):,} steps)",
            f"largest Lyapunov exponent {spectrum.exponents[0]:.3g} nats a step",
        )
    show("")


def _as_json(seen: Seen, clip_norm: float) -> dict[str, Any]:
    import numpy as np

    flow, steps, spectrum = seen
    values: dict[str, Any] = {
        "sequences": len(flow.lengths),
        "lengths": flow.lengths.tolist(),
        "loss": flow.loss,
        "parameter_norm": flow.parameter_norm,
        "clipping": flow.clipping(clip_norm) if clip_norm > 0 else None,
        "arrays": {
            name: {
                "factor": _finite(flow.factor(name)),
                "norms": [
                    norms[:length, number].tolist() for number, length in enumerate(flow.lengths.tolist())
                ],
            }
            for name, norms in flow.norms.items()
        },
    }
    if steps is not None and spectrum is not None:
        values["singular_values"] = np.median(steps.real(), axis=0).tolist()
        values["lyapunov_exponents"] = [_finite(value) for value in spectrum.exponents.tolist()]
    return values


def _finite(value: float) -> float | None:
    import math

    return value if math.isfinite(value) else None
