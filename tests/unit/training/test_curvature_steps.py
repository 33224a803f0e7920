"""Training by curvature, on problems and on files: it learns, and says what it has no use for."""

from typing import Any

import jax
import numpy as np
import pytest

from throughtime import SequenceClassifier
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import Architecture
from throughtime.problems import Parity
from throughtime.training import curvature_steps
from throughtime.training.settings import SolvingSettings, TrainingSettings
from throughtime.training.solving import Attempt, solve

EASY = Parity(bits=2)
SETTINGS = SolvingSettings(
    optimizer="hessian_free",
    batch_size=16,
    curvature_sequences=8,
    iterations=12,
    check_every=6,
    test_sequences=50,
    structural_damping=0.1,
    cg_iterations=20,
)


def solved(settings: SolvingSettings = SETTINGS) -> Attempt:
    architecture = Architecture(cell="elman", hidden_size=6, dropout=0.1)
    sizes = {"feature_count": EASY.feature_count, "output_size": EASY.output_size}
    return solve(EASY, architecture.build(**sizes, key=jax.random.key(1)), settings, seed=3)


def test_it_learns_a_problem_and_one_seed_gives_one_attempt() -> None:
    attempt = solved()
    assert attempt.last.right == 1.0 > attempt.checks[0].right
    assert attempt.last.loss < 0.3 * attempt.checks[0].loss
    compiled = curvature_steps.curvature_step._cache_size()
    again = solved()
    assert again.checks == attempt.checks
    for one, other in zip(jax.tree.leaves(again.network), jax.tree.leaves(attempt.network), strict=True):
        np.testing.assert_array_equal(one, other)
    assert curvature_steps.curvature_step._cache_size() == compiled > 0


def test_it_learns_from_sequences_of_different_lengths() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    sequences = [generator.normal(label - 0.5, 0.3, (generator.integers(2, 5), 1)) for label in labels]
    model = SequenceClassifier(
        cell="elman",
        hidden_size=3,
        optimizer="hessian_free",
        cg_iterations=10,
        batch_size=20,
        epochs=4,
        validation=0.0,
        random_state=0,
    )
    assert model.fit(sequences, labels).score(sequences, labels) > 0.9
    assert model.history_[-1]["train_loss"] < 0.5 * model.history_[0]["train_loss"]
    model.partial_fit(sequences, labels)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"optimizer": "hessian_free", "learning_rate": 0.1},
            r"learning_rate is 0.1 and optimizer is 'hessian_free', which has no use for it; leave "
            "learning_rate out, or choose another optimizer",
        ),
        ({"optimizer": "hessian_free", "chunk_size": 3}, "chunk_size is 3 and optimizer is 'hessian_free'"),
        ({"optimizer": "hessian_free", "rule": "uoro"}, "rule is uoro and optimizer is 'hessian_free'"),
        ({"optimizer": "hessian_free", "schedule": "cosine"}, "schedule is cosine and optimizer"),
        ({"optimizer": "hessian_free", "checkpointed": True}, "checkpointed is True and optimizer"),
        (
            {"structural_damping": 0.1},
            r"structural_damping is 0.1 and optimizer is 'adamw', which has no use for it; leave "
            r"structural_damping out, or choose optimizer='hessian_free'",
        ),
        ({"cg_iterations": 7}, "cg_iterations is 7 and optimizer is 'adamw'"),
        ({"damping": 0.0}, "damping is 0.0"),
    ],
)
@pytest.mark.parametrize("settings", [SolvingSettings, TrainingSettings])
def test_settings_that_do_not_go_together_are_refused(settings: Any, given: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        settings.parse(given)
