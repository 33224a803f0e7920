"""Learning rules that are wrong on purpose, each in one place."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from throughtime import BPTT, ForwardGradient, Gradient

_TARGETS, _MASK = 5, 6
"""Places of these among the arguments of `gradient`."""


class IgnoresTheMask(BPTT):
    """Every step counts alike."""

    def gradient(self, *parts: Any, **others: Any) -> Gradient:
        return BPTT.gradient(self, *parts[:_MASK], jnp.ones_like(parts[_MASK]), **others)


class ForgetsTheState(BPTT):
    """Each chunk starts from the initial state."""

    def gradient(
        self, network: Any, loss: Any, trace: Any, state: Any, *rest: Any, **others: Any
    ) -> Gradient:
        return BPTT.gradient(self, network, loss, trace, None, *rest, **others)


class IgnoresLengths(BPTT):
    """Padding is read."""

    def gradient(self, *parts: Any, lengths: Any = None, **others: Any) -> Gradient:
        return BPTT.gradient(self, *parts, **others)


class SlopeIsOff(BPTT):
    """The gradient of one small parameter is a part in ten thousand too large."""

    def gradient(self, *parts: Any, **others: Any) -> Gradient:
        given = BPTT.gradient(self, *parts, **others)
        slope = _small_parameter(given.gradient)
        return given._replace(gradient=eqx.tree_at(_small_parameter, given.gradient, slope * (1 + 1e-4)))


class PlainProduct(BPTT):
    """Mask times loss, so that what does not count still spreads when it is not a number."""

    def gradient(self, *parts: Any, **others: Any) -> Gradient:
        given = BPTT.gradient(self, *parts, **others)
        return given._replace(loss=given.loss + jnp.sum(0 * parts[_TARGETS]))


class CutsTooEarly(BPTT):
    """The last step of a chunk counts in the loss and not in the gradient."""

    def gradient(self, *parts: Any, **others: Any) -> Gradient:
        given = BPTT.gradient(self, *parts, **others)
        short = BPTT.gradient(self, *parts[:_MASK], parts[_MASK].at[-1].set(0), **others)
        return given._replace(gradient=short.gradient)


class Truncated(BPTT):
    """Nothing is carried across the borders of chunks but the state."""


class ForgetsItsDirection(ForwardGradient):
    """How the state changes is not carried across the borders of chunks."""

    def gradient(self, network: Any, loss: Any, trace: Any, *rest: Any, **others: Any) -> Gradient:
        forgetful = trace._replace(of_state=None)
        given = ForwardGradient.gradient(self, network, loss, forgetful, *rest, **others)
        return given


class LosesAParameter(BPTT):
    """One parameter has no gradient."""

    def gradient(self, *parts: Any, **others: Any) -> Gradient:
        given = BPTT.gradient(self, *parts, **others)
        return given._replace(gradient=eqx.tree_at(_small_parameter, given.gradient, None))


def _small_parameter(network: Any) -> Any:
    return network.cells[1].candidate_bias
