"""The lags are as long as the paper has them."""

import numpy as np

from throughtime.problems import NoiseFreeLag


def test_a_coin_ends_the_longest_version() -> None:
    problem = NoiseFreeLag(symbols=8, lag=20, version="2c")
    inputs, _, mask, lengths = problem.draw(20_000, np.random.default_rng(0))
    more = lengths - 20 - 3  # b, the symbol to remember, and e
    assert more.min() == 0
    # Other symbols come with probability 9/10 each time: 9 on average, and none in a tenth of the sequences.
    assert abs(more.mean() - 9) < 4 * np.sqrt(90 / 20_000)
    assert abs(np.mean(more == 0) - 0.1) < 4 * 0.3 / np.sqrt(20_000)
    symbols = inputs.argmax(axis=-1)
    assert (symbols[0] == 11).all()
    assert set(symbols[1]) == {8, 9}
    assert (symbols[lengths - 1, np.arange(20_000)] == 10).all()
    assert set(symbols[2:22].ravel()) == set(range(8))
    np.testing.assert_array_equal(mask.sum(axis=0), 1)
    assert len(inputs) % 32 == 0


def test_the_first_version_is_the_same_but_for_its_ends() -> None:
    inputs, targets, mask, lengths = NoiseFreeLag(symbols=6).draw(50, np.random.default_rng(0))
    assert (lengths == 6).all()
    assert mask.all()
    assert (inputs[1:] == inputs[1:, :1]).all()
    assert targets[:-1, 0].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(inputs[0].argmax(axis=-1), targets[-1])
    assert set(targets[-1]) == {5, 6}


def test_the_margin_is_a_quarter_or_a_fifth() -> None:
    for version, likely, right in (
        ("2b", 0.76, True),
        ("2b", 0.74, False),
        ("2c", 0.81, True),
        ("2c", 0.79, False),
    ):
        problem = NoiseFreeLag.parse({"symbols": 3, "lag": 2, "version": version})
        examples = problem.draw(5, np.random.default_rng(0))
        others = (1 - likely) / (problem.output_size - 1)
        probabilities = np.full((*examples.targets.shape, problem.output_size), others)
        np.put_along_axis(probabilities, examples.targets[..., None], likely, axis=-1)
        assert problem.right(np.log(probabilities), examples).all() == right
