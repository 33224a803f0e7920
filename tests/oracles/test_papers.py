"""Every cell beside its paper's equations, and beside what can be calculated in closed form."""

import ast
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import CELL_ROWS, INPUT, TIME, VOCABULARY, Specimen, fresh, specimen
from tests.oracles import comparisons_reservoirs, comparisons_wrappers
from tests.oracles.comparisons import ORACLES, agrees_with_paper
from throughtime import initial_states, one_hot, unroll

ROWS = {row.name: row for row in CELL_ROWS}
WITHOUT = {
    "dropout",
    "dropout_inference",
    "word_dropout",
    "stack_deep",
    "dilated_noisy_symbols",
    "stack_mixed",
} | (comparisons_wrappers.WITHOUT | comparisons_reservoirs.WITHOUT)
"""Dropout has no numbers of its own, only a distribution; what the stacks are made of is here."""


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.usefixtures("float64")
def test_cell_agrees_with_its_paper(name: str) -> None:
    agrees_with_paper(specimen(ROWS[name]))


@pytest.mark.parametrize(("name", "law"), [*comparisons_wrappers.NOISE, *comparisons_reservoirs.NOISE])
@pytest.mark.usefixtures("float64")
def test_noise_is_as_its_paper_has_it(name: str, law: Callable[[Specimen], None]) -> None:
    law(specimen(ROWS[name]))


def test_every_cell_has_an_oracle() -> None:
    assert set(ORACLES) | WITHOUT == set(ROWS)


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("papers*.py")), ids=lambda file: file.name)
def test_transcriptions_import_nothing_of_the_library(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported <= {"numpy", "collections.abc"}


@pytest.mark.usefixtures("float64")
def test_nothing_reaches_beyond_the_window() -> None:
    s = specimen(ROWS["window"])
    state = initial_states(s.cell, 1)

    def last_output(inputs: jax.Array) -> jax.Array:
        return unroll(s.cell, inputs, state)[1][-1].sum()

    reach = np.abs(jax.grad(last_output)(s.inputs[:, :1])).sum(axis=(1, 2))
    width = s.cell.weight.shape[0]
    assert np.all(reach[: TIME - width] == 0)
    assert np.all(reach[TIME - width :] > 1e-3)


@pytest.mark.usefixtures("float64")
def test_mean_of_a_padded_sequence_is_over_its_real_steps() -> None:
    s = specimen(ROWS["mean_pooling"])
    after, _ = s(s.inputs, initial_states(s.cell, 2), lengths=s.lengths)
    for row, length in enumerate(np.asarray(s.lengths)):
        np.testing.assert_allclose(after.mean[row], np.mean(s.inputs[:length, row], axis=0), atol=1e-14)
        assert after.steps[row] == length


@pytest.mark.usefixtures("float64")
def test_attention_survives_scores_that_overflow_the_exponential() -> None:
    s = specimen(ROWS["attention_pooling"])
    steep = eqx.tree_at(lambda cell: cell.direction, s.cell, s.cell.direction * 1e5)
    _, outputs = unroll(steep, s.inputs)
    scores = np.tanh(np.asarray(s.inputs) @ np.asarray(steep.weight).T + np.asarray(steep.bias)) @ np.asarray(
        steep.direction
    )
    assert np.max(np.abs(scores)) > 1e3
    for row in range(2):
        np.testing.assert_allclose(outputs[-1, row], s.inputs[np.argmax(scores[:, row]), row], atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_embedding_is_one_hot_times_matrix() -> None:
    s = specimen(ROWS["embedding"])
    _, outputs = unroll(s.cell, s.inputs)
    vectors = one_hot(s.inputs, VOCABULARY)
    assert vectors.shape == (*s.inputs.shape, VOCABULARY)
    np.testing.assert_array_equal(vectors.sum(-1), 1)
    np.testing.assert_allclose(outputs, vectors @ s.cell.weight, atol=1e-15)
    np.testing.assert_array_equal(one_hot(jnp.array([-1, VOCABULARY]), VOCABULARY), 0)


@pytest.mark.usefixtures("float64")
def test_linear_orthogonal_network_keeps_the_length_of_the_gradient() -> None:
    # With relu and everything positive, h_T = U^(T-1) h_1 + ...; a permutation keeps all signs and lengths.
    cell = fresh(ROWS["elman_relu"])
    cell = eqx.tree_at(
        lambda cell: (cell.recurrent_weight, cell.bias),
        cell,
        (jnp.roll(jnp.eye(5), 1, axis=0), cell.bias + 10),
    )
    state = initial_states(cell, 1)

    def end(hidden: jax.Array) -> jax.Array:
        after, _ = unroll(cell, jnp.ones((50, 1, INPUT)), state._replace(hidden=hidden))
        return after.hidden @ jnp.arange(1.0, 6.0)

    gradient = jax.grad(lambda hidden: end(hidden)[0])(state.hidden + 1)
    np.testing.assert_allclose(jnp.linalg.norm(gradient), np.linalg.norm(np.arange(1.0, 6.0)), rtol=1e-12)
