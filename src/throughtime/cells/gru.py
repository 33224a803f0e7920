"""The gated recurrent unit: a hidden layer that gates keep or replace."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell, Fused, FusedCell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import Initializer, chrono, initializer, per_gate


class GRUState(NamedTuple):
    """What a gated recurrent unit remembers: `hidden`, its hidden layer `[H]`."""

    hidden: Float[Array, "*B H"]


class GatedUnit(Cell):
    """What all gated recurrent units share: weights for each gate, and a hidden layer as the only memory.

    A variant declares which gates it has, and writes its equations in `step`.
    """

    kind: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    """What each block of H rows of the weights computes, the candidate n among them."""
    keeping: ClassVar[tuple[str, int]] = ("z", 1)
    """The gate whose bias decides how long a memory lasts, and the sign that makes it last longer."""
    resets_after: ClassVar[bool] = False
    """Whether the reset gate acts after the recurrent product, which then has a bias, `candidate_bias`."""

    input_weight: Float[Array, "G I"]
    recurrent_weight: Float[Array, "G H"]
    bias: Float[Array, " G"]
    candidate_bias: Float[Array, " H"] | None
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        memory_steps: int | None = None,
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        count = len(self.gates)
        self.input_weight = per_gate(
            initializer(input_initializer), input_key, count, hidden_size, input_size
        )
        self.recurrent_weight = per_gate(
            initializer(recurrent_initializer), recurrent_key, count, hidden_size, hidden_size
        )
        biases = dict.fromkeys(self.gates, jnp.zeros(hidden_size))
        if memory_steps is not None:
            gate, sign = self.keeping
            biases[gate] = sign * chrono(bias_key, hidden_size, memory_steps)
        self.bias = jnp.concatenate([biases[gate] for gate in self.gates])
        self.candidate_bias = jnp.zeros(hidden_size) if self.resets_after else None
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> GRUState:
        """Return a hidden layer of zeros."""
        return GRUState(jnp.zeros(self.output_size, self.bias.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " G"]:
        """Return `W x_t + b` for the gates and the candidate."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias

    def step_seeing(
        self, seen: GRUState, state: GRUState, projected: Float[Array, " G"]
    ) -> tuple[GRUState, Float[Array, " H"]]:
        """Return the next state and its hidden layer; the part that the gate keeps is a part of `state`."""
        gate, sign = self.keeping
        row, count = self.gates.index(gate), len(self.gates)
        p_k, U_k = jnp.split(projected, count)[row], jnp.split(self.recurrent_weight, count)[row]
        keeps = sigmoid(sign * (p_k + U_k @ seen.hidden))
        _, output = self.step(seen, projected)
        hidden = output + keeps * (state.hidden - seen.hidden)
        return GRUState(hidden), hidden


class GRU(GatedUnit, FusedCell):
    r"""A gated recurrent unit whose reset gate acts after the recurrent product.

    **Equations**

        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                    (1)
        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)                    (2)
        n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + d))           (3)
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}                         (4)
        y_t = h_t                                                     (5)

    **Shapes**

        x `[I]`; h, gates, d `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order r, z, n; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        memory_steps: the longest dependency to expect, in steps, at least 2. Biases of z are then drawn so
            that memories last up to so long (chrono initialisation); they are 0 when left out.
        input_initializer, recurrent_initializer: names from `core.initializers`, or functions like those
            there; drawn for each gate by itself.
        key: source of the initial weights.

    **Cost**

        a step: 3 H (I + H) multiply-adds; state H; parameters 3 H (I + H + 1) + H

    **Differs from**

        Cho et al. reset h before the product, U_n (r_t * h_{t-1}), which is `ResetBeforeGRU`; PyTorch's
        `nn.GRU` and Keras with `reset_after=True` compute Eq. 3. PyTorch keeps two biases for r and z too;
        here each pair is one. Haiku and some papers let z = 1 take the new state; here it keeps the old one.

    **Source**

        Cho et al. 2014, arXiv 1406.1078, Eqs. 5-8 (Eq. 4 above is their Eq. 7).
    """

    kind: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    resets_after: ClassVar[bool] = True

    candidate_bias: Float[Array, " H"]

    __init__ = GatedUnit.__init__

    def step(self, state: GRUState, projected: Float[Array, " G"]) -> tuple[GRUState, Float[Array, " H"]]:
        """Return the next state and its hidden layer."""
        r_in, z_in, n_in = jnp.split(projected, 3)
        r_back, z_back, n_back = jnp.split(self.recurrent_weight @ state.hidden, 3)
        r = sigmoid(r_in + r_back)  # Eq. 1
        z = sigmoid(z_in + z_back)  # Eq. 2
        n = jnp.tanh(n_in + r * (n_back + self.candidate_bias))  # Eq. 3
        hidden = (1 - z) * n + z * state.hidden  # Eq. 4
        return GRUState(hidden), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("gru", ("input_weight", "bias", "recurrent_weight", "candidate_bias"))


class ResetBeforeGRU(GatedUnit, FusedCell):
    r"""A gated recurrent unit whose reset gate acts on the hidden layer, before the recurrent product.

    **Equations**

        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                    (1)
        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)                    (2)
        n_t = tanh(W_n x_t + U_n (r_t * h_{t-1}) + b_n)               (3)
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}                         (4)
        y_t = h_t                                                     (5)

    **Shapes**

        x `[I]`; h, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order r, z, n; y `[H]`

    Arguments:
        input_size, hidden_size, memory_steps, input_initializer, recurrent_initializer, key: as for `GRU`.

    **Cost**

        a step: 3 H (I + H) multiply-adds, as two products, of which the second waits for the first; state H;
        parameters 3 H (I + H + 1)

    **Differs from**

        `GRU`: Eq. 3, where the reset gate chooses what the product sees and not how much of its result
        counts; so there is no bias inside the reset. Cho et al. leave the biases out. Keras computes it with
        `reset_after=False`, ONNX with `linear_before_reset=0`; PyTorch does not have it. z = 1 keeps the old
        state in all of them.

    **Source**

        Cho et al. 2014, arXiv 1406.1078, Eqs. 5-8 (Eq. 3 above is their Eq. 8).
    """

    kind: ClassVar[str] = "gru_reset_before"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")

    __init__ = GatedUnit.__init__

    def step(self, state: GRUState, projected: Float[Array, " G"]) -> tuple[GRUState, Float[Array, " H"]]:
        """Return the next state and its hidden layer."""
        r_in, z_in, n_in = jnp.split(projected, 3)
        U_rz, U_n = jnp.split(self.recurrent_weight, [2 * self.output_size])
        r_back, z_back = jnp.split(U_rz @ state.hidden, 2)
        r = sigmoid(r_in + r_back)  # Eq. 1
        z = sigmoid(z_in + z_back)  # Eq. 2
        n = jnp.tanh(n_in + U_n @ (r * state.hidden))  # Eq. 3
        hidden = (1 - z) * n + z * state.hidden  # Eq. 4
        return GRUState(hidden), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("gru_reset_before", ("input_weight", "bias", "recurrent_weight"))
