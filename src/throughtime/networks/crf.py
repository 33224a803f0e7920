"""The linear-chain conditional random field, as a cell: the forward algorithm is its recurrence."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.errors import ShapeError, check_sizes
from throughtime.networks.head import Head, Labelling

NEVER = -1e4
"""The logarithm of how probable something impossible is: its exponential is 0, and it has a gradient."""


class ForwardState(NamedTuple):
    """The logarithm `forward` `[K + 1]` of how probable each label is at the last element, given the elements
    so far; the last entry stands for there being no element yet."""

    forward: Float[Array, "*B K"]


class ConditionalRandomField(Head):
    r"""A linear-chain conditional random field over rows of labels.

    A row of labels is as probable as the exponential of its score, the sum of x_t[k_t] + A[k_{t-1}, k_t] over
    its elements. The logarithm of that probability falls apart into one term an element, since the forward
    algorithm adds up all rows from element to element; these terms are the outputs, one for each pair of a
    label and the one before it. So the negative sum of the outputs at the right pairs is the loss, whole, in
    chunks, or element by element.

    **Equations**

        a_t[k] = x_t[k] + log sum_j exp(f_{t-1}[j] + A[j, k])        forward algorithm
        c_t = log sum_k exp(a_t[k]),   f_t = a_t - c_t
        y_t[j, k] = x_t[k] + A[j, k] - c_t
        log p(k_1 ... k_T) = sum_t y_t[k_{t-1}, k_t],   k_0 = K

    **Shapes**

        x `[K]`, the scores of K labels; A `[K + 1, K]`; y `[(K + 1) K]`, entry j K + k

    Arguments:
        label_count: K, at least 1.
        forbidden: pairs (j, k) of which no row of labels has k next to j, each from 0 to K - 1, j = K for the
            start.

    **Raises**

        ShapeError: a pair that is out of range.

    **Cost**

        a step: O(K^2); outputs O(K^2) an element

    **Differs from**

        Lafferty et al. and Lample et al. score the last label too, which takes knowing where the end is.

    **Source**

        Lafferty, McCallum & Pereira 2001, ICML, section 3; over a recurrent network: Lample et al. 2016,
        arXiv 1603.01360, section 2.2. Forward-backward and Viterbi: Rabiner 1989, Proceedings of the IEEE
        77(2), Eqs. 19-21, 25, 33-35.
    """

    transition: Float[Array, "K1 K"]
    forbidden: tuple[tuple[int, int], ...] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, label_count: int, *, forbidden: tuple[tuple[int, int], ...] = ()):
        check_sizes(label_count=label_count)
        for pair in forbidden:
            if not (0 <= pair[0] <= label_count and 0 <= pair[1] < label_count):
                raise ShapeError(
                    f"the pair {pair} is forbidden, and there are {label_count} labels; give numbers from 0 "
                    f"to {label_count - 1}, and {label_count} for the start as the first of a pair"
                )
        self.transition = jnp.zeros((label_count + 1, label_count))
        self.forbidden = forbidden
        self.input_size = label_count
        self.output_size = (label_count + 1) * label_count

    def initial_state(self) -> ForwardState:
        """Return the state in which there is no element yet."""
        return ForwardState(jnp.zeros(self.input_size + 1).at[:-1].set(NEVER))

    def project(self, x: Float[Array, " K"]) -> Float[Array, " K"]:
        """Return the scores as they are."""
        return x

    def step(
        self, state: ForwardState, projected: Float[Array, " K"]
    ) -> tuple[ForwardState, Float[Array, " KK"]]:
        """Return the forward variable one element on, and the terms of this element."""
        score = self.scores + projected
        a = jax.nn.logsumexp(state.forward[:, None] + score, axis=0)
        c = jax.nn.logsumexp(a)
        nothing = jnp.full((1,), NEVER, a.dtype)
        return ForwardState(jnp.concatenate([a - c, nothing])), (score - c).reshape(-1)

    @property
    def scores(self) -> Float[Array, "K1 K"]:
        """The transitions, with the forbidden ones out of reach."""
        return jnp.where(self._is_allowed, self.transition, NEVER)

    @property
    def _is_allowed(self) -> Bool[np.ndarray, "K1 K"]:
        allowed = np.ones((self.input_size + 1, self.input_size), bool)
        for before, after in self.forbidden:
            allowed[before, after] = False
        return allowed

    def best_labels(self, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]) -> Labelling:
        """Return the most probable row of labels of each sequence (Viterbi), and the probability of each
        label at its place (forward-backward)."""
        count = self.input_size
        terms = outputs.reshape(*outputs.shape[:2], count + 1, count)
        is_real = jnp.arange(len(terms))[:, None] < lengths
        labels = jax.vmap(_viterbi, in_axes=(1, 1))(terms, is_real)
        marginals = jax.vmap(_marginals, in_axes=(1, 1))(terms, is_real)
        chosen = jnp.take_along_axis(marginals, labels[..., None], axis=-1)[..., 0]
        return Labelling(labels, jnp.exp(chosen))

    def filtered(
        self, before: Float[np.ndarray, " K0"], output: Float[np.ndarray, " O"]
    ) -> Float[np.ndarray, " K"]:
        """Return the forward variable f_t."""
        terms = output.reshape(self.input_size + 1, self.input_size)
        if not before.size:
            return terms[-1]
        return np.logaddexp.reduce(before[:, None] + terms[:-1], axis=0)


def _viterbi(terms: Float[Array, "T K1 K"], is_real: Bool[Array, " T"]) -> Integer[Array, " T"]:
    """Return the row of labels with the largest sum of terms."""
    start, first = _started(terms)

    def forward(
        best: Float[Array, " K"], element: tuple[Float[Array, "K K"], Bool[Array, ""]]
    ) -> tuple[Float[Array, " K"], Integer[Array, " K"]]:
        term, real = element
        reached = best[:, None] + term
        before = jnp.where(real, reached.argmax(0), jnp.arange(len(best)))
        return jnp.where(real, reached.max(0), best), before

    last, before = jax.lax.scan(forward, first, (start, is_real[1:]))

    def back(
        label: Integer[Array, ""], before: Integer[Array, " K"]
    ) -> tuple[Integer[Array, ""], Integer[Array, ""]]:
        return before[label], label

    first_label, labels = jax.lax.scan(back, last.argmax(), before, reverse=True)
    return jnp.concatenate([first_label[None], labels]).astype(jnp.int32)


def _marginals(terms: Float[Array, "T K1 K"], is_real: Bool[Array, " T"]) -> Float[Array, "T K"]:
    """Return the logarithm of the probability of each label at each element, given all elements."""
    start, first = _started(terms)

    def forward(
        f: Float[Array, " K"], element: tuple[Float[Array, "K K"], Bool[Array, ""]]
    ) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
        term, real = element
        f = jnp.where(real, jax.nn.logsumexp(f[:, None] + term, axis=0), f)
        return f, f

    def backward(
        b: Float[Array, " K"], element: tuple[Float[Array, "K K"], Bool[Array, ""]]
    ) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
        term, real = element
        return jnp.where(real, jax.nn.logsumexp(term + b, axis=1), b), b

    elements = start, is_real[1:]
    _, forwards = jax.lax.scan(forward, first, elements)
    first_b, backwards = jax.lax.scan(backward, jnp.zeros_like(first), elements, reverse=True)
    return jnp.concatenate([first[None], forwards]) + jnp.concatenate([first_b[None], backwards])


def _started(terms: Float[Array, "T K1 K"]) -> tuple[Float[Array, "T1 K K"], Float[Array, " K"]]:
    """Return the terms of the elements after the first, and of the first those that come from the start."""
    return terms[1:, :-1], terms[0, -1]
