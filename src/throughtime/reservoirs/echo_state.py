"""The echo state network's reservoir: leaky units that are connected once, at random, and then left alone."""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import SelfUnrollingCell
from throughtime.core.errors import OptionError, ShapeError, check_sizes, choose
from throughtime.core.scanning import scan
from throughtime.reservoirs.native_run import can_run_natively, run_natively
from throughtime.reservoirs.sparse_rows import SparseRows
from throughtime.reservoirs.structures import STRUCTURES, Structure, recurrent_weights

Activation = Literal["tanh", "identity", "relu"]


class ReservoirState(NamedTuple):
    """What a reservoir remembers: `hidden`, the last values of its units, `[H]`."""

    hidden: Float[Array, "*B H"]


class EchoState(SelfUnrollingCell):
    r"""A reservoir: many units with random connections, whose states echo what was read.

    Its weights are meant to stay as they are drawn. What is trained is a readout on top, in closed form
    (`fit_readout`), online (`recursive_least_squares`) or in the loop (`force`). It is a cell all the same:
    it can be stacked, gone around, and trained like any other.

    **Equations**

        h_t = (1 - leak) h_{t-1} + gain * act(W x_t + U h_{t-1} + b)                   (1)
        y_t = h_t                                                                      (2)

    At the start:

        W ~ input_scaling * U(-1, 1),   b ~ bias_scaling * U(-1, 1)                    (3)
        U of the structure, scaled so that max |eigenvalue of U| = spectral_radius     (4)

    **Shapes**

        x `[I]`, h `[H]`, W `[H, I]`, U `[H, H]` or `SparseRows` of it, b `[H]`; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of units, at least 1.
        spectral_radius: above 0. It decides how long the past echoes; somewhat below 1 is where to begin.
        leak: how much of itself a unit loses at a step, above 0 and at most 1; 1 is a unit without memory of
            its own.
        gain: what the new activation counts; as much as `leak` when None.
        input_scaling: above 0; one number, or one for each feature: how strongly it drives the units.
        bias_scaling: at least 0.
        structure: how units are connected: at `"random"`, in a `"ring"`, or by an `"orthogonal"` matrix.
        fan_in: units that each unit sees in a random structure, at least 1; there are as many at most.
        activation: `"tanh"`, `"identity"` or `"relu"`.
        key: source of the weights.

    **Raises**

        OptionError: a setting is out of range; the message names it.

    **Cost**

        a step: H (I + k) multiply-adds, k units seen by each; state H; H (I + 1) + 2 H k numbers

    **Differs from**

        `LeakyElman`: the weights that it starts from, and that they are kept sparse. Jaeger's (1 - C a) and C
        of 2001 are 1 - leak and gain. His noise within the activation is `NetNoise` around the cell.

    **Source**

        Jaeger 2001, "The echo state approach to analysing and training recurrent neural networks", GMD report
        148, Eqs. 1 and 36 (leaky units); Jaeger et al. 2007, "Optimization and applications of echo state
        networks with leaky-integrator neurons", Neural Networks 20(3).
    """

    kind: ClassVar[str] = "echo_state"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {
        "tanh": jnp.tanh,
        "identity": lambda values: values,
        "relu": jax.nn.relu,
    }

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, "H H"] | SparseRows
    bias: Float[Array, " H"]
    leak: float = eqx.field(static=True)
    gain: float = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        spectral_radius: float = 0.9,
        leak: float = 1.0,
        gain: float | None = None,
        input_scaling: float | Sequence[float] = 1.0,
        bias_scaling: float = 0.0,
        structure: Structure = "random",
        fan_in: int = 10,
        activation: Activation = "tanh",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size, fan_in=fan_in)
        choose("structure", structure, STRUCTURES)
        choose("activation", activation, self.activations)
        if not 0 < spectral_radius < math.inf:
            raise OptionError(f"spectral_radius is {spectral_radius}; choose a number above 0")
        if not 0 < leak <= 1:
            raise OptionError(f"leak is {leak}; choose a number above 0 and at most 1")
        gain = leak if gain is None else gain
        if not 0 < gain < math.inf:
            raise OptionError(f"gain is {gain}; choose a number above 0, or None for as much as leak")
        if not 0 <= bias_scaling < math.inf:
            raise OptionError(f"bias_scaling is {bias_scaling}; choose a number of at least 0")
        scales = _input_scales(input_scaling, input_size)
        input_key, bias_key, recurrent_key = jax.random.split(key, 3)
        self.input_weight = jax.random.uniform(input_key, (hidden_size, input_size), minval=-1) * scales
        self.bias = jax.random.uniform(bias_key, (hidden_size,), minval=-1) * bias_scaling
        self.recurrent_weight = recurrent_weights(
            structure, hidden_size, fan_in, spectral_radius, recurrent_key
        )
        self.leak = float(leak)
        self.gain = float(gain)
        self.activation = activation
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> ReservoirState:
        """Return units of zeros."""
        return ReservoirState(jnp.zeros_like(self.bias))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t + b`."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias

    def step(
        self, state: ReservoirState, projected: Float[Array, " H"]
    ) -> tuple[ReservoirState, Float[Array, " H"]]:
        """Return the next state and its units."""
        return self.step_seeing(state, state, projected)

    def step_seeing(
        self, seen: ReservoirState, state: ReservoirState, projected: Float[Array, " H"]
    ) -> tuple[ReservoirState, Float[Array, " H"]]:
        """Return the next state and its units; they keep a part of `state` and see `seen`."""
        U = self.recurrent_weight
        product = U.times(seen.hidden) if isinstance(U, SparseRows) else U @ seen.hidden
        driven = self.activations[self.activation](projected + product)
        hidden = (1 - self.leak) * state.hidden + self.gain * driven  # Eq. 1
        return ReservoirState(hidden), hidden

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: ReservoirState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[ReservoirState, Float[Array, "T B H"]]:
        """Project all inputs in one product, and run the steps natively if the matrix is sparse."""
        projected = jax.vmap(jax.vmap(self.project))(inputs)
        if self.has_own_steps and can_run_natively(self, state.hidden, projected):
            return run_natively(self, state, projected, lengths, reverse)
        return scan(self, state, projected, lengths, reverse)

    @property
    def has_own_steps(self) -> bool:
        """Whether no subclass has changed the step that native code knows."""
        kind = type(self)
        return kind.step is EchoState.step and kind.step_seeing is EchoState.step_seeing

    @staticmethod
    def state_of(hidden: Float[Array, "*B H"]) -> ReservoirState:
        """Return the state with these units."""
        return ReservoirState(hidden)


def _input_scales(given: float | Sequence[float], input_size: int) -> Float[Array, "*I"]:
    scales = np.asarray(given, float)
    if scales.ndim and scales.shape != (input_size,):
        raise ShapeError(
            f"input_scaling has {scales.size} numbers and an element {input_size} features; give one number "
            "for all, or one for each feature"
        )
    if not np.all((scales > 0) & np.isfinite(scales)):
        raise OptionError(f"input_scaling is {given}; choose numbers above 0")
    return jnp.asarray(scales, jnp.zeros(()).dtype)
