"""Japanese vowels by many small reservoirs that vote."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier

from throughtime import SequenceClassifier

DATA = Path(__file__).parents[2] / "examples" / "data"
MEMBERS = 25


def ensemble() -> Iterator[dict[str, Any]]:
    """Yield the accuracy of members one by one, and of all of them together."""
    parts = [_read("train"), _read("test")]
    (given, labels), (asked, truth) = parts
    members = [(f"seed {seed}", _member(seed)) for seed in range(MEMBERS)]
    vote = VotingClassifier(members, voting="soft").fit(given, labels)
    alone = [
        float((vote.le_.inverse_transform(one.predict(asked)) == truth).mean()) for one in vote.estimators_
    ]
    together = float((vote.predict(asked) == truth).mean())
    yield {
        "problem": "japanese vowels, echo state networks of 200 units",
        "members": MEMBERS,
        "mean_accuracy_alone": float(np.mean(alone)),
        "accuracy_together": together,
        "errors_together": round((1 - together) * len(truth)),
        "reached": together >= 0.99 and float(np.mean(alone)) >= 0.975,
    }


def _member(seed: int) -> SequenceClassifier:
    """Return a member, with the settings of the recipe `japanese_vowels_reservoir`."""
    return SequenceClassifier(
        cell="echo_state", hidden_size=200, spectral_radius=0.6, leak=0.6, input_scaling=0.1,
        bias_scaling=0.2,
        connections="shortcut", pooling="mean", optimizer="ridge", regularisation=0.01, validation=0.0,
        random_state=seed,
    )  # fmt: skip


def _read(part: str) -> tuple[list[np.ndarray], np.ndarray]:
    with open(DATA / f"japanese_vowels_{part}.jsonl", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [np.array(record["sequence"]) for record in records], np.array(
        [record["label"] for record in records]
    )
