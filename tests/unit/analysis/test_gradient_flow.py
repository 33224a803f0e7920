"""The gradient by the state over time: closed forms, every array, padding, both directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.unit.analysis.toy import LinearMap, Memory, squared
from throughtime import GRU, LSTM, Bidirectional, Chain, Elman, Linear, Stack
from throughtime.analysis.gradient_flow import GradientFlow, gradient_flow
from throughtime.analysis.nudges import nudged_step
from throughtime.core.errors import OptionError, ShapeError

TIME, BATCH, SIZE = 9, 3, 4
LENGTHS = np.array([9, 5, 7])


def last_steps(lengths: np.ndarray = LENGTHS) -> jax.Array:
    return (jnp.arange(TIME)[:, None] == jnp.asarray(lengths) - 1).astype(float)


def draw(*shape: int, seed: int = 3) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("radius", [0.7, 1.0, 1.3])
def test_of_a_scaled_rotation_it_is_geometric_in_the_spectral_radius(radius: float) -> None:
    rotation = jnp.asarray(np.linalg.qr(draw(SIZE, SIZE))[0])
    targets = draw(TIME, BATCH, SIZE, seed=5)
    flow = gradient_flow(
        LinearMap(radius * rotation), squared, draw(TIME, BATCH, SIZE), targets, last_steps(np.full(3, TIME))
    )
    norms = flow.norms["value"]
    np.testing.assert_allclose(norms, norms[-1] * radius ** np.arange(TIME - 1, -1, -1)[:, None], rtol=1e-10)
    assert norms[-1].min() > 0.1
    assert flow.factor("value") == pytest.approx(radius, rel=1e-9)


@pytest.mark.usefixtures("float64")
def test_the_loss_of_every_step_counts_at_its_own_step() -> None:
    weight, inputs, targets = draw(SIZE, SIZE) / 3, draw(TIME, 1, SIZE), draw(TIME, 1, SIZE, seed=5)
    mask = jnp.arange(1.0, TIME + 1)[:, None]
    flow = gradient_flow(LinearMap(weight), squared, inputs, targets, mask)
    states, h = [], np.zeros(SIZE)
    for x in np.asarray(inputs[:, 0]):
        h = np.asarray(weight) @ h + x
        states.append(h)
    by_hand, back = [], np.zeros(SIZE)
    for t in reversed(range(TIME)):
        back = float(mask[t, 0]) * (states[t] - np.asarray(targets[t, 0])) + np.asarray(weight).T @ back
        by_hand.append(np.linalg.norm(back))
    np.testing.assert_allclose(flow.norms["value"][:, 0], by_hand[::-1], rtol=1e-10)


@pytest.mark.usefixtures("float64")
def test_in_a_stack_the_layers_above_feel_a_state_within_its_step(key: jax.Array) -> None:
    below, above, readout = LSTM(2, SIZE, key=key), GRU(SIZE, 3, key=key), Linear(3, 2, key=key)
    stack = Stack([below, above, readout])
    steps = 3
    inputs, targets = draw(steps, 1, 2), draw(steps, 1, 2, seed=5)
    mask = jnp.ones((steps, 1))
    flow = gradient_flow(stack, squared, inputs, targets, mask)

    def total(nudges: list[jax.Array]) -> jax.Array:
        low, high, value = below.initial_state(), above.initial_state(), jnp.zeros(())
        for t in range(steps):
            low, _ = below.step(low, below.project(inputs[t, 0]))
            low = low._replace(hidden=low.hidden + nudges[0][t])
            high, _ = above.step(high, above.project(low.hidden))
            high = high._replace(hidden=high.hidden + nudges[1][t])
            value += squared(readout.project(high.hidden), targets[t, 0])
        return value

    by_hand = quick_jit(jax.grad(total))([jnp.zeros((steps, SIZE)), jnp.zeros((steps, 3))])
    assert set(flow.norms) == {"layers.0.hidden", "layers.0.cell", "layers.1.hidden"}
    for name, slopes in zip(("layers.0.hidden", "layers.1.hidden"), by_hand, strict=True):
        np.testing.assert_allclose(flow.norms[name][:, 0], np.linalg.norm(slopes, axis=1), rtol=1e-10)
        assert flow.norms[name].min() > 1e-4
    assert flow.parameter_norm > 1e-2


@pytest.mark.usefixtures("float64")
def test_padding_has_no_gradient_and_changes_none(key: jax.Array) -> None:
    network = Stack([GRU(2, SIZE, key=key), Linear(SIZE, 2, key=key)])
    inputs, targets = draw(TIME, BATCH, 2), draw(TIME, BATCH, 2, seed=5)
    flow = gradient_flow(network, squared, inputs, targets, last_steps(), lengths=jnp.asarray(LENGTHS))
    number, length = 1, int(LENGTHS[1])
    alone = gradient_flow(
        network,
        squared,
        inputs[:length, number : number + 1],
        targets[:length, number : number + 1],
        jnp.zeros((length, 1)).at[-1].set(1.0),
    )
    norms = flow.norms["layers.0.hidden"][:, number]
    np.testing.assert_allclose(norms[:length], alone.norms["layers.0.hidden"][:, 0], rtol=1e-10)
    assert not norms[length:].any()
    aligned = flow.from_the_end("layers.0.hidden")
    assert np.isfinite(aligned).sum() == LENGTHS.sum()
    np.testing.assert_array_equal(aligned[-1], flow.norms["layers.0.hidden"][LENGTHS - 1, range(BATCH)])


@pytest.mark.usefixtures("float64")
def test_both_directions_vanish_their_own_way(key: jax.Array) -> None:
    cells = [Elman(2, SIZE, key=key), Elman(2, SIZE, key=jax.random.fold_in(key, 1))]
    network = Chain([Bidirectional(*cells, to_the_end=True), Linear(2 * SIZE, 1, key=key)])
    inputs, targets = draw(TIME, BATCH, 2), draw(TIME, BATCH, 1, seed=5)
    flow = gradient_flow(network, squared, inputs, targets, last_steps(), lengths=jnp.asarray(LENGTHS))
    there, back = flow.norms["layers.0.forward.hidden"], flow.norms["layers.0.backward.hidden"]
    for number, length in enumerate(LENGTHS):
        assert there[length - 1, number] > there[0, number] > 0
        assert back[0, number] > back[length - 1, number] > 0
    assert flow.factor("layers.0.forward.hidden") < 1
    assert flow.factor("layers.0.backward.hidden") < 1


def test_a_nudge_reaches_results_that_are_the_same_or_only_pass_through() -> None:
    class Passing(LinearMap):
        def step(self, state: Memory, projected: jax.Array) -> tuple[Memory, jax.Array]:
            return state, 2 * state.value

    weight = jnp.eye(2)
    given = Memory(jnp.array([1.0, 2.0]))
    state, output = nudged_step(Passing(weight), given, jnp.zeros(2), (jnp.array([10.0, 20.0]),))
    assert state.value.tolist() == [11, 22]
    assert output.tolist() == [2, 4], "what passes through was there before the nudge"
    state, output = nudged_step(LinearMap(weight), given, jnp.zeros(2), (jnp.array([10.0, 20.0]),))
    assert state.value.tolist() == output.tolist() == [11, 22]


def test_clipping_shrinks_all_steps_alike() -> None:
    flow = GradientFlow({"h": np.ones((2, 1))}, np.array([2]), 0.0, 4.0)
    assert flow.clipping(1.0) == 0.25
    assert flow.clipping(5.0) == 1.0
    assert np.isnan(GradientFlow({"h": np.zeros((2, 1))}, np.array([2]), 0.0, 0.0).factor("h"))
    with pytest.raises(OptionError, match=r"clip_norm is 0; choose the longest gradient, a number above 0"):
        flow.clipping(0.0)


@pytest.mark.usefixtures("as_users_run_it")
def test_what_has_no_flow_is_refused(key: jax.Array) -> None:
    arrays = draw(TIME, BATCH, 2), draw(TIME, BATCH, 1), last_steps()
    with pytest.raises(OptionError, match=r"Linear remembers nothing, so no gradient flows .*; use a"):
        gradient_flow(Linear(2, 1, key=key), squared, *arrays)
    with pytest.raises(ShapeError, match=r"mask has shape \(9, 2\)"):
        gradient_flow(Elman(2, 1, key=key), squared, *arrays[:2], arrays[2][:, :2])
