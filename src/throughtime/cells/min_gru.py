"""Minimal recurrent units whose gates see the input alone: minGRU and minLSTM, linear in their state."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid, sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.elementwise import LinearCell
from throughtime.core.errors import check_sizes, choose
from throughtime.core.initializers import chrono, initializer, per_gate


class InputGatedState(NamedTuple):
    """What minGRU and minLSTM remember: `hidden`, the hidden layer, `[H]`."""

    hidden: Float[Array, "*B H"]


def positive(a: Float[Array, "*H"]) -> Float[Array, "*H"]:
    """Return g(a) = a + 1/2 where a >= 0 and sigmoid(a) elsewhere, which is above 0 and has no step."""
    return jnp.where(a >= 0, a + 0.5, sigmoid(a))


class InputGatedUnit(LinearCell):
    """What minGRU and minLSTM share: weights for each gate, and a hidden layer as the only memory.

    A variant declares its gates, and gives its equations in `coefficients`.
    """

    kind: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    """What each block of H rows of the weights computes, the candidate n last."""
    keeping: ClassVar[dict[str, int]]
    """The gates whose biases decide how long a memory lasts, with the sign that makes it last longer."""
    candidates: ClassVar[dict[str, Callable[[Array], Array]]] = {
        "positive": positive,
        "linear": lambda a: a,
    }

    input_weight: Float[Array, "G I"]
    bias: Float[Array, " G"]
    candidate: Literal["positive", "linear"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        candidate: Literal["positive", "linear"] = "positive",
        memory_steps: int | None = None,
        input_initializer: str = "glorot",
        key: PRNGKeyArray,
    ):
        choose("candidate", candidate, self.candidates)
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, bias_key = jax.random.split(key)
        self.input_weight = per_gate(
            initializer(input_initializer), input_key, len(self.gates), hidden_size, input_size
        )
        keep = jnp.zeros(hidden_size) if memory_steps is None else chrono(bias_key, hidden_size, memory_steps)
        self.bias = jnp.concatenate([self.keeping.get(gate, 0) * keep for gate in self.gates])
        self.candidate = candidate
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> InputGatedState:
        """Return a hidden layer of zeros."""
        return InputGatedState(jnp.zeros(self.output_size, self.bias.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " G"]:
        """Return `W x_t + b` for the gates and the candidate."""
        return x @ self.input_weight.T + self.bias

    def read_out(self, state: InputGatedState, projected: Float[Array, " G"]) -> Float[Array, " H"]:
        """Return the hidden layer."""
        return state.hidden


class MinGRU(InputGatedUnit):
    r"""A gated recurrent unit whose gate and candidate see the input alone.

    **Equations**

        z_t = sigmoid(W_z x_t + b_z)                            (1)
        n_t = g(W_n x_t + b_n)                                  (2)
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t                   (3)
        y_t = h_t                                               (4)
        g(a) = a + 1/2 for a >= 0, sigmoid(a) for a < 0         (5)

    **Shapes**

        x `[I]`; h, z, n `[H]`; W `[2H, I]`, b `[2H]`, G = 2H rows in the order z, n; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        candidate: `"positive"` for Eq. 5, or `"linear"` for g(a) = a, the paper's plain form.
        memory_steps: the longest dependency to expect, in steps, at least 2. Biases of z are then drawn so
            that memories last up to so long (chrono initialisation, with the sign turned, because 1 - z
            keeps); they are 0 when left out.
        input_initializer: a name from `core.initializers`, drawn for each gate by itself.
        key: source of the initial weights.

    **Cost**

        a step: 2 H I multiply-adds, none of which wait for the step before, and H that do; state H;
        parameters 2 H (I + 1)

    **Differs from**

        `GRU`: z = 1 takes the new state, as in the paper, where our z = 1 keeps the old one; no gate looks
        back. The paper runs whole sequences through logarithms, which need h > 0 and put g(h_0) in the place
        of h_0, so that a run that is resumed is another run. Here h_0 is h_0, 0 at the start, and nothing is
        divided or taken the logarithm of: 0 < z < 1 keeps every h between its candidates, however long.

    **Source**

        Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?", arXiv 2410.01201,
        section 3.1 (minGRU), and its appendix on log-space for Eq. 5.
    """

    kind: ClassVar[str] = "min_gru"
    gates: ClassVar[tuple[str, ...]] = ("z", "n")
    keeping: ClassVar[dict[str, int]] = {"z": -1}

    __init__ = InputGatedUnit.__init__

    def coefficients(self, projected: Float[Array, " G"]) -> tuple[InputGatedState, InputGatedState]:
        """Return `1 - z_t` and `z_t * n_t`."""
        z_in, n_in = jnp.split(projected, 2)
        n = self.candidates[self.candidate](n_in)  # Eq. 2
        return InputGatedState(sigmoid(-z_in)), InputGatedState(sigmoid(z_in) * n)  # Eqs. 1, 3


class MinLSTM(InputGatedUnit):
    r"""A memory whose forget and input gate see the input alone, and add up to 1.

    **Equations**

        f_t = sigmoid(W_f x_t + b_f)                                                  (1)
        i_t = sigmoid(W_i x_t + b_i)                                                  (2)
        n_t = g(W_n x_t + b_n)                                                        (3)
        h_t = f_t / (f_t + i_t) * h_{t-1} + i_t / (f_t + i_t) * n_t                   (4)
        y_t = h_t                                                                     (5)
        g(a) = a + 1/2 for a >= 0, sigmoid(a) for a < 0                               (6)

    **Shapes**

        x `[I]`; h, f, i, n `[H]`; W `[3H, I]`, b `[3H]`, G = 3H rows in the order f, i, n; y `[H]`

    Arguments:
        memory_steps: the longest dependency to expect, in steps, at least 2. Biases of f are then drawn so
            that memories last up to so long, and biases of i against them (chrono initialisation); they are 0
            when left out, which keeps half.
        input_size, hidden_size, candidate, input_initializer, key: as for `MinGRU`.

    **Cost**

        a step: 3 H I multiply-adds, none of which wait for the step before, and H that do; state H;
        parameters 3 H (I + 1)

    **Differs from**

        `LSTM`: no gate looks back, no output gate, and the two others are divided by their sum. The paper
        runs whole sequences through logarithms and puts g(h_0) in the place of h_0; see `MinGRU`. The
        quotients of Eq. 4 are sigmoids of log f - log i, so that two gates that are both shut are not 0 / 0.

    **Source**

        Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?", arXiv 2410.01201,
        section 3.2 (minLSTM), and its appendix on log-space for Eq. 6.
    """

    kind: ClassVar[str] = "min_lstm"
    gates: ClassVar[tuple[str, ...]] = ("f", "i", "n")
    keeping: ClassVar[dict[str, int]] = {"f": 1, "i": -1}

    __init__ = InputGatedUnit.__init__

    def coefficients(self, projected: Float[Array, " G"]) -> tuple[InputGatedState, InputGatedState]:
        """Return `f_t / (f_t + i_t)` and `i_t / (f_t + i_t) * n_t`."""
        f_in, i_in, n_in = jnp.split(projected, 3)
        n = self.candidates[self.candidate](n_in)  # Eq. 3
        odds = log_sigmoid(f_in) - log_sigmoid(i_in)  # f / i, as a logarithm
        return InputGatedState(sigmoid(odds)), InputGatedState(sigmoid(-odds) * n)  # Eq. 4
