"""What KF-RTRL takes apart: products of weights with a vector, in any cell that is made of such."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close
from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    BPTT,
    KFRTRL,
    ConvolutionalLSTM,
    Elman,
    Embedding,
    GridLSTM,
    HigherOrderElman,
    LearningRule,
    Linear,
    PeepholeLSTM,
    Stack,
    gradient_over_chunks,
)
from throughtime.cells.elman import ElmanState
from throughtime.core.errors import NotForThisRuleError

KEYS = jax.random.split(jax.random.key(0), 3)
STEPS, BATCH = 5, 2


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


@pytest.mark.usefixtures("float64")
def test_weights_that_meet_no_vector_are_exact() -> None:
    cell = lively(
        Stack([Embedding(6, 2, key=KEYS[0]), PeepholeLSTM(2, 3, key=KEYS[1]), Linear(3, 2, key=KEYS[2])])
    )
    symbols = jax.random.randint(KEYS[0], (STEPS, BATCH), 0, 6)
    targets = jax.random.normal(KEYS[1], (STEPS, BATCH, 2))

    def gradient(rule: LearningRule, chunk_size: int | None) -> Any:
        def compute(cell: Any) -> Any:
            return gradient_over_chunks(
                rule, cell, squared, symbols, targets, jnp.ones((STEPS, BATCH)),
                chunk_size=chunk_size, key=KEYS[2],
            ).gradient  # fmt: skip

        return quick_jit(compute)(cell)

    given, expected = gradient(KFRTRL(), 2), gradient(BPTT(), None)
    for name in ("bias", "peephole_weight"):
        assert_close(getattr(given.cells[1], name), getattr(expected.cells[1], name), 1e-10, name)
    assert_close(given.cells[2], expected.cells[2], 1e-10, "gradient of the readout by ")
    # The others are estimates: of the embedding, too, which is a product with a vector of one 1.
    for one, other in ((given.cells[0], expected.cells[0]), (given.cells[1], expected.cells[1])):
        worst = [np.max(np.abs(a - b)) for a, b in zip(*map(jax.tree.leaves, (one, other)), strict=True)]
        assert max(worst) > 1e-3


class TiedElman(Elman):
    """The first row of the recurrent weights is a bias, too."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        return super().step(state, projected + self.recurrent_weight[0])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            HigherOrderElman(3, 5, order=3, key=KEYS[0]),
            r"weights of shape \(3, 5, 5\) enters the step by 'dot_general' and not by .* 'rtrl' or 'uoro'",
        ),
        (GridLSTM(3, 5, key=KEYS[0]), r"enters the step by 'scan' and not by a product with one vector"),
        (
            ConvolutionalLSTM((1, 4, 4), 2, key=KEYS[0]),
            r"enters the step by '\w+' and not by a product with one vector",
        ),
        (
            TiedElman(3, 5, key=KEYS[0]),
            r"shape \(5, 5\) enters the step of TiedElman by products and otherwise too, .* 'rtrl' or 'uoro'",
        ),
    ],
    ids=["higher_order", "grid", "convolutional", "tied"],
)
def test_cells_that_are_not_made_of_products(cell: Any, message: str) -> None:
    with pytest.raises(NotForThisRuleError, match=message):
        KFRTRL().start(cell, 2, KEYS[0])
