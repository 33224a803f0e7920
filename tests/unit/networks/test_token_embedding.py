"""Words as vectors, by what they are and by how they are spelt."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from throughtime import TokenEmbedding, unroll


@pytest.fixture(scope="module")
def embedding() -> TokenEmbedding:
    return TokenEmbedding(7, 4, letter_count=9, word_length=5, letter_size=3, key=jax.random.key(0))


def test_a_word_is_its_vector_and_what_two_lstms_read_in_its_letters(embedding: TokenEmbedding) -> None:
    def read(cell: object, letters: list[int]) -> np.ndarray:
        def gate(z: Array) -> np.ndarray:
            return 1 / (1 + np.exp(-np.asarray(z, np.float64)))

        hidden, memory = np.zeros(3), np.zeros(3)
        for letter in letters:
            x = np.asarray(embedding.letters.weight)[letter]
            z = cell.input_weight @ x + cell.bias + cell.recurrent_weight @ hidden
            i, f, g, o = np.split(np.asarray(z, np.float64), 4)
            memory = gate(f) * memory + gate(i) * np.tanh(g)
            hidden = gate(o) * np.tanh(memory)
        return hidden

    found = embedding.project(jnp.array([6, 2, 5, 8, 0, 0]))
    forward = read(embedding.spelling.forward, [2, 5, 8])
    backward = read(embedding.spelling.backward, [8, 5, 2])
    expected = np.concatenate([np.asarray(embedding.words.weight)[6], forward, backward])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_words_of_a_batch_are_those_by_themselves(embedding: TokenEmbedding) -> None:
    draw = np.random.default_rng(1)
    inputs = draw.integers(0, 7, size=(3, 2, 6))
    inputs[0, 0, 3:] = 0
    inputs[1, 1, 1:] = 0  # a word without a letter, as padding has it
    _, outputs = unroll(embedding, jnp.asarray(inputs))
    for step in range(3):
        for row in range(2):
            alone = embedding.project(jnp.asarray(inputs[step, row]))
            np.testing.assert_allclose(outputs[step, row], alone, atol=1e-6)
