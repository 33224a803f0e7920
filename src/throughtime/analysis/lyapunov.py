"""How fast small changes of the state grow or die along a sequence: Lyapunov exponents."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.analysis.jacobians import along_the_way
from throughtime.analysis.state_arrays import Vector, check_has_steps, state_size
from throughtime.core.cell import Cell, State
from throughtime.core.errors import OptionError
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.core.unroll import check_lengths


@dataclass(frozen=True)
class LyapunovSpectrum:
    """The Lyapunov exponents of a network along sequences, in nats a step, largest first.

    `exponents`: `[k]`, the mean over all counted steps of all sequences. `of_each`: `[B, k]`, along each
    sequence, not-a-number for one that is over before anything counts. `steps`: how many steps were counted
    in all.

    The largest above 0: changes grow, and so does the gradient on its way back (chaos). Below 0: they die,
    and the gradient vanishes, by e^exponent a step. Minus infinity: forgotten at once.
    """

    exponents: Float[np.ndarray, " k"]
    of_each: Float[np.ndarray, "B k"]
    steps: int


def lyapunov_exponents(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    state: State | None = None,
    *,
    count: int | None = None,
    settle: int = 0,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray,
) -> LyapunovSpectrum:
    r"""Return the Lyapunov exponents along the states that the inputs lead through.

    **Equations**

        J_t = dh_t / dh_{t-1},   Q_t R_t = J_t Q_{t-1},   exponent_i = mean_t log |R_t|_{ii}

    Q starts as a random frame, and turns on its own towards the directions that grow most.

    **Shapes**

        inputs `[T, B, I]`, lengths `[B]`; Q `[N, k]`, N numbers in a state

    Arguments:
        network: a cell, or a stack of cells.
        state: where to start; the initial state when left out.
        count: k, how many exponents, the largest ones; 1 to N, all N when left out.
        settle: the first steps of each sequence, which turn the frame and are not counted; 0 or more. Without
            them the exponents of short sequences lie too close together.
        lengths: as in `unroll`.
        key: source of the frame, and of the noise, if the network draws some.

    **Raises**

        NotACellError: the network must see whole sequences.
        OptionError: it remembers nothing, or there is no such count, or nothing is left to count after
            settling.
        ShapeError: lengths do not fit the inputs.

    **Cost**

        time O(T B k (P + N k)), memory O(B N k)

    **Exactness**

        The limit of infinitely many steps, estimated from those there are: of a sequence of T steps the error
        falls as 1 / T.

    **Source**

        Benettin, Galgani, Giorgilli & Strelcyn 1980, Meccanica 15(1); for recurrent networks Vogt et al.
        2020, arXiv 2006.14123, section 2.
    """
    cell = check_has_steps(network, "Lyapunov exponent")
    steps, batch_size = inputs.shape[:2]
    if lengths is not None:
        check_lengths(lengths, steps, batch_size)
    real = jnp.full(batch_size, steps, jnp.int32) if lengths is None else lengths
    size = state_size(cell)
    count = size if count is None else count
    if not 1 <= count <= size:
        raise OptionError(
            f"count is {count}, and a state of {type(cell).__name__} has {size} numbers; choose 1 to {size}"
        )
    longest = int(np.max(np.asarray(real), initial=0))
    if not 0 <= settle < longest:
        raise OptionError(
            f"settle is {settle}, and the longest sequence has {longest} steps; choose 0 to {longest - 1}, "
            "so that some are left to count"
        )
    frame_key, noise_key = jax.random.split(key)
    start = initial_states(cell, batch_size, noise_key) if state is None else state
    logs = np.asarray(_logs(cell, inputs, start, real, frame_key, count=count), np.float64)
    return _spectrum(logs, np.asarray(real), settle)


def _spectrum(
    logs: Float[np.ndarray, "T B k"], lengths: Integer[np.ndarray, " B"], settle: int
) -> LyapunovSpectrum:
    number = np.arange(len(logs))[:, None]
    counted = (number >= settle) & (number < lengths)
    sums = np.where(counted[..., None], logs, 0).sum(0)
    count = counted.sum(0)
    of_each = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], np.nan)
    total = int(count.sum())
    return LyapunovSpectrum(-np.sort(-sums.sum(0) / total), -np.sort(-of_each, axis=1), total)


@eqx.filter_jit
def _logs(
    cell: Cell, inputs: Array, state: State, lengths: Array, key: PRNGKeyArray, *, count: int
) -> Float[Array, "T B k"]:
    batch_size, size = inputs.shape[1], state_size(cell)

    def look(
        step: Callable[[Vector], Vector], vector: Vector, frame: Float[Array, "N k"]
    ) -> tuple[Float[Array, "N k"], Float[Array, " k"]]:
        _, push = jax.linearize(step, vector)
        turned, stretched = jnp.linalg.qr(jax.vmap(push, in_axes=1, out_axes=1)(frame))
        return turned, jnp.log(jnp.abs(jnp.diagonal(stretched)))

    dtype = jnp.result_type(*(leaf for leaf in jax.tree.leaves(state) if eqx.is_inexact_array(leaf)))
    frames = jnp.linalg.qr(jax.random.normal(key, (batch_size, size, count), dtype))[0]
    _, logs = along_the_way(cell, inputs, state, lengths, look, frames)
    return logs
