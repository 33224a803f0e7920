"""A liquid beside closed forms: decays, firing rates, synapses at a fixed rate; its lattice, bad settings."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import CORTICAL, LeakyNeurons, Liquid, initial_states, unroll
from throughtime.core.errors import OptionError, UsageError
from throughtime.core.fused import kernels
from throughtime.kernels.library import available
from throughtime.networks.architecture import Architecture
from throughtime.reservoirs import liquid_run
from throughtime.reservoirs.dynamic_synapses import PAIRS, SynapseKind, delays, draw_synapses
from throughtime.reservoirs.lattice import lattice_positions, most_targets, wire
from throughtime.reservoirs.spikes import ramp, spike

KEY = jax.random.key(0)


def quiet(step_ms: float, **settings: Any) -> Liquid:
    """Two neurons without connections."""
    return Liquid(1, 2, step_ms=step_ms, recurrent_scaling=0.0, input_share=1.0, key=KEY, **settings)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("step_ms", [0.1, 0.7])
def test_every_time_constant_decays_as_calculated_by_hand(step_ms: float) -> None:
    cell = quiet(step_ms, neurons=LeakyNeurons(membrane_ms=20.0, background_na=0.0, synapse_ms=(3.0, 6.0)))
    steps = 40
    passed = math.exp(-steps * step_ms / 20), math.exp(-steps * step_ms / 3), math.exp(-steps * step_ms / 6)
    rested = initial_states(cell, 1)
    state = rested._replace(membrane_mv=jnp.array([[9.0, -4.0]]))
    after, _ = unroll(cell, jnp.zeros((steps, 1, 1)), state)
    np.testing.assert_allclose(after.membrane_mv, [[9 * passed[0], -4 * passed[0]]], rtol=1e-12)
    flowing = rested._replace(current_na=jnp.array([[[2.0, 1.0], [-3.0, -1.0]]]))
    after, _ = unroll(cell, jnp.zeros((steps, 1, 1)), flowing)
    expected = [[[2 * passed[1], passed[1]], [-3 * passed[2], -passed[2]]]]
    np.testing.assert_allclose(after.current_na, expected, rtol=1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("current_na", [15.5, 20.0, 40.0])
def test_firing_rate_at_a_constant_current(current_na: float) -> None:
    neurons = LeakyNeurons(background_na=current_na)
    cell = eqx.tree_at(lambda cell: cell.inhibitory, quiet(0.01, neurons=neurons), jnp.array([0, 1]))
    cell = eqx.tree_at(lambda cell: cell.refractory_steps, cell, jnp.array([300, 200], jnp.int32))
    _, spikes = unroll(cell, jnp.zeros((100_000, 1, 1)))
    for neuron, pause in enumerate(neurons.refractory_ms):
        times = np.flatnonzero(np.asarray(spikes[:, 0, neuron])) * 0.01
        to_threshold = 30 * math.log((current_na - 13.5) / (current_na - 15))
        assert np.diff(times).mean() == pytest.approx(pause + to_threshold, abs=0.02)


def test_refractory_steps_are_those_of_the_kinds() -> None:
    cell = Liquid(1, 40, step_ms=0.5, key=KEY)
    inhibitory = np.asarray(cell.inhibitory) == 1
    assert inhibitory.sum() == 8
    np.testing.assert_array_equal(cell.refractory_steps, np.where(inhibitory, 4, 6))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("rate_hz", [5.0, 40.0])
def test_synapses_settle_as_calculated_for_a_fixed_rate(pair: str, rate_hz: float) -> None:
    _, _, U, D, F, _ = CORTICAL[pair]
    cell = quiet(1.0)
    filled = [jnp.full(cell.synapses.use.shape, value) for value in (U, D, F)]
    synapses = eqx.tree_at(lambda s: (s.use, s.depression_ms, s.facilitation_ms), cell.synapses, filled)
    elapsed_ms = 1000 / rate_hz
    used, resources = jnp.zeros_like(filled[0]), jnp.ones_like(filled[0])
    course = []
    for _ in range(200):
        used, resources = synapses.after_spike(used, resources, jnp.full(2, elapsed_ms))
        course.append(float(used[0, 0] * resources[0, 0]))
    facilitated, recovered = math.exp(-elapsed_ms / F), math.exp(-elapsed_ms / D)
    u = U / (1 - (1 - U) * facilitated)
    R = (1 - recovered) / (1 - (1 - u) * recovered)
    np.testing.assert_allclose([used[0, 0], resources[0, 0]], [u, R], rtol=1e-6)
    assert course[0] == pytest.approx(U)
    # As the curves of Markram et al. 1998: synapses onto excitatory neurons tire, those of EI grow first.
    assert (max(course) > 1.2 * course[0]) == (pair == "EI")


def test_pulses_arrive_after_their_delay_and_at_their_receptor() -> None:
    kinds = {pair: SynapseKind(1.0, sign * 5.0, 0.5, 100.0, 100.0, delay)
             for pair, sign, delay in (("EE", 1, 3), ("EI", 1, 1), ("IE", -1, 2), ("II", -1, 4))}  # fmt: skip
    cell = Liquid(1, 6, wiring_length=100.0, inhibitory_share=0.5, kinds=kinds, key=KEY)
    state = initial_states(cell, 1)
    for neuron in range(6):
        lifted = state._replace(membrane_mv=state.membrane_mv.at[0, neuron].set(40.0))
        now = lifted
        for step in range(5):
            now, spikes = unroll(cell, jnp.zeros((1, 1, 1)), now)
            assert spikes[0, 0, neuron] == (step == 0)
            current = np.asarray(now.current_na[0])
            inhibits = np.asarray(cell.inhibitory)
            for other in range(6):
                if other == neuron:
                    continue
                name = "EI"[inhibits[neuron]] + "EI"[inhibits[other]]
                first = cell.synapses.amplitude_na * cell.synapses.use
                pulse = float((first * (cell.synapses.targets == other))[neuron].sum())
                if step == kinds[name].delay_ms:
                    assert current[inhibits[neuron], other] == pytest.approx(pulse, rel=1e-3)
                if step < kinds[name].delay_ms:
                    assert current[inhibits[neuron], other] == 0
                assert current[1 - inhibits[neuron], other] == 0


def test_connections_are_as_likely_as_the_distance_says() -> None:
    size, length = 270, 2.0
    place = lattice_positions(size)
    assert place.max(axis=0).tolist() == [2, 2, 29]
    assert len(np.unique(place, axis=0)) == size
    draws = [wire(size, 3, length, 0.2, CORTICAL, np.random.default_rng(seed)) for seed in range(30)]
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    for number, name in enumerate(PAIRS):
        found, likely, count = 0.0, 0.0, 0
        for targets, exist, inhibitory in draws:
            assert inhibitory.sum() == 54
            connected = np.zeros((size, size), bool)
            connected[np.nonzero(exist)[0], targets[exist]] = True
            assert connected.sum() == exist.sum(), "a connection is there twice"
            assert not connected.diagonal().any()
            here = (2 * inhibitory[:, None] + inhibitory[None] == number) & (distance > 0)
            chance = CORTICAL[name].probability * np.exp(-((distance / length) ** 2))
            found += connected[here].sum()
            likely += chance[here].sum()
            count += (chance * (1 - chance))[here].sum()
        assert abs(found - likely) < 4 * math.sqrt(count), name
    assert max(exist.sum(axis=1).max() for _, exist, _ in draws) < most_targets(size, 3, length, CORTICAL)


def test_synapses_are_drawn_around_the_means_of_their_kind() -> None:
    pair = np.repeat(np.arange(4), 5000).reshape(4, 5000)
    drawn = draw_synapses(pair, np.ones(pair.shape, bool), CORTICAL, 0.1, np.random.default_rng(0))
    for row, name in enumerate(PAIRS):
        kind = CORTICAL[name]
        assert drawn.amplitude_na[row].mean() == pytest.approx(kind.amplitude_na, rel=0.06)
        assert drawn.amplitude_na[row].std() == pytest.approx(abs(kind.amplitude_na), rel=0.06)
        for field in ("use", "depression_ms", "facilitation_ms"):
            # Values below a tenth of the mean are drawn anew, so that the mean is a little above.
            assert np.median(getattr(drawn, field)[row]) == pytest.approx(getattr(kind, field), rel=0.08)
            assert getattr(drawn, field)[row].min() >= 0.1 * getattr(kind, field)
        assert set(drawn.delay_steps[row]) == {15 if name == "EE" else 8}
    assert drawn.use.max() <= 1
    assert delays(CORTICAL, 1.0).tolist() == [2, 1, 1, 1]
    assert delays(CORTICAL, 10.0).tolist() == [1, 1, 1, 1]


def test_spikes_borrow_the_slope_of_the_ramp() -> None:
    excess = jnp.array([-1.5, -1.0, -0.4, 0.0, 0.3, 2.0])
    np.testing.assert_array_equal(spike(excess), [0, 0, 0, 1, 1, 1])
    slopes = [jax.vmap(jax.grad(function))(excess) for function in (spike, ramp)]
    np.testing.assert_allclose(slopes[0], slopes[1], atol=1e-6)
    np.testing.assert_allclose(slopes[0], [0, 0, 0.18, 0.3, 0.21, 0], atol=1e-6)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("build", available())
def test_native_steps_are_the_plain_ones(build: str) -> None:
    cell = Liquid(2, 37, step_ms=0.5, input_scaling=3.0, key=KEY)
    draw = np.random.default_rng(0)
    inputs = jnp.asarray((draw.random((120, 3, 2)) < 0.15).astype(float))
    lengths = jnp.array([120, 71, 0])

    def ran(choice: str) -> Any:
        with kernels(choice):
            return unroll(cell, inputs, lengths=lengths)

    native, plain = ran(build), ran("off")
    assert 0.005 < float(plain[1].mean()) < 0.2
    for one, other in zip(jax.tree.leaves(native), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11)


def test_kernels_that_are_older_than_liquids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liquid_run, "is_built", lambda _: False)
    with kernels(available()[-1]), pytest.raises(UsageError, match=r"are older than .* know no liquids"):
        unroll(quiet(1.0), jnp.ones((3, 1, 1)))


def test_layers_of_a_liquid_by_name() -> None:
    network: Any = Architecture(
        cell="liquid,spike_filter", hidden_size=9, step_ms=0.5, filter_ms=20, wiring_length=3.0
    ).build(feature_count=2, output_size=3, key=KEY)
    liquid, trace, readout = network.cells
    assert (liquid.step_ms, trace.step_ms, trace.filter_ms) == (0.5, 0.5, 20.0)
    assert (trace.output_size, readout.output_size) == (9, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step_ms": 0.0}, "step_ms is 0.0; choose a number above 0"),
        ({"step_ms": 1e-6}, "step_ms is 1e-06, at which the longest delay has 1500000 steps"),
        ({"wiring_length": math.inf}, "wiring_length is inf; choose a number above 0"),
        ({"recurrent_scaling": -1.0}, "recurrent_scaling is -1.0; choose a number of at least 0"),
        ({"input_share": 0.0}, "input_share is 0.0; choose a number above 0 and at most 1"),
        ({"inhibitory_share": 1.2}, "inhibitory_share is 1.2; choose a number from 0 to 1"),
        ({"hidden_size": 1}, "hidden_size is 1; a liquid has at least 2 neurons"),
        ({"kinds": {"EE": CORTICAL["EE"]}}, "kinds has EE; give all of EE, EI, IE, II"),
        (
            {"kinds": {**CORTICAL, "IE": CORTICAL["IE"]._replace(use=0.0)}},
            "use of the synapses IE is 0.0; choose a number above 0 and at most 1",
        ),
    ],
)
def test_settings_that_make_no_liquid(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Liquid(**{"input_size": 1, "hidden_size": 4, "key": KEY, **settings})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"membrane_ms": 0.0}, "membrane_ms is 0.0; choose a number above 0"),
        ({"synapse_ms": (3.0, 0.0)}, r"synapse_ms is \(3.0, 0.0\); choose numbers above 0"),
        ({"refractory_ms": (-1.0, 2.0)}, "refractory_ms is .* at least 0"),
        ({"threshold_mv": 13.0}, "threshold_mv is 13.0 and reset_mv is 13.5; a spike has to leave"),
        ({"background_na": math.nan}, "background_na is nan; choose finite numbers"),
    ],
)
def test_numbers_that_make_no_neuron(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        LeakyNeurons(**numbers)
