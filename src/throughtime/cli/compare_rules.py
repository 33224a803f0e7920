"""`throughtime compare-rules`: each learning rule against BPTT, on the user's own model and data."""

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
    from throughtime.analysis.rule_comparison import RuleComparison, Window
    from throughtime.cli.labelled_batch import LabelledBatch
    from throughtime.learning import LearningRule
    from throughtime.training.model import Model

WINDOW = 20
"""Steps of a window unless the sequences are shorter."""


def compare_rules(
    model: ModelArgument,
    file: FileArgument,
    sequence: SequenceOption = None,
    target: TargetOption = None,
    group: GroupOption = None,
    skip_bad_rows: SkipOption = False,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A rule to compare, with options of its own after a colon if wanted: snap:order=2. Can be "
            "repeated. All when left out.",
            show_default=False,
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            min=2,
            help="Last steps of each sequence that the gradient goes through; 20, or the median length if "
            "that is less, when left out.",
            show_default=False,
        ),
    ] = None,
    chunk_size: Annotated[
        int,
        typer.Option(metavar="INTEGER", min=1, help="Steps that a rule sees at once, fewer than the window."),
    ] = 1,
    sequences: Annotated[
        int, typer.Option(metavar="INTEGER", min=1, help="How many sequences, the first ones.")
    ] = 8,
    draws: Annotated[
        int, typer.Option(metavar="INTEGER", min=2, help="Gradients of a rule that draws random numbers.")
    ] = 32,
    repeats: Annotated[
        int, typer.Option(metavar="INTEGER", min=1, help="How often each rule is timed.")
    ] = 10,
    seed: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=2**32 - 1, help="Decides what the rules draw.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it: .png, .svg or .pdf by the ending.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Measure each learning rule against BPTT, on a model and its data.

    Prints bias, variance and angle of each rule's gradient against that of BPTT through a window at the end
    of the sequences, and the time and the memory that it takes.

    Example: throughtime compare-rules runs/reviews reviews.csv --window 30 --out rules.png
    """
    from throughtime.analysis.pictures import check_picture, save_figure
    from throughtime.analysis.rule_comparison import compare_rules as compare
    from throughtime.analysis.rule_figures import draw_rules
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.labelled_batch import first_sequences
    from throughtime.cli.screen import say, show
    from throughtime.cli.sources import open_for
    from throughtime.core.noise import without_noise
    from throughtime.core.randomness import key_for
    from throughtime.learning import RULES
    from throughtime.tasks import taught
    from throughtime.training.model_folder import load_model

    if out is not None:
        check_picture(out)
    rules = {name: _made_rule(name) for name in rule or RULES}
    keep_compilations()
    loaded = load_model(model)
    taught(loaded.settings.task)  # to refuse, before the data is read, a model that answers nothing
    source = open_for(
        loaded.settings.data,
        file,
        task=loaded.settings.task,
        sequence=sequence,
        target=target,
        group=group,
        skip_bad_rows=skip_bad_rows,
    )
    batch, steps = _long_enough(first_sequences(loaded, source, sequences), window)
    compared = compare(
        without_noise(loaded.network),
        loaded.task.loss,
        _window(loaded, batch, steps),
        rules,
        chunk_size=chunk_size,
        draws=draws,
        repeats=repeats,
        key=key_for(seed, "rules"),
    )
    if as_json:
        show(json.dumps(_as_json(compared)))
    else:
        say(source.description)
        _show(compared)
    if out is not None:
        save_figure(draw_rules(compared), out)
        if not as_json:
            show(f"drawn in {out}")


def _made_rule(given: str) -> LearningRule:
    """Return the rule that a word such as `snap:order=2` stands for."""
    from throughtime.core.errors import OptionError, choose
    from throughtime.learning import RULES
    from throughtime.training.rule_settings import RuleSettings

    name, _, rest = given.partition(":")
    options = {}
    for part in filter(None, rest.split(",")):
        option, equals, value = part.partition("=")
        if not equals:
            raise OptionError(f"--rule is {given!r}, and {part!r} gives no value; write NAME:OPTION=VALUE")
        options[option] = value
    return RuleSettings.parse({"rule": choose("--rule", name, RULES), **options}, "--rule").made_rule()


def _long_enough(batch: LabelledBatch, window: int | None) -> tuple[LabelledBatch, int]:
    """Return the sequences that a window fits into, and its steps."""
    import numpy as np

    from throughtime.core.errors import OptionError

    longest = int(batch.lengths.max())
    steps = min(WINDOW, int(np.median(batch.lengths))) if window is None else window
    if not 2 <= steps <= longest:
        raise OptionError(
            f"the window has {steps} steps, and the longest of {len(batch.lengths)} sequences has {longest}; "
            "a window has at least 2 steps and is no longer than a sequence: choose another --window, or "
            "give longer sequences"
        )
    return batch.kept(batch.lengths >= steps), steps


def _window(model: Model, batch: LabelledBatch, steps: int) -> Window:
    """Return the last steps of each sequence, with the state that the ones before lead to."""
    import jax.numpy as jnp
    import numpy as np

    from throughtime.analysis.rule_comparison import Window, check_network
    from throughtime.core.noise import without_noise
    from throughtime.core.unroll import unroll

    network = check_network(without_noise(model.network))
    before = batch.lengths - steps
    state = None
    if before.max() > 0:
        state, _ = unroll(network, jnp.asarray(batch.inputs[: before.max()]), lengths=jnp.asarray(before))
    rows = before + np.arange(steps)[:, None]
    inputs = batch.inputs[rows, np.arange(len(before))]
    full = jnp.full(len(before), steps, jnp.int32)
    weights = jnp.ones(len(before), np.float32)
    given = batch.targets if batch.targets.ndim == 1 else batch.targets[rows, np.arange(len(before))]
    targets, mask = model.task.unfold(jnp.asarray(given), full, weights, steps)
    return Window(state, jnp.asarray(inputs), targets, mask / mask.sum())


def _show(compared: RuleComparison) -> None:
    from throughtime.analysis.agreement import ALL
    from throughtime.cli.screen import plain_table, say, show

    show(
        f"{compared.batch_size} sequences, a window of their last {compared.window} steps in chunks of "
        f"{compared.chunk_size}, against BPTT through all of it"
    )
    table = plain_table("rule", "in chunks", "bias", "variance", "angle", "µs a step", "memory", "trace")
    for row in compared.rows:
        found = row.agreements[ALL]
        table.add_row(
            row.name,
            row.kept,
            _with_error(found.bias, found.bias_error),
            _with_error(found.variance, 0.0),
            f"{_with_error(found.angle, found.angle_error)}°",
            f"{1e6 * row.seconds:,.0f}",
            _bytes(row.memory),
            _bytes(row.trace),
        )
    show(table)
    for name, reason in compared.refused.items():
        say(f"left out {name}: {reason}")
    if compared.silent:
        say(f"without a gradient in this window, and so not compared: {', '.join(compared.silent)}")


def _with_error(value: float, error: float) -> str:
    from throughtime.analysis.rule_figures import number_in_words as words

    return f"{words(value)} ± {words(error, 2)}" if error > 0 else words(value)


def _bytes(count: int) -> str:
    return f"{count / 1000:,.1f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def _as_json(compared: RuleComparison) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "window": compared.window,
        "chunk_size": compared.chunk_size,
        "sequences": compared.batch_size,
        "rules": [
            {
                "rule": row.name,
                "in_chunks": row.kept,
                "is_online": row.is_online,
                "seconds_a_step": row.seconds,
                "memory_bytes": row.memory,
                "trace_bytes": row.trace,
                "agreement": {name: asdict(found) for name, found in row.agreements.items()},
            }
            for row in compared.rows
        ],
        "refused": dict(compared.refused),
        "without_gradient": list(compared.silent),
    }
