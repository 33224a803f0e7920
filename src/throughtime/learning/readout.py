"""Solving for the linear readout on top of a network, whatever is below it: reservoir or trained cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, NoState, State
from throughtime.core.errors import DivergedError, OptionError, ShapeError, check_sizes, choose
from throughtime.core.sequence_map import Network, apply
from throughtime.core.state import initial_states
from throughtime.core.unroll import unroll
from throughtime.learning.logistic import LogisticEquations
from throughtime.learning.ridge import CANDIDATES, NormalEquations, ReadoutWeights
from throughtime.learning.triangular_equations import TriangularEquations
from throughtime.networks.chain import Chain
from throughtime.networks.linear import Linear
from throughtime.networks.log_softmax import LogSoftmax
from throughtime.networks.stack import Stack, StackState

Method = Literal["ridge", "triangular", "logistic"]
"""How a readout is solved for: from sums of products, from a triangle, or as classes' odds."""

SOLVERS: tuple[Method, ...] = ("ridge", "logistic")
"""The methods that a run can have in the place of an optimiser, by its name."""

FOLDS = 5
"""Parts that the rows are shared out to when the regularisation is to be chosen."""


class Parted(NamedTuple):
    """A network in parts: the `body` below its readout, `None` where there is nothing; the `readout`; and how
    many layers are `above` it, which turn its scores into something else and have nothing to learn."""

    body: Network | None
    readout: Linear
    above: int = 0


class SolvedReadout(NamedTuple):
    """What came of a solution.

    `network`: with its readout solved for. `state`: of the network after the last step, `None` for one that
    must see whole sequences. `weights`: of the readout, in double precision, with the regularisation and the
    errors of all that were tried.
    """

    network: Network
    state: State | None
    weights: ReadoutWeights


class ReadoutSolver:
    """Collects what is needed to solve for a readout, part by part, and keeps neither states nor data.

    Arguments:
        network: a `Stack` or `Chain` with a `Linear` readout on top, or that alone.
        method: `"ridge"`, from sums of products (`NormalEquations`); `"triangular"`, ridge regression with
            twice the digits for four times the work, and no cross-validation (`TriangularEquations`); or
            `"logistic"`, for classes, which keeps all rows (`LogisticEquations`).
        folds: parts for cross-validation, at least 2, or 1 if the regularisation will be given.
        chunk_size: time steps that are held at once, at least 1.

    **Raises**

        OptionError: the network has no `Linear` readout on top.

    **Cost**

        a step: that of the network and of `NormalEquations.add`; memory: chunk_size states of each sequence
        of a part

    **Exactness**

        the solution of `NormalEquations` or `TriangularEquations`, in double precision, for the states in the
        network's own

    **Source**

        Jaeger 2001, GMD report 148, section 3 (offline learning of the output weights).
    """

    def __init__(
        self,
        network: Network,
        *,
        method: Method = "ridge",
        folds: int = FOLDS,
        chunk_size: int = 1000,
    ):
        choose("method", method, get_args(Method))
        check_sizes(folds=folds, chunk_size=chunk_size)
        self.network = network
        self._parted = parted(network)
        self._chunk_size = chunk_size
        readout = self._parted.readout
        sizes = readout.input_size, readout.output_size
        self.equations: NormalEquations | TriangularEquations | LogisticEquations
        if method == "ridge":
            self.equations = NormalEquations(*sizes, folds=folds)
        else:
            self.equations = (TriangularEquations if method == "triangular" else LogisticEquations)(*sizes)
        self._parts = 0

    def add(
        self,
        inputs: Shaped[Any, "T B *I"],
        targets: Shaped[Any, "T B *O"],
        *,
        mask: Shaped[Any, "T B"] | None = None,
        lengths: Integer[Any, " B"] | None = None,
        washout: int = 0,
        state: State | None = None,
        key: PRNGKeyArray | None = None,
    ) -> State | None:
        """Run the network below the readout over sequences, add their rows, and return its state.

        **Shapes**

            inputs `[T, B, I]` (symbols `[T, B]`), targets `[T, B, O]` or, for classes, whole numbers
            `[T, B]`; mask `[T, B]`, lengths `[B]`

        Arguments:
            inputs, targets: arrays of NumPy or JAX, or files mapped to memory: a chunk is read at a time.
            mask: which steps count, where it is above 0; all when left out.
            lengths: the real steps of each sequence; padding does not count.
            washout: first steps of each sequence that do not count, at least 0: what they echo is the start
                rather than the input.
            state: where to start; the initial state when left out.
            key: source of the noise, if there is some and no state.

        **Raises**

            ShapeError: inputs, targets and mask do not fit together.
            OptionError: the washout leaves no step of any sequence.
            DivergedError: states that are infinite or no numbers; it says at which step.
        """
        steps, batch_size = np.shape(inputs)[:2]
        real = np.full(batch_size, steps) if lengths is None else np.asarray(lengths)
        _check(np.shape(targets), None if mask is None else np.shape(mask), steps, batch_size, washout, real)
        body = self._parted.body
        is_cell = body is None or isinstance(body, Cell)
        below = None if state is None else _below(self._parted, state)
        if isinstance(body, Cell) and below is None:
            below = initial_states(body, batch_size, key)
        chunk_size = self._chunk_size if is_cell else steps
        for start in range(0, steps, chunk_size):
            part = slice(start, start + chunk_size)
            given = jnp.asarray(inputs[part])
            left = np.clip(real - start, 0, len(given)).astype(np.int32)
            features, below = _run(body, given, below, jnp.asarray(left), key)
            self._take(
                np.asarray(features),
                np.asarray(targets[part]),
                _counted(None if mask is None else np.asarray(mask[part]), left, washout - start, len(given)),
                start,
            )
        self._parts += batch_size
        return _whole(self._parted, below)

    def solve(
        self,
        regularisation: float | None = None,
        *,
        candidates: Sequence[float] = CANDIDATES,
        at_last: bool = False,
    ) -> tuple[Network, ReadoutWeights]:
        """Return the network with its readout solved for, and the weights in double precision.

        Arguments:
            regularisation: at least 0; chosen from the candidates by cross-validation when None.
            candidates: regularisations above 0.
            at_last: whether nothing will be added or solved any more, which saves memory.

        **Raises**

            OptionError: see `NormalEquations.solve` and `NormalEquations.cross_validated`.
        """
        if regularisation is not None:
            weights = self.equations.solve(regularisation, at_last=at_last)
        elif isinstance(self.equations, TriangularEquations):
            raise OptionError(
                "regularisation is None and the method 'triangular', which keeps no parts to choose it "
                "by; give a number, or use the method 'ridge'"
            )
        else:
            weights = self.equations.cross_validated(candidates)
        return with_readout(self.network, weights), weights

    def _take(self, features: np.ndarray, targets: np.ndarray, counted: np.ndarray, start: int) -> None:
        finite = np.isfinite(features).all(axis=-1)
        if not finite[counted].all():
            step, sequence = np.argwhere(~finite & counted)[0]
            raise DivergedError(
                f"the states of the network are infinite or no numbers from step {start + step} of sequence "
                f"{self._parts + sequence} on; choose a smaller spectral radius or input scaling, an "
                "activation that saturates such as 'tanh', or look for such numbers in the input"
            )
        classes = self._parted.readout.output_size
        chunk = start // self._chunk_size
        folds = (self._parts + chunk + np.arange(features.shape[1])) % FOLDS
        for fold in np.unique(folds):
            rows = counted & (folds == fold)
            if rows.any():
                self.equations.add(features[rows], _as_numbers(targets[rows], classes), fold=int(fold))


def fit_readout(
    network: Network,
    inputs: Shaped[Any, "T B *I"],
    targets: Shaped[Any, "T B *O"],
    *,
    mask: Shaped[Any, "T B"] | None = None,
    lengths: Integer[Any, " B"] | None = None,
    washout: int = 0,
    regularisation: float | None = None,
    method: Method = "ridge",
    chunk_size: int = 1000,
    state: State | None = None,
    key: PRNGKeyArray | None = None,
) -> SolvedReadout:
    """Return a network with its linear readout solved for by ridge regression, in one pass over the data.

    **Shapes**

        inputs `[T, B, I]` (symbols `[T, B]`), targets `[T, B, O]` or, for classes, whole numbers `[T, B]`

    Arguments:
        network: a `Stack` or `Chain` with a `Linear` readout on top. Nothing else of it changes. What draws
            noise draws it.
        washout: first steps of each sequence that do not count, at least 0.
        regularisation: penalty on the squares of the weights, beside the sum of the squared errors of all
            steps, at least 0; chosen by cross-validation when None.
        mask, lengths, state, key: as for `ReadoutSolver.add`.
        method, chunk_size: as for `ReadoutSolver`.

    **Raises**

        OptionError, ShapeError, DivergedError: see `ReadoutSolver`.
    """
    folds = FOLDS if regularisation is None else 1
    solver = ReadoutSolver(network, method=method, folds=folds, chunk_size=chunk_size)
    after = solver.add(inputs, targets, mask=mask, lengths=lengths, washout=washout, state=state, key=key)
    solved, weights = solver.solve(regularisation, at_last=True)
    return SolvedReadout(solved, after, weights)


def parted(network: Network) -> Parted:
    """Return the network without its readout, and the readout.

    **Raises**

        OptionError: on top of it is no `Linear` readout.
    """
    if isinstance(network, Linear):
        return Parted(None, network)
    layers = (
        network.cells if isinstance(network, Stack) else network.layers if isinstance(network, Chain) else ()
    )
    above = int(len(layers) > 1 and isinstance(layers[-1], LogSoftmax))
    top = layers[-1 - above] if layers else network
    if not isinstance(top, Linear):
        raise OptionError(
            f"on top of the network is {type(top).__name__}, and a readout that can be solved for is linear; "
            "put a Linear on top"
        )
    below = layers[: -1 - above]
    if not below:
        return Parted(None, top, above)
    if len(below) == 1:
        return Parted(below[0], top, above)
    body = Stack(below) if isinstance(network, Stack) else Chain(below)  # type: ignore[arg-type]
    return Parted(body, top, above)


def with_readout(network: Network, weights: ReadoutWeights) -> Network:
    """Return the network with these weights in its readout, in the readout's own precision."""
    _, readout, above = parted(network)
    dtype = readout.weight.dtype
    solved = eqx.tree_at(
        lambda linear: (linear.weight, linear.bias),
        readout,
        (jnp.asarray(weights.weight, dtype), jnp.asarray(weights.bias, dtype)),
    )
    if isinstance(network, Linear):
        return solved

    def place(network: Any) -> Any:
        return (network.cells if isinstance(network, Stack) else network.layers)[-1 - above]

    replaced: Network = eqx.tree_at(place, network, solved)
    return replaced


def _below(parts: Parted, state: Any) -> State | None:
    """Return the part of a network's state that is of what is below its readout."""
    if parts.body is None:
        return None
    if isinstance(parts.body, Stack):
        return StackState(state.layers[: -1 - parts.above])
    return state.layers[0]


def _whole(parts: Parted, below: Any) -> State | None:
    """Return the state of a network from that of what is below its readout, if it has any."""
    body, _, above = parts
    if body is None and not above:
        return NoState()
    if body is not None and not isinstance(body, Cell):
        return None
    layers = () if body is None else below.layers if isinstance(body, Stack) else (below,)
    return StackState((*layers, *[NoState()] * (1 + above)))


@jax.jit
def _run(
    body: Network | None,
    inputs: Array,
    state: State | None,
    lengths: Array,
    key: PRNGKeyArray | None,
) -> tuple[Float[Array, "T B F"], State | None]:
    if body is None:
        return inputs, None
    if isinstance(body, Cell):
        after, outputs = unroll(body, inputs, state, lengths=lengths)
        return outputs, after
    return apply(body, inputs, lengths=lengths, key=key), None


def _check(
    targets: tuple[int, ...],
    mask: tuple[int, ...] | None,
    steps: int,
    batch_size: int,
    washout: int,
    lengths: np.ndarray,
) -> None:
    for name, shape in (("targets", targets), ("mask", mask)):
        if shape is not None and shape[:2] != (steps, batch_size):
            raise ShapeError(
                f"{name} have shape {list(shape)} but the inputs have {[steps, batch_size]} ([time, batch]); "
                "give one for each step of each sequence"
            )
    if washout < 0:
        raise OptionError(f"washout is {washout}; choose a number of steps of at least 0")
    if washout and washout >= lengths.max(initial=0):
        raise OptionError(
            f"washout is {washout} and the longest sequence has {lengths.max(initial=0)} steps, so that none "
            "is left to learn from; choose fewer, or give longer sequences"
        )


def _counted(mask: np.ndarray | None, lengths: np.ndarray, washout: int, steps: int) -> np.ndarray:
    number = np.arange(steps)[:, None]
    counted: np.ndarray = (number >= washout) & (number < lengths)
    return counted if mask is None else counted & (mask > 0)


def _as_numbers(targets: np.ndarray, classes: int) -> np.ndarray:
    """Return targets as rows of numbers: a class as 1 among 0."""
    if targets.ndim == 1 and np.issubdtype(targets.dtype, np.integer):
        return np.eye(classes)[targets]
    return targets.reshape(len(targets), -1).astype(np.float64)
