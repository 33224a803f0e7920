"""Training on a problem: new sequences at every step, the same test again and again, until it is solved."""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.noise import without_noise
from throughtime.core.randomness import generator_for, key_for
from throughtime.core.sequence_map import Network, apply
from throughtime.data.batching import prefetch
from throughtime.learning.readout import SOLVERS
from throughtime.problems import Examples, Problem
from throughtime.training.arrays import copied
from throughtime.training.curvature_steps import HESSIAN_FREE, curvature_step
from throughtime.training.gradients import Manner, batch_gradient, manner_of
from throughtime.training.settings import SolvingSettings
from throughtime.training.solved_readout import readout_solver
from throughtime.training.steps import OptimizerState, optimizer_of, start_optimizer, update


class Check(NamedTuple):
    """How a test went: after which training step and how many sequences, mean loss, share answered right."""

    iteration: int
    sequences: int
    loss: float
    right: float


@dataclass(frozen=True)
class Attempt:
    """What became of a network that was trained on a problem.

    `checks` are all tests, the first one before any training. `seconds` are those of the training steps, with
    the compiling of the first one and without the tests.
    """

    network: Network
    checks: tuple[Check, ...]
    seconds: float
    enough: float | None

    @property
    def last(self) -> Check:
        """The last test."""
        return self.checks[-1]

    @property
    def solved_after(self) -> int | None:
        """The sequences seen before the first test in which enough were answered right, if there was one."""
        if self.enough is None:
            return None
        return next((check.sequences for check in self.checks if check.right >= self.enough), None)

    @property
    def diverged(self) -> bool:
        """Whether training ended because the loss became infinite or not a number."""
        return not math.isfinite(self.last.loss)


def solve(
    problem: Problem,
    network: Network,
    settings: SolvingSettings,
    *,
    seed: int,
    watcher: Callable[[Check], None] | None = None,
) -> Attempt:
    """Return what becomes of a network that is trained on a problem.

    Arguments:
        problem: whose sequences are learned; the tests are of the problem that it is tested on.
        network: with fresh weights; it is not changed.
        settings: how it is trained, and when that ends.
        seed: decides the sequences and the noise, 0 to 2**32 - 1.
        watcher: is told of each test.
    """
    if settings.optimizer in SOLVERS:
        return _solved_readout(problem, network, settings, seed, watcher)
    asked = problem.tested_on
    tests = _drawn(asked, settings.test_sequences, settings.batch_size, seed)
    optimizer = optimizer_of(settings, settings.iterations)
    network = copied(network)
    optimizer_state = start_optimizer(network, settings, settings.iterations)
    key = key_for(seed, "noise")
    checks: list[Check] = []
    seconds = 0.0

    def check(iteration: int) -> bool:
        loss, right = tested(asked, network, tests)
        checks.append(Check(iteration, iteration * settings.batch_size, loss, right))
        if watcher is not None:
            watcher(checks[-1])
        return math.isfinite(loss) and (settings.enough is None or right < settings.enough)

    batches = (
        problem.draw(settings.batch_size, generator_for(seed, "training sequences", iteration))
        for iteration in range(settings.iterations)
    )
    going_on = check(0)
    with prefetch(batches) as ready:
        while going_on and (part := list(itertools.islice(ready, settings.check_every))):
            done, started = checks[-1].iteration, time.perf_counter()
            for count, batch in enumerate(part, done):
                network, optimizer_state = _step(
                    network,
                    optimizer_state,
                    batch,
                    key,
                    count,
                    problem=type(problem),
                    settings=settings,
                    optimizer=optimizer,
                )
            jax.tree.leaves(network)[0].block_until_ready()
            seconds += time.perf_counter() - started
            going_on = check(done + len(part))
    return Attempt(network, tuple(checks), seconds, settings.enough)


def _solved_readout(
    problem: Problem,
    network: Network,
    settings: SolvingSettings,
    seed: int,
    watcher: Callable[[Check], None] | None,
) -> Attempt:
    """Solve for the readout once, on as many batches as there would be training steps."""
    asked = problem.tested_on
    tests = _drawn(asked, settings.test_sequences, settings.batch_size, seed)
    checks = [Check(0, 0, *tested(asked, network, tests))]
    started = time.perf_counter()
    solver = readout_solver(network, settings)
    for count in range(settings.iterations):
        batch = problem.draw(settings.batch_size, generator_for(seed, "training sequences", count))
        solver.add(
            batch.inputs,
            batch.targets,
            mask=batch.mask,
            lengths=batch.lengths,
            washout=settings.washout,
            key=key_for(seed, "noise", count),
        )
    network, _ = solver.solve(settings.regularisation, at_last=True)
    seconds = time.perf_counter() - started
    iterations = settings.iterations
    checks.append(Check(iterations, iterations * settings.batch_size, *tested(asked, network, tests)))
    if watcher is not None:
        for check in checks:
            watcher(check)
    return Attempt(network, tuple(checks), seconds, settings.enough)


def tested(problem: Problem, network: Network, tests: list[Examples]) -> tuple[float, float]:
    """Return the mean loss over all steps that count, and the share of sequences that are answered right."""
    quiet = without_noise(network)
    losses, counted, right = 0.0, 0.0, []
    for examples in tests:
        outputs, loss = _answered(quiet, *examples, problem=type(problem))
        losses, counted = losses + float(loss), counted + float(examples.mask.sum())
        right.append(problem.right(np.asarray(outputs), examples))
    return losses / counted, float(np.mean(np.concatenate(right)))


def _drawn(problem: Problem, count: int, batch_size: int, seed: int) -> list[Examples]:
    """Return test sequences in batches of one size, so that one program runs them all."""
    size = min(count, batch_size)
    return [
        problem.draw(size, generator_for(seed, "test sequences", number))
        for number in range(math.ceil(count / size))
    ]


def _step(
    network: Network,
    optimizer_state: OptimizerState,
    batch: Examples,
    key: PRNGKeyArray,
    count: int,
    *,
    problem: type[Problem],
    settings: SolvingSettings,
    optimizer: optax.GradientTransformation,
) -> tuple[Network, OptimizerState]:
    """Return network and optimiser after one step, in the buffers of those before it."""
    if settings.optimizer == HESSIAN_FREE:
        network, optimizer_state, _ = curvature_step(
            network,
            optimizer_state,
            batch.inputs,
            batch.targets,
            batch.mask / batch.mask.sum(),
            batch.lengths,
            key,
            np.int32(count),
            loss=problem.loss,
            optimizer=optimizer,
            curvature_sequences=settings.curvature_sequences,
        )
        return network, optimizer_state
    gradient = _gradient(network, *batch, key, np.int32(count), problem=problem, manner=manner_of(settings))
    return update(network, optimizer_state, gradient, optimizer=optimizer)


@partial(jax.jit, static_argnames=("problem", "manner"))
def _gradient(
    network: Network,
    inputs: Float[Array, "T B I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"],
    key: PRNGKeyArray,
    count: Integer[Array, ""],
    *,
    problem: type[Problem],
    manner: Manner,
) -> Network:
    weights = mask / mask.sum()
    return batch_gradient(
        manner, network, problem.loss, inputs, targets, weights, lengths, key, count
    ).gradient


@partial(jax.jit, static_argnames=("problem",))
def _answered(
    network: Network,
    inputs: Float[Array, "T B I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"],
    *,
    problem: type[Problem],
) -> tuple[Float[Array, "T B O"], Float[Array, ""]]:
    outputs = apply(network, inputs, lengths=lengths)
    losses = jax.vmap(jax.vmap(problem.loss))(outputs, targets)
    return outputs, jnp.where(mask > 0, losses, 0).sum()
