"""The minimal gated unit: one gate says what the candidate sees of the past, and how much of it goes."""

from typing import ClassVar

import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float

from throughtime.cells.gru import GatedUnit, GRUState
from throughtime.core.cell import Fused, FusedCell


class MinimalGatedUnit(GatedUnit, FusedCell):
    r"""A gated recurrent unit with one gate, for reset and update at once.

    **Equations**

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)                    (1)
        n_t = tanh(W_n x_t + U_n (f_t * h_{t-1}) + b_n)               (2)
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t                         (3)
        y_t = h_t                                                     (4)

    **Shapes**

        x `[I]`; h, f, n `[H]`; W `[2H, I]`, U `[2H, H]`, b `[2H]`,
        G = 2H rows in the order f, n; y `[H]`

    Arguments:
        memory_steps: the longest dependency to expect, in steps, at least 2. Biases of f are then drawn so
            that memories last up to so long (chrono initialisation, with the sign turned, because 1 - f
            keeps); a unit with a long memory then also shows its candidates little of the past. They are 0
            when left out.
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `GRU`.

    **Cost**

        a step: 2 H (I + H) multiply-adds, as two products, of which the second waits for the first; state H;
        parameters 2 H (I + H + 1), 2/3 of a `ResetBeforeGRU`

    **Differs from**

        `GRU`: f = 1 takes the new state, as in the paper, where our z = 1 keeps the old one; and f acts
        before the product. It is a `ResetBeforeGRU` with r = f and z = 1 - f.

    **Source**

        Zhou, Wu, Zhang & Zhou 2016, "Minimal gated unit for recurrent neural networks", International Journal
        of Automation and Computing 13(3), arXiv 1603.09420 (MGU).
    """

    kind: ClassVar[str] = "mgu"
    gates: ClassVar[tuple[str, ...]] = ("f", "n")
    keeping: ClassVar[tuple[str, int]] = ("f", -1)

    __init__ = GatedUnit.__init__

    def step(self, state: GRUState, projected: Float[Array, " G"]) -> tuple[GRUState, Float[Array, " H"]]:
        """Return the next state and its hidden layer."""
        f_in, n_in = jnp.split(projected, 2)
        U_f, U_n = jnp.split(self.recurrent_weight, 2)
        f = sigmoid(f_in + U_f @ state.hidden)  # Eq. 1
        n = jnp.tanh(n_in + U_n @ (f * state.hidden))  # Eq. 2
        hidden = (1 - f) * state.hidden + f * n  # Eq. 3
        return GRUState(hidden), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("minimal_gated", ("input_weight", "bias", "recurrent_weight"))
