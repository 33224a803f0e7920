"""Words that are passed over while training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import WordDropout, initial_states, unroll, without_noise
from throughtime.core.errors import OptionError


def test_a_word_goes_as_a_whole_and_its_letters_stay() -> None:
    cell = WordDropout(5, 0.3, word_size=3)
    inputs = jnp.ones((2000, 1, 5))
    _, outputs = unroll(cell, inputs, initial_states(cell, 1, jax.random.key(1)))
    words = np.asarray(outputs[:, 0, :3])
    assert np.all(outputs[..., 3:] == 1)
    assert set(words.sum(1).tolist()) == {0.0, 3.0}
    # Three standard errors of a share of 0.3 among 2,000.
    assert abs((words[:, 0] == 0).mean() - 0.3) < 3 * np.sqrt(0.3 * 0.7 / 2000)
    _, after = unroll(without_noise(cell), inputs)
    assert np.all(after == 1)


def test_a_rate_out_of_range_is_refused() -> None:
    with pytest.raises(OptionError, match="the dropout rate is 1"):
        WordDropout(5, 1.0, word_size=3)
