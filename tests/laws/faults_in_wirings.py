"""Dilated cells and connections that are wrong on purpose, each in one place."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from throughtime import Dilated, Residual, Shortcut, Stack, unroll
from throughtime.networks import DilatedState


class GoesOnFromOneLater(Dilated):
    """h_t from h_{t-s+1}, step by step and as a whole: the dilation is off by one."""

    def step(self, state: DilatedState, projected: Any) -> Any:
        second = jax.tree.map(lambda leaf: leaf[1], state.pending)
        newest, output = self.cell.step(second, projected)
        pending = jax.tree.map(lambda old, new: jnp.concatenate([old[1:], new[None]]), state.pending, newest)
        return DilatedState(pending), output

    def unroll_whole(self, inputs: Any, state: DilatedState, lengths: Any, reverse: bool) -> Any:
        shorter = Dilated(self.cell, self.dilation - 1)
        later = DilatedState(jax.tree.map(lambda leaf: leaf[:, 1:], state.pending))
        after, outputs = shorter.unroll_whole(inputs, later, lengths, reverse)
        kept = jax.tree.map(lambda old, new: jnp.concatenate([old[:, :1], new], 1), state, after)
        return kept, outputs


class ExchangedWhenResumed(Dilated):
    """After a whole run the subsequences stand as they started, not as they will be used."""

    def _in_order(self, states: Any, steps: int, lengths: Any) -> Any:
        return states


class EndsOneEarly(Dilated):
    """Each subsequence counts the full rounds only: the first ones are one step too short."""

    @staticmethod
    def _ends(lengths: Any, chains: int) -> Any:
        return (lengths // chains + jnp.zeros((chains, 1), lengths.dtype)).reshape(-1)


class PaddedEndsOneEarly(Dilated):
    """As above, of padded sequences alone."""

    def unroll_whole(self, inputs: Any, state: DilatedState, lengths: Any, reverse: bool) -> Any:
        if lengths is not None:
            lengths = lengths // self.dilation * self.dilation
        return super().unroll_whole(inputs, state, lengths, reverse)


class ReadsItsPaddingBackwards(Dilated):
    """In reverse, the whole array is flipped, padding first."""

    def unroll_whole(self, inputs: Any, state: DilatedState, lengths: Any, reverse: bool) -> Any:
        if not reverse:
            return super().unroll_whole(inputs, state, lengths, reverse)
        after, outputs = super().unroll_whole(inputs[::-1], state, lengths, False)
        return after, outputs[::-1]


class OneKeyForAll(Dilated):
    """A whole run takes the noise of the first subsequence for all of them."""

    def unroll_whole(self, inputs: Any, state: DilatedState, lengths: Any, reverse: bool) -> Any:
        first = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf[:, :1], leaf.shape) if leaf.ndim == 2 else leaf, state
        )
        return super().unroll_whole(inputs, first, lengths, reverse)


class FusesForwards(Stack):
    """The convolution on top gives the newest step the weights of the oldest."""

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        turned = eqx.tree_at(
            lambda stack: stack.cells[-1].weight, Stack(self.cells), self.cells[-1].weight[::-1]
        )
        return turned.unroll_whole(inputs, state, lengths, reverse)


class AddsTwice(Residual):
    """y = 2 x + r."""

    def step(self, state: Any, projected: Any) -> Any:
        state, output = super().step(state, projected)
        return state, output + projected.x

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        after, outputs = super().unroll_whole(inputs, state, lengths, reverse)
        return after, outputs + inputs


class AddsNothing(Residual):
    """y = r over a whole sequence."""

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        return unroll(self.cell, inputs, state, lengths=lengths, reverse=reverse)


class InputLast(Shortcut):
    """y = [r; x]."""

    def step(self, state: Any, projected: Any) -> Any:
        state, output = super().step(state, projected)
        return state, jnp.roll(output, -self.input_size)

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        after, outputs = super().unroll_whole(inputs, state, lengths, reverse)
        return after, jnp.roll(outputs, -self.input_size, axis=-1)
