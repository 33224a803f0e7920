"""Learning rules on one network and one batch, against BPTT through a finite window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from throughtime.analysis.agreement import Agreement, agreements, silent_parameters
from throughtime.analysis.rule_cost import compiled_bytes, interleaved_seconds, trace_bytes
from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError, OptionError, UsageError
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning import BPTT, LearningRule
from throughtime.learning.rule import Loss, check_steps

REFERENCE = "whole bptt"
"""The name of the reference among the rows: BPTT that sees the window in one piece."""


@dataclass(frozen=True)
class Window:
    """A piece of a stream: the state that the steps before it lead to, and what comes in it.

    **Shapes** `state` `[B, ...]`, or `None` for the initial state; `inputs` `[W, B, I]`, `targets`
    `[W, B, ...]`, `mask` `[W, B]`.
    """

    state: State | None
    inputs: Shaped[Array, "W B *I"]
    targets: Shaped[Array, "W B *O"]
    mask: Float[Array, "W B"]


@dataclass(frozen=True)
class RuleMeasurement:
    """What a rule came to.

    `kept`: what of its exactness is left in chunks, `"truncated"` for a rule that is not online and would
    need the window in one piece. `agreements`: with the reference, for each array of parameters by its place
    and for all of them together. `seconds`: for a step of the whole batch, the median. `memory`: bytes that
    the compiled gradient of the window works in. `trace`: bytes that the rule carries from chunk to chunk.
    """

    name: str
    kept: str
    is_online: bool
    agreements: Mapping[str, Agreement]
    seconds: float
    memory: int
    trace: int


@dataclass(frozen=True)
class RuleComparison:
    """Every rule that can train the network, the reference first, and why the others cannot.

    `silent`: arrays of parameters that have no gradient in this window, so that nothing is said about them.
    """

    rows: tuple[RuleMeasurement, ...]
    refused: Mapping[str, str]
    silent: tuple[str, ...]
    window: int
    chunk_size: int
    batch_size: int


def compare_rules(
    network: Network,
    loss: Loss,
    window: Window,
    rules: Mapping[str, LearningRule],
    *,
    chunk_size: int = 1,
    draws: int = 32,
    repeats: int = 10,
    key: PRNGKeyArray,
) -> RuleComparison:
    r"""Return how the gradient of each rule compares with that of BPTT, and what it costs.

    The window is cut into chunks, and each rule goes through them with the network's state carried on, and
    with a trace that is empty where the window begins. The reference sees all of the window in one piece,
    from the same state. An exact online rule gives the same; a rule that forgets, or draws, does not. What
    happened before the window is in the state alone, for all of them alike.

    Arguments:
        network: a cell or a stack, without noise.
        loss: of one output against one target.
        window: at least two steps.
        rules: by the name to show them under.
        chunk_size: steps in a chunk, at least 1 and fewer than the window has: in one chunk, rules that
            forget at the border of a chunk would be BPTT.
        draws: gradients of a rule that draws random numbers, at least 2. A rule that draws none gives one.
        repeats: how often each gradient is timed, in turns, after a first run that is not; at least 1.
        key: source of the rules' randomness.

    **Raises**

        NotACellError: the network must see whole sequences.
        OptionError: the window is not cut, or there are too few draws.
        ShapeError: targets or mask do not fit the inputs.
        UsageError: no parameter has a gradient in this window.

    **Cost**

        each rule is compiled once, and runs draws + repeats times
    """
    _check(network, window, chunk_size, draws, repeats)
    whole = len(window.inputs)
    exact = _compiled(network, loss, window, BPTT(), whole, key)
    reference = exact.run(key)
    silent = silent_parameters(reference)
    if len(silent) == len(jax.tree.leaves(reference)):
        raise UsageError(
            f"no parameter has a gradient in these {whole} steps, so there is nothing to compare with; "
            "choose another window, or give the mask some weight in it"
        )
    ready: dict[str, tuple[LearningRule, _Compiled]] = {REFERENCE: (BPTT(), exact)}
    refused: dict[str, str] = {}
    for name, rule in rules.items():
        try:
            ready[name] = rule, _compiled(network, loss, window, rule, chunk_size, key)
        except UsageError as error:
            refused[name] = str(error)
    found = {
        name: agreements(_draw(compiled.run, key, draws), reference) for name, (_, compiled) in ready.items()
    }
    work = {name: partial(compiled.run, key) for name, (_, compiled) in ready.items()}
    seconds = interleaved_seconds(work, repeats)
    rows = tuple(
        RuleMeasurement(
            name=name,
            kept=kept_in_chunks(rule) if name != REFERENCE else rule.exactness,
            is_online=rule.is_online,
            agreements=found[name],
            seconds=seconds[name] / whole,
            memory=compiled.memory,
            trace=trace_bytes(rule, network, window.inputs.shape[1], key),
        )
        for name, (rule, compiled) in ready.items()
    )
    return RuleComparison(rows, refused, tuple(silent), whole, chunk_size, window.inputs.shape[1])


def kept_in_chunks(rule: LearningRule) -> str:
    """Return what a rule's gradient is in chunks: as it declares, unless it forgets at their borders."""
    return rule.exactness if rule.is_online or rule.exactness == "biased" else "truncated"


def gradient_in_window(
    rule: LearningRule,
    network: Network,
    loss: Loss,
    window: Window,
    chunk_size: int,
    key: PRNGKeyArray,
) -> Network:
    """Return the sum of a rule's gradients over the chunks of a window, with an empty trace at first."""
    steps, batch_size = window.inputs.shape[:2]
    trace = rule.start(network, batch_size, key)
    parts = (window.inputs, window.targets, window.mask)

    def gradient(trace: Any, state: State | None, start: Any, size: int) -> Any:
        chunk = [jax.lax.dynamic_slice_in_dim(part, start, size) for part in parts]
        return rule.gradient(network, loss, trace, state, *chunk)

    # The first chunk is by itself, so that it can make the initial state, and a learned one has a gradient.
    first = gradient(trace, window.state, 0, chunk_size)
    starts = jnp.arange(chunk_size, steps - chunk_size + 1, chunk_size)

    def add(so_far: tuple[Any, Any, Any], start: Array) -> tuple[tuple[Any, Any, Any], None]:
        total, state, trace = so_far
        new = gradient(trace, state, start, chunk_size)
        return (jax.tree.map(jnp.add, total, new.gradient), new.state, new.trace), None

    (total, state, trace), _ = jax.lax.scan(add, (first.gradient, first.state, first.trace), starts)
    rest = steps % chunk_size
    if rest:
        total = jax.tree.map(jnp.add, total, gradient(trace, state, steps - rest, rest).gradient)
    gradient_of_all: Network = total
    return gradient_of_all


@dataclass(frozen=True)
class _Compiled:
    run: Callable[[PRNGKeyArray], Network]
    memory: int


def _compiled(
    network: Network, loss: Loss, window: Window, rule: LearningRule, chunk_size: int, key: PRNGKeyArray
) -> _Compiled:
    given = (network, window.state, window.inputs, window.targets, window.mask)

    def gradient(
        network: Network, state: Any, inputs: Array, targets: Array, mask: Array, key: PRNGKeyArray
    ) -> Network:
        return gradient_in_window(rule, network, loss, Window(state, inputs, targets, mask), chunk_size, key)

    compiled = jax.jit(gradient).lower(*given, key).compile()
    return _Compiled(lambda key: compiled(*given, key), compiled_bytes(compiled))


def _draw(run: Callable[[PRNGKeyArray], Network], key: PRNGKeyArray, draws: int) -> list[Network]:
    """Return gradients of different keys; two of them, if these are equal, and the rule draws nothing."""
    keys = jax.random.split(key, draws)
    first = [run(keys[0]), run(keys[1])]
    pairs = zip(*map(jax.tree.leaves, first), strict=True)
    if all(np.array_equal(one, other) for one, other in pairs):
        return first
    return first + [run(one) for one in keys[2:]]


def check_network(network: Network) -> Cell:
    """Return a network that goes step by step; raise `NotACellError` for one that only BPTT can train."""
    if not isinstance(network, Cell):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, and only BPTT can train it, so there is "
            "nothing to compare; use a network that reads in one direction"
        )
    return network


def _check(network: Network, window: Window, chunk_size: int, draws: int, repeats: int) -> None:
    check_steps(window.inputs, window.targets, window.mask)
    cell = check_network(network)
    steps = len(window.inputs)
    if not 1 <= chunk_size < steps:
        raise OptionError(
            f"chunk_size is {chunk_size} in a window of {steps} steps; choose at least 1 and fewer than the "
            "window has, for over a whole window every rule gives BPTT, and nothing is compared"
        )
    if draws < 2 or repeats < 1:
        raise OptionError(f"draws is {draws} and repeats {repeats}; choose draws >= 2 and repeats >= 1")
    if window.state is None:
        initial_states(cell, 1)  # a network that draws noise is refused here
