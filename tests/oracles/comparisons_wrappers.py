"""Wrappers beside their papers, and the noise that they draw beside what it should be."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tests.laws.compilation import quick_jit
from tests.laws.registry import Specimen
from tests.oracles import papers_wrappers as papers
from throughtime import Cell, NoState, Values, initial_states, unroll

Result = tuple[np.ndarray, list[np.ndarray]]
NAMES = ("input_weight", "recurrent_weight", "bias")


def each(s: Specimen) -> list[np.ndarray]:
    """Return the sequences of a specimen, one after the other."""
    return list(np.moveaxis(np.asarray(s.inputs), 1, 0))


def numbers(part: Any, *names: str) -> list[np.ndarray]:
    """Return fields of a cell by their names."""
    return [np.asarray(getattr(part, name)) for name in names]


def gathered(ran: list[tuple[np.ndarray, ...]]) -> Result:
    """Return outputs `[T, B, O]`, which are the first history, and the ends of all of them."""
    ends = [np.stack([history[-1] for history in part]) for part in zip(*ran, strict=True)]
    return np.stack([one[0] for one in ran], 1), ends


def normalised_gru(s: Specimen) -> Result:
    w = numbers(s.cell.cell, *NAMES, "candidate_bias")
    scales = [
        np.asarray(getattr(s.cell, name)[0]) for name in ("projected_gain", "hidden_gain", "hidden_bias")
    ]
    hiddens = np.asarray(s.state.hidden)
    return gathered(
        [
            (papers.normalised_gru(x, *w, h, *scales, s.cell.epsilon),)
            for x, h in zip(each(s), hiddens, strict=True)
        ]
    )


def normalised_lstm(s: Specimen) -> Result:
    w = numbers(s.cell.cell, *NAMES)
    scales = numbers(s.cell, "input_gain", "recurrent_gain", "recurrent_bias")
    states = zip(each(s), *map(np.asarray, s.state), strict=True)
    return gathered([papers.normalised_lstm(x, *w, h, c, *scales, s.cell.epsilon) for x, h, c in states])


def zoned_out_lstm(s: Specimen) -> Result:
    w = [dict(zip("ifgo", np.split(stacked, 4), strict=True)) for stacked in numbers(s.cell.cell, *NAMES)]
    rates = dict(s.cell.rates)
    states = zip(each(s), *map(np.asarray, s.state), strict=True)
    return gathered(
        [papers.zoned_out_lstm(x, *w, h, c, rates["hidden"], rates["cell"]) for x, h, c in states]
    )


def fast_rnn(s: Specimen) -> Result:
    w, shares = numbers(s.cell.cell, *NAMES), numbers(s.cell, "new_share", "old_share")
    hiddens = np.asarray(s.state.hidden)
    return gathered([(papers.fast_rnn(x, *w, h, *shares),) for x, h in zip(each(s), hiddens, strict=True)])


def closed_loop(s: Specimen) -> Result:
    """Own outputs or, if there is room for them behind the input, a teacher's targets."""
    below, readout = s.cell.cell.cells
    w, size = [*numbers(below, *NAMES), *numbers(readout, "weight", "bias")], s.cell.free_size
    taught = s.cell.input_size > size
    hiddens, outputs = np.asarray(s.state.inner.layers[0].hidden), np.asarray(s.state.output)
    ran = [
        papers.closed_loop(x[:, :size], *w, h, y, x[:, size:] if taught else None)
        for x, h, y in zip(each(s), hiddens, outputs, strict=True)
    ]
    outputs, (last, hidden) = gathered(ran)
    return outputs, [hidden, last, np.asarray(s.state.position) + len(s.inputs)]


ORACLES = {
    "layer_normalisation": normalised_gru,
    "normalised_sums": normalised_lstm,
    "zoneout_expected": zoned_out_lstm,
    "residual_step": fast_rnn,
    "output_feedback": closed_loop,
    "teacher_forcing": closed_loop,
}
WITHOUT = {"recurrent_dropout", "zoneout", "wrapped_stack", "scheduled_sampling"}
"""They draw noise: their distributions are compared, here below."""


class SpyState(NamedTuple):
    """`hidden`, `cell`: how often each unit was renewed, `[H]`."""

    hidden: Array
    cell: Array


class Spy(Cell):
    """Counts its steps in every unit, and gives what it saw of the hidden layer and of the other units."""

    start: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, size: int, start: float):
        self.start = start
        self.input_size = 1
        self.output_size = 2 * size

    def initial_state(self) -> SpyState:
        units = jnp.full(self.output_size // 2, self.start)
        return SpyState(units, units)

    def project(self, x: Array) -> Array:
        return x

    def step(self, state: SpyState, projected: Array) -> tuple[SpyState, Array]:
        return SpyState(state.hidden + 1, state.cell + 1), jnp.concatenate(state)


class Echo(Cell):
    """Gives back what was fed to it."""

    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, size: int):
        self.input_size = size
        self.output_size = size

    def initial_state(self) -> NoState:
        return NoState()

    def project(self, x: Array) -> Array:
        return x

    def step(self, state: NoState, projected: Array) -> tuple[NoState, Array]:
        return state, projected


STEPS, EXAMPLES, UNITS = 60, 50, 20


def run(cell: Any, inputs: Array) -> np.ndarray:
    """Return the outputs `[T, B, O]` of a cell that draws noise."""
    before = initial_states(cell, inputs.shape[1], jax.random.key(0))
    return np.asarray(quick_jit(unroll)(cell, inputs, before)[1])


def assert_share(hits: np.ndarray, rate: float, what: str) -> None:
    """Fail unless the share of hits is the rate, and neighbours along every axis hit by themselves."""
    # Five standard errors of a share; of a product of two independent shares it is about the same.
    margin = 5 * np.sqrt(rate * (1 - rate) / hits.size)
    assert abs(hits.mean() - rate) < margin, f"{hits.mean():.3f} of {what}, not {rate}"
    for axis in range(hits.ndim):
        both = (hits & np.roll(hits, 1, axis=axis)).mean()
        assert abs(both - rate**2) < 2 * margin, f"neighbours along axis {axis} go together: {what}"


def hides_as_it_should(s: Specimen) -> None:
    """One mask for all steps of a sequence, another one for each, at its rate, scaled; the rest is seen."""
    spied = type(s.cell)(Spy(UNITS, 1.0), s.cell.rate)
    seen = run(spied, jnp.ones((STEPS, 10 * EXAMPLES, 1)))
    hidden, memory = seen[..., :UNITS], seen[..., UNITS:]
    steps = np.arange(1, STEPS + 1)[:, None, None]
    np.testing.assert_array_equal(memory, np.broadcast_to(steps, memory.shape))
    # The spy counts on from what it sees: a unit that is hidden starts anew at each step.
    hides = hidden[0] == 0
    assert_share(hides, s.cell.rate, "the units are hidden")
    np.testing.assert_allclose(hidden[0][~hides], 1 / (1 - s.cell.rate), rtol=1e-6)
    for later in hidden:
        np.testing.assert_array_equal(later == 0, hides, err_msg="the mask changes on the way")


def masks_the_weights(s: Specimen) -> None:
    """It is the cell within, with columns of its recurrent weights dropped, one set for each sequence."""
    _, outputs = s(s.inputs, s.state)
    masks = jax.vmap(
        lambda key: jax.random.bernoulli(jax.random.fold_in(key, 0), 1 - s.cell.rate, (s.cell.output_size,))
    )(s.state.key)
    assert 0 < np.sum(masks) < masks.size
    for row, mask in enumerate(masks):
        dropped = s.cell.cell.recurrent_weight * mask / (1 - s.cell.rate)
        cell = eqx.tree_at(lambda cell: cell.recurrent_weight, s.cell.cell, dropped)
        state = jax.tree.map(lambda leaf, row=row: leaf[row : row + 1], s.state.inner)
        _, expected = unroll(cell, s.inputs[:, row : row + 1], state)
        np.testing.assert_allclose(outputs[:, row : row + 1], expected, rtol=0, atol=1e-12)


def keeps_as_it_should(s: Specimen) -> None:
    """Units keep their last value at the rate of their field, by a coin of their own at each step."""
    spied = type(s.cell)(Spy(UNITS, 0.0), dict(s.cell.rates))
    seen = run(spied, jnp.ones((STEPS + 1, EXAMPLES, 1)))
    moved = np.diff(seen, axis=0)
    assert set(np.unique(moved)) == {0.0, 1.0}, "a unit neither stays nor moves"
    hidden, memory = moved[..., :UNITS] == 0, moved[..., UNITS:] == 0
    rates = dict(s.cell.rates)
    assert_share(hidden, rates["hidden"], "the hidden units stay")
    assert_share(memory, rates["cell"], "the memory stays")
    together, apart = (hidden & memory).mean(), rates["hidden"] * rates["cell"]
    assert abs(together - apart) < 5 * np.sqrt(apart * (1 - apart) / hidden.size), "one coin for both fields"


def hears_as_it_should(s: Specimen) -> None:
    """The teacher is heard at the schedule's probability, by a coin for each example at each step."""
    spied = type(s.cell)(Echo(1), Values(1), s.cell.schedule)
    steps, examples = 10 * STEPS, EXAMPLES
    told = jnp.broadcast_to(jnp.arange(1.0, steps + 1)[:, None, None], (steps, examples, 1))
    heard = run(spied, told)[..., 0]
    last = np.concatenate([np.zeros((1, examples)), heard[:-1]])
    taught = heard == np.asarray(told)[..., 0]
    np.testing.assert_array_equal(heard[~taught], last[~taught], err_msg="neither the target nor the output")
    assert_share(taught, float(s.cell.schedule(s.cell.iteration)), "the steps are taught")


NOISE = (
    ("recurrent_dropout", hides_as_it_should),
    ("recurrent_dropout", masks_the_weights),
    ("zoneout", keeps_as_it_should),
    ("scheduled_sampling", hears_as_it_should),
)
"""What the noise of each row is held to."""
