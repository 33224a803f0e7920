"""Networks from a source to a target of another length, and what they are when both are known."""

import abc

import equinox as eqx
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import UsageError
from throughtime.core.sequence_map import SequenceMap


class Transducer(SequenceMap):
    r"""A network that says how probable each target is for a source.

    It cannot be run over a source alone. Given a source (`GivenSource`), it is a sequence map that reads the
    target; without the target, one is searched for.

    **Equations**

        log p(z_1 ... z_n | x) = sum_t y_t[z_t]

    **Shapes**

        source x `[S, B]` or `[S, B, I]`; target z `[T, B]`; y `[T, B, V]`

    **Source**

        each network names its own
    """

    @abc.abstractmethod
    def target_log_probabilities(
        self,
        source: Shaped[Array, "S B *I"],
        previous: Integer[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None,
        target_lengths: Integer[Array, " B"],
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "T B V"]:
        """Return numbers whose sum, each taken at its target symbol, is the logarithm of the probability.

        Arguments:
            source: with `lengths` real elements each.
            previous: the target one step late: -1, then the target without its last symbol, the end.
            target_lengths: the symbols of each target, with the end.
        """

    def run(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Refuse: a source alone has no outputs."""
        raise UsageError(
            f"{type(self).__name__} goes from a source to a target of another length, so a source alone has "
            "no outputs; put it and the source into a GivenSource, which reads the target, or search for a "
            "target"
        )


class GivenSource(SequenceMap):
    r"""A transducer that has its sources: from the target one step late to how probable each symbol is.

    **Equations**

        log p(z_1 ... z_n | x) = sum_t y_t[z_t]

    **Shapes**

        inputs `[T, B]`: -1, then the target without its last symbol, the end; y `[T, B, V]`

    Arguments:
        network: the transducer.
        source: `[S, B]` or `[S, B, I]`.
        source_lengths: `[B]`.

    **Source**

        that of the transducer
    """

    network: Transducer
    source: Shaped[Array, "S B *I"]
    source_lengths: Integer[Array, " B"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self, network: Transducer, source: Shaped[Array, "S B *I"], source_lengths: Integer[Array, " B"]
    ):
        self.network = network
        self.source = source
        self.source_lengths = source_lengths
        self.input_size = network.output_size
        self.output_size = network.output_size

    def run(
        self,
        inputs: Integer[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B V"]]:
        """Return the logarithms of the probabilities, which leave no state behind."""
        if lengths is None:
            raise UsageError("a GivenSource needs the lengths of the targets; pass lengths")
        return (), self.network.target_log_probabilities(
            self.source, inputs, lengths=self.source_lengths, target_lengths=lengths, key=key
        )
