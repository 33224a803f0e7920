"""Layer normalisation: sums and hidden layers that keep one mean and one spread, whatever the weights do."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from throughtime.cells.elman import Elman
from throughtime.cells.lstm import MemoryBlock
from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.networks.embedding import Embedding
from throughtime.networks.units import field_names, is_units, map_units
from throughtime.networks.wrapper import Wrapper, lowest

HIDDEN = "hidden"


class LayerNormalisation(Wrapper):
    r"""Normalises what the input contributes to a step, and the hidden layer as the step sees it.

    **Equations**

        LN(a; g, b) = g * (a - mean(a)) / sqrt(var(a) + epsilon) + b                             (1)
        p_t = LN(project(x_t) - project(0); g_p, project(0))                                     (2)
        s_t = LN(h_{t-1}; g_s, b_s)                                                              (3)
        (h_t, y_t) = step(s_t, p_t),   where what a gate keeps of h_{t-1} is kept as it is

    **Shapes**

        x, y and the state as the cell within has them; g_p as p, g_s and b_s as h; mean and variance are over
        all numbers of one array, the sums of all gates of an LSTM together

    Arguments:
        cell: any cell, a stack too. Of a stack, the projection of the lowest layer is normalised, and the
            hidden layer of each.
        epsilon: added to the variance, above 0, so that a constant array has a normalised form: zeros.

    **Raises**

        OptionError: `epsilon` is not above 0, or an array to be normalised has a single number.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell and about 8 operations for each number normalised; one gain for each, and one
        bias more for each hidden unit

    **Exactness**

        outputs do not change when all input weights (of a stack, those of the lowest layer) are multiplied by
        one number above 0, or one number is added to all that multiply the same feature, but for the part of
        `epsilon` in the variance

    **Differs from**

        The paper normalises U h_{t-1}, which is inside the step; here it is h_{t-1} (Eq. 3), so that the
        spread of the recurrent weights still counts. `NormalisedSums` has the paper's form, for cells that
        have one sum. The cell's own bias stays outside of the normalisation, in the place of the paper's
        bias (Eq. 2); a cell that reads symbols, for which there is no input 0, has no bias there.

    **Source**

        Ba, Kiros & Hinton 2016, "Layer normalization", arXiv 1607.06450, Eqs. 3, 4 and section 5.1.
    """

    projected_gain: tuple[Float[Array, "*units"], ...]
    hidden_gain: tuple[Float[Array, "*units"], ...]
    hidden_bias: tuple[Float[Array, "*units"], ...]
    epsilon: float = eqx.field(static=True)

    def __init__(self, cell: Cell, *, epsilon: float = 1e-5):
        super().__init__(cell)
        _check_epsilon(epsilon)
        self.epsilon = epsilon
        hidden = _hidden(cell)
        self.projected_gain = tuple(_ones(leaf, "what project gives", cell) for leaf in _projected(cell))
        self.hidden_gain = tuple(_ones(leaf, "the hidden layer", cell) for leaf in hidden)
        self.hidden_bias = tuple(jnp.zeros(leaf.shape, leaf.dtype) for leaf in hidden)

    def initial_state(self) -> State:
        """Return the initial state of the cell within."""
        return self.cell.initial_state()

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return what the cell within makes of `x`, normalised."""
        leaves, structure = jax.tree.flatten(self.cell.project(x))
        nothing = self.cell.project(jnp.zeros_like(x)) if jnp.issubdtype(x.dtype, jnp.inexact) else None
        at_rest = jax.tree.leaves(nothing) or [0] * len(leaves)
        gains = iter(self.projected_gain)
        return jax.tree.unflatten(
            structure,
            [
                normalise(leaf - rest, next(gains), rest, self.epsilon) if is_units(leaf) else leaf  # Eq. 2
                for leaf, rest in zip(leaves, at_rest, strict=True)
            ],
        )

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return the next state and the output of the cell, which sees a normalised hidden layer."""
        scales = iter(zip(self.hidden_gain, self.hidden_bias, strict=True))
        normal = map_units(
            lambda number, field, units: normalise(units, *next(scales), self.epsilon), (HIDDEN,), seen
        )  # Eq. 3
        return self.cell.step_seeing(normal, state, projected)


class NormalisedSums(Wrapper):
    r"""Layer normalisation of the two sums of a step, the one over the input and the one over the past.

    **Equations**

        LN(a; g, b) = g * (a - mean(a)) / sqrt(var(a) + epsilon) + b                             (1)
        sums_t = LN(W x_t; g_x, b) + LN(U h_{t-1}; g_h, b_h)                                     (2)
        c_t, h_t, y_t from sums_t as the cell has it: what it calls W x_t + U h_{t-1} + b

    **Shapes**

        x, y and the state as the cell within has them; g_x, b, g_h, b_h as the sums; b is the cell's own bias

    Arguments:
        cell: an `Elman`, or one of the LSTM family (`MemoryBlock`).
        epsilon: as for `LayerNormalisation`.

    **Raises**

        OptionError: `epsilon` is not above 0, or there is a single sum.
        NotACellError: `cell` is another one, whose step is no function of one sum.

    **Cost**

        a step: that of the cell and about 16 operations for each sum; 3 parameters more for each sum

    **Exactness**

        outputs do not change when W is multiplied by one number above 0 and U by another, but for the part of
        `epsilon` in the variance

    **Differs from**

        The paper's Eq. 22 normalises the memory too, on its way to the output gate: h_t = o_t *
        tanh(LN(c_t)); here it is tanh(c_t), as the cell has it. Some libraries normalise each gate by itself;
        in the paper, as here, the sums of all gates are one layer.

    **Source**

        Ba, Kiros & Hinton 2016, arXiv 1607.06450, Eqs. 20 and 21 (Eq. 2 above is their Eq. 20).
    """

    cell: Elman | MemoryBlock
    input_gain: Float[Array, " G"]
    recurrent_gain: Float[Array, " G"]
    recurrent_bias: Float[Array, " G"]
    epsilon: float = eqx.field(static=True)

    def __init__(self, cell: Elman | MemoryBlock, *, epsilon: float = 1e-5):
        if not isinstance(cell, Elman | MemoryBlock):
            raise NotACellError(
                f"NormalisedSums goes around an Elman or an LSTM, and {type(cell).__name__} is neither; use "
                "LayerNormalisation, which goes around any cell"
            )
        super().__init__(cell)
        _check_epsilon(epsilon)
        self.input_gain = _ones(cell.bias, "the sum", cell)
        self.recurrent_gain = jnp.ones_like(cell.bias)
        self.recurrent_bias = jnp.zeros_like(cell.bias)
        self.epsilon = epsilon

    def initial_state(self) -> State:
        """Return the initial state of the cell within."""
        return self.cell.initial_state()

    def project(self, x: Float[Array, " I"]) -> Float[Array, " G"]:
        """Return the normalised sum over the input, with the cell's bias."""
        return normalise(self.cell.project(x) - self.cell.bias, self.input_gain, self.cell.bias, self.epsilon)

    def step_seeing(
        self, seen: State, state: State, projected: Float[Array, " G"]
    ) -> tuple[State, Float[Array, " O"]]:
        """Return the next state and the output, from normalised sums."""
        recurrent = self.cell.recurrent_weight @ seen.hidden
        sums = projected + normalise(recurrent, self.recurrent_gain, self.recurrent_bias, self.epsilon)
        # The hidden layer enters the step through that product alone. It is in the sums by now, so that the
        # step is given a hidden layer of no units and weights to match.
        blind = eqx.tree_at(lambda cell: cell.recurrent_weight, self.cell, self.cell.recurrent_weight[:, :0])
        return blind.step(seen._replace(hidden=seen.hidden[:0]), sums)


def layer_normalised(cell: Cell) -> Cell:
    """Return a cell with layer normalisation: of its two sums if it has no more, else of what goes in."""
    return NormalisedSums(cell) if isinstance(cell, Elman | MemoryBlock) else LayerNormalisation(cell)


def normalise(
    values: Shaped[Array, "*units"], gain: Any, bias: Any, epsilon: float
) -> Shaped[Array, "*units"]:
    """Return `values` with mean 0 and variance 1 over all of them, times the gain, plus the bias."""
    centred = values - jnp.mean(values)
    return gain * centred / jnp.sqrt(jnp.mean(jnp.abs(centred) ** 2) + epsilon) + bias  # Eq. 1


def _projected(cell: Cell) -> tuple[Any, ...]:
    reads_symbols = isinstance(lowest(cell), Embedding)
    x = jnp.zeros((), jnp.int32) if reads_symbols else jnp.zeros(cell.input_size)
    return tuple(leaf for leaf in jax.tree.leaves(jax.eval_shape(cell.project, x)) if is_units(leaf))


def _hidden(cell: Cell) -> list[Any]:
    if HIDDEN not in field_names(cell):
        return []
    found: list[Any] = []

    def note(number: int, field: str, units: Any) -> Any:
        found.append(units)
        return units

    map_units(note, (HIDDEN,), jax.eval_shape(cell.initial_state))
    return found


def _ones(leaf: Any, what: str, cell: Cell) -> Array:
    if math.prod(leaf.shape) < 2:
        raise OptionError(
            f"{what} of {type(cell).__name__} has {math.prod(leaf.shape)} number(s), which layer "
            "normalisation would make constant; give the cell at least 2 units"
        )
    return jnp.ones(leaf.shape, leaf.dtype)


def _check_epsilon(epsilon: float) -> None:
    if not epsilon > 0:
        raise OptionError(f"epsilon is {epsilon}; choose a number above 0, such as 1e-5")
