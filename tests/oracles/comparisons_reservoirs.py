"""Reservoirs beside their papers, and the noise that drives them beside what it should be."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.laws.compilation import quick_jit
from tests.laws.registry import Specimen
from tests.oracles import papers_reservoirs as papers
from throughtime import EchoState, initial_states, unroll

FUNCTIONS = {"tanh": np.tanh, "identity": lambda net: net}


def matrix(cell: EchoState) -> np.ndarray:
    """Return the recurrent weights with all their zeros, put together entry by entry."""
    U: Any = cell.recurrent_weight
    if not hasattr(U, "columns"):
        return np.asarray(U)
    dense = np.zeros((len(U.weights), len(U.weights)))
    for row, (weights, columns) in enumerate(zip(np.asarray(U.weights), np.asarray(U.columns), strict=True)):
        for weight, column in zip(weights, columns, strict=True):
            dense[row, column] += weight
    return dense


def reservoir(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    cell: Any = s.cell
    ran = [
        papers.leaky_reservoir(
            x, np.asarray(cell.input_weight), matrix(cell), np.asarray(cell.bias), cell.gain,
            cell.leak / cell.gain, FUNCTIONS[cell.activation], h,
        )
        for x, h in zip(np.moveaxis(np.asarray(s.inputs), 1, 0), np.asarray(s.state.hidden), strict=True)
    ]  # fmt: skip
    return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]


def scaled(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    """A reservoir whose weights and leak are multiplied beforehand."""
    cell: Any = s.cell
    inner = cell.cell
    s_in, s_r, s_a = (
        float(np.exp(one)) for one in (cell.log_input_scale, cell.log_radius_scale, cell.log_leak_scale)
    )
    C = inner.gain * s_a
    ran = [
        papers.leaky_reservoir(
            x, s_in * np.asarray(inner.input_weight), s_r * matrix(inner), np.asarray(inner.bias), C,
            inner.leak * s_a / C, np.tanh, h,
        )
        for x, h in zip(np.moveaxis(np.asarray(s.inputs), 1, 0), np.asarray(s.state.hidden), strict=True)
    ]  # fmt: skip
    return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]


def liquid(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    cell: Any = s.cell
    made, n = cell.synapses, cell.neurons
    fields = (made.amplitude_na, made.use, made.depression_ms, made.facilitation_ms, made.targets)
    rows = zip(*map(np.asarray, (*fields, made.delay_steps)), strict=True)
    synapses = [list(zip(*row, strict=True)) for row in rows]
    constants = {
        "dt": cell.step_ms, "tau": n.membrane_ms, "tau_e": n.synapse_ms[0], "tau_i": n.synapse_ms[1],
        "resistance": n.resistance_mohm, "background": n.background_na, "threshold": n.threshold_mv,
        "reset": n.reset_mv,
    }  # fmt: skip
    spikes, ends = [], []
    for row, x in enumerate(np.moveaxis(np.asarray(s.inputs), 1, 0)):
        state = type(s.state)(*(np.asarray(leaf)[row] for leaf in s.state))
        start = {
            "v": state.membrane_mv, "currents": state.current_na, "u": state.used, "r": state.resources,
            "pulses": np.roll(state.arriving_na, -int(state.position), axis=0),
            "rest": state.refractory_steps, "since": state.since_spike_steps,
        }  # fmt: skip
        ran, end = papers.liquid(
            x, np.asarray(cell.input_weight), synapses, np.asarray(cell.inhibitory),
            np.asarray(cell.refractory_steps), constants, start,
        )  # fmt: skip
        position = (int(state.position) + len(x)) % cell.slots
        end["pulses"] = np.roll(end["pulses"], position, axis=0)
        spikes.append(ran)
        ends.append(
            [*(end[name] for name in ("v", "currents", "u", "r", "pulses", "rest", "since")), position]
        )
    assert 0.05 < np.mean(spikes) < 0.95, "the liquid is silent, or never is"
    return np.stack(spikes, 1), [np.stack(parts) for parts in zip(*ends, strict=True)]


def filtered(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    cell: Any = s.cell
    traces = [
        papers.filtered(x, cell.filter_ms, cell.step_ms, y)
        for x, y in zip(np.moveaxis(np.asarray(s.inputs), 1, 0), np.asarray(s.state.trace), strict=True)
    ]
    return np.stack(traces, 1), [np.stack([trace[-1] for trace in traces])]


def drives_as_it_should(s: Specimen) -> None:
    """The noise within the activation is normal, of the deviation, and anew for each unit and step."""
    steps, examples, size = 300, 10, s.cell.output_size
    quiet = jax.tree.map(jnp.zeros_like, s.cell.cell)
    noisy = type(s.cell)(quiet, s.cell.deviation)
    state = initial_states(noisy, examples, jax.random.key(3))
    _, outputs = quick_jit(unroll)(noisy, jnp.zeros((steps, examples, s.cell.input_size)), state)
    hidden = np.asarray(outputs)
    before = np.concatenate([np.zeros((1, examples, size)), hidden[:-1]])
    drawn = np.arctanh((hidden - (1 - quiet.leak) * before) / quiet.gain) / s.cell.deviation
    assert abs(drawn.mean()) < 5 / np.sqrt(drawn.size)
    assert abs(drawn.var() - 1) < 5 * np.sqrt(2 / drawn.size)
    assert abs((drawn**4).mean() - 3) < 5 * np.sqrt(96 / drawn.size), "not normal"
    for axis in range(3):
        shared = (drawn * np.roll(drawn, 1, axis)).mean()
        assert abs(shared) < 5 / np.sqrt(drawn.size), "neighbours share their noise"


ORACLES = {
    "echo_state": reservoir,
    "echo_state_linear": reservoir,
    "learned_scaling": scaled,
    "liquid": liquid,
    "spike_filter": filtered,
}
WITHOUT = {"net_noise", "parallel"}
"""Noise has a distribution only; what stands side by side is here by itself."""

NOISE = (("net_noise", drives_as_it_should),)
