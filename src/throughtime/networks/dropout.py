"""Dropout between layers, with its randomness in the state where it can be seen."""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import Cell, NoState, SelfUnrollingCell
from throughtime.core.errors import OptionError, check_sizes
from throughtime.core.noise import NoisyCell
from throughtime.core.scanning import valid_steps, zero_padding


class DropoutState(NamedTuple):
    """The source of the noise: `key`, one for each sequence, and `position`, the elements passed so far."""

    key: PRNGKeyArray
    position: Integer[Array, "*B"]


class Thinning(NoisyCell, SelfUnrollingCell):
    r"""The base of the cells that drop something of each element, drawn anew at each step, while training.

    **Equations**

        y_t = thinned(x_t), drawn from (key, t)

    **Shapes**

        x, y `[I]`

    **Source**

        Srivastava et al. 2014, JMLR 15.
    """

    rate: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    inference: bool = eqx.field(static=True)

    def __init__(self, size: int, rate: float, *, inference: bool = False):
        check_sizes(size=size)
        if not 0 <= rate < 1:
            raise OptionError(f"the dropout rate is {rate}; choose 0 <= rate < 1")
        self.rate = rate
        self.input_size = size
        self.output_size = size
        self.inference = inference

    @abc.abstractmethod
    def thinned(
        self, key: PRNGKeyArray, position: Integer[Array, ""], x: Float[Array, " I"]
    ) -> Float[Array, " I"]:
        """Return an element without what is dropped of it at this position."""

    @property
    def _is_active(self) -> bool:
        return self.rate > 0 and not self.inference

    def initial_state(self) -> DropoutState | NoState:
        """Return a key (to be replaced for each sequence) and position 0; nothing when there is no noise."""
        return DropoutState(jax.random.key(0), jnp.zeros((), jnp.int32)) if self._is_active else NoState()

    def after_training(self) -> Cell:
        """Return the cell that passes its input on."""
        return Dropout(self.input_size, self.rate, inference=True)

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return `x`."""
        return x

    def step(
        self, state: DropoutState | NoState, projected: Float[Array, " I"]
    ) -> tuple[DropoutState | NoState, Float[Array, " I"]]:
        """Return the state at the next position and the thinned features."""
        if isinstance(state, NoState):
            return state, projected
        return DropoutState(state.key, state.position + 1), self.thinned(state.key, state.position, projected)

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: DropoutState | NoState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[DropoutState | NoState, Float[Array, "T B I"]]:
        """Draw the noise of all steps at once."""
        if isinstance(state, NoState):
            return state, inputs
        steps, batch_size = inputs.shape[:2]
        real = jnp.full(batch_size, steps) if lengths is None else lengths
        read = jnp.arange(steps)[:, None] if not reverse else real[None, :] - 1 - jnp.arange(steps)[:, None]
        outputs = jax.vmap(jax.vmap(self.thinned), in_axes=(None, 0, 0))(
            state.key, state.position + read, inputs
        )
        if lengths is not None:
            outputs = zero_padding(outputs, valid_steps(lengths, steps))
        return DropoutState(state.key, state.position + real.astype(state.position.dtype)), outputs


class Dropout(Thinning):
    r"""Sets a random part of the features to zero at each step, while training.

    **Equations**

        y_t = m_t * x_t / (1 - rate),   m_t ~ Bernoulli(1 - rate), drawn from (key, t)

    **Shapes**

        x, m, y `[I]`

    Arguments:
        size: number of features, at least 1.
        rate: probability that a feature is dropped, 0 <= rate < 1.
        inference: when true, y_t = x_t and no noise is drawn; `without_noise(network)` sets it everywhere.

    **Differs from**

        PyTorch's `nn.Dropout` draws from a hidden generator. Here the key is part of the state, so dropout is
        a cell like any other: chunks chain, steps equal the whole, and one key gives one result. Equinox
        keeps `inference` as a leaf of the tree; here it is static, so that a network is arrays only and plain
        `jax.jit` takes it.

    **Source**

        Srivastava et al. 2014, JMLR 15; on the connections between layers only: Zaremba, Sutskever & Vinyals
        2014, arXiv 1409.2329, Eqs. 7-12.
    """

    def __init__(self, size: int, rate: float, *, inference: bool = False):
        super().__init__(size, rate, inference=inference)

    def thinned(
        self, key: PRNGKeyArray, position: Integer[Array, ""], x: Float[Array, " I"]
    ) -> Float[Array, " I"]:
        """Return the features that are kept, larger by what the others would have added."""
        kept = jax.random.bernoulli(jax.random.fold_in(key, position), 1 - self.rate, x.shape)
        return jnp.where(kept, x / (1 - self.rate), 0)
