"""A sequence as the model that best foretells it: the reservoir-model-space representation."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import State
from throughtime.core.errors import OptionError, check_sizes
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.sequence_map import SequenceMap


class ModelSpace(SequenceMap):
    r"""Of each sequence, the weights of the linear model that foretells its next element from the last one.

    On top of a reservoir whose states are brought to few numbers (`fit_components`), sequences that the same
    dynamics made have like models, however long they are.

    **Equations**

        (A, c) = argmin sum_{t < T} |x_{t+1} - A x_t - c|^2 + regularisation (|A|^2 + |c|^2)
        y = the rows of [A, c], one after the other, at every step of the sequence

    **Shapes**

        x `[D]`, A `[D, D]`, c `[D]`; y `[D (D + 1)]`

    Arguments:
        size: D, at least 1.
        regularisation: above 0. A sequence of one element has a model of zeros.

    **Raises**

        OptionError: the size is below 1, or the regularisation not above 0.

    **Cost**

        a sequence: T D^2 + D^3 multiply-adds

    **Differs from**

        The paper brings the states of all sequences to few numbers by a tensor decomposition; principal
        components of all states are its baseline there.

    **Source**

        Bianchi, Scardapane, Lokse & Jenssen 2021, "Reservoir computing approaches for representation and
        classification of multivariate time series", IEEE Transactions on Neural Networks and Learning
        Systems 32(5), Eqs. 11 and 12.
    """

    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    regularisation: float = eqx.field(static=True)

    def __init__(self, size: int, *, regularisation: float = 1.0):
        check_sizes(size=size)
        if not regularisation > 0:
            raise OptionError(f"regularisation is {regularisation}; choose a number above 0")
        self.input_size = size
        self.output_size = size * (size + 1)
        self.regularisation = float(regularisation)

    def run(
        self,
        inputs: Float[Array, "T B D"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Return no states, and the model of each sequence, at each of its steps."""
        steps, batch_size = inputs.shape[:2]
        real = jnp.full(batch_size, steps) if lengths is None else lengths
        clean = zero_padding(inputs, valid_steps(real, steps))
        models = jax.vmap(self._model, in_axes=(1, 0))(clean, real)
        everywhere = jnp.broadcast_to(models, (steps, *models.shape))
        return (), zero_padding(everywhere, valid_steps(real, steps))

    def _model(self, x: Float[Array, "T D"], length: Integer[Array, ""]) -> Float[Array, " O"]:
        has_next = (jnp.arange(x.shape[0]) < length - 1)[:, None]
        last = jnp.where(has_next, jnp.concatenate([x, jnp.ones((x.shape[0], 1), x.dtype)], axis=1), 0)
        following = jnp.where(has_next, jnp.roll(x, -1, axis=0), 0)
        products = last.T @ last + self.regularisation * jnp.eye(last.shape[1])
        return jnp.linalg.solve(products, last.T @ following).T.ravel()
