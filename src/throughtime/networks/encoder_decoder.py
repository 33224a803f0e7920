"""Sequence to sequence: one network reads the source, another one writes the target."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import ShapeError
from throughtime.core.scanning import flip_in_time
from throughtime.core.sequence_map import Network, run
from throughtime.core.state import initial_states
from throughtime.core.unroll import unroll
from throughtime.networks.attention import Memory
from throughtime.networks.bridge import Bridge, numbers_of, with_numbers
from throughtime.networks.looking import LookingCell, looking_at, looking_part, valid_entries
from throughtime.networks.output_feedback import FeedbackState, TaughtCell, TeacherForcing
from throughtime.networks.stack import Stack
from throughtime.networks.transducer import Transducer


class Reading(NamedTuple):
    """What the encoder made of a batch of sources: the `state` that the decoder starts from, and the
    `memory` that it looks at, `None` if it looks at none."""

    state: FeedbackState
    memory: Memory | None


class EncoderDecoder(Transducer):
    r"""A network that reads a source to its end, and a network that writes the target from there.

    **Equations**

        m_1 ... m_S = encoder(x_1 ... x_S), or encoder(x_S ... x_1)
        h_0 = bridge(the encoder's final states), or these states themselves
        (h_t, s_t) = decoder(h_{t-1}, z_{t-1}, m)
        y_t = log softmax(s_t),   p(z_t | z_1 ... z_{t-1}, x) = exp y_t[z_t]

    **Shapes**

        source x `[S, B]` or `[S, B, I]`; previous target symbols z `[T, B]`, -1 before the first; scores s
        and y `[T, B, V]`; the last symbol, V - 1, is the target's end

    Arguments:
        encoder: any network, a bidirectional one too; its outputs are the memory.
        decoder: a cell that reads the symbol before and scores the next one, with a teacher:
            `TeacherForcing`, or `ScheduledSampling`. If a part of it looks at a memory (`LookThenStep`,
            `StepThenLook`), that is what the encoder gave for the example.
        bridge: what the decoder's first state is made with; the encoder's states themselves when left out,
            which then have to be alike.
        reverse_source: whether the encoder reads the source from its end.

    **Raises**

        ShapeError: the encoder's outputs are not what the decoder looks at, or its states no state of the
            decoder.

    **Cost**

        that of its parts. Where no step of the decoder waits for a look, all of them run as one sequence, in
        a fused kernel if its cell has one.

    **Source**

        Sutskever, Vinyals & Le 2014, "Sequence to sequence learning with neural networks", arXiv 1409.3215,
        sections 2 and 3.3 (reversal); Bahdanau, Cho & Bengio 2015, arXiv 1409.0473.
    """

    encoder: Network
    decoder: TaughtCell
    bridge: Bridge | None
    reverse_source: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        encoder: Network,
        decoder: TaughtCell,
        bridge: Bridge | None = None,
        *,
        reverse_source: bool = False,
    ):
        looking = looking_part(decoder)
        if looking is not None and looking.attention.memory_size != encoder.output_size:
            raise ShapeError(
                f"the decoder looks at {looking.attention.memory_size} features and the encoder, "
                f"{type(encoder).__name__}, gives {encoder.output_size}; make the two sizes equal"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.bridge = bridge
        self.reverse_source = reverse_source
        self.input_size = encoder.input_size
        self.output_size = decoder.output_size

    def target_log_probabilities(
        self,
        source: Shaped[Array, "S B *I"],
        previous: Integer[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None,
        target_lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "T B V"]:
        """Return the logarithm of each symbol's probability, given the one before it.

        No symbol depends on those behind it, so it does not matter how many of them are real.
        """
        scores = self.teach(self.read(source, lengths=lengths, key=key), previous)
        return jax.nn.log_softmax(scores)

    def read(
        self,
        source: Shaped[Array, "S B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Reading:
        """Return what the decoder needs of a source."""
        entries, batch_size = source.shape[:2]
        keys = (None, None) if key is None else jax.random.split(key)
        if self.reverse_source:
            source = flip_in_time(source, lengths)
        final, outputs = run(self.encoder, source, lengths=lengths, key=keys[0])
        state = initial_states(self.decoder, batch_size, keys[1])
        state = state._replace(inner=self._started(state.inner, numbers_of(final)))
        looking = looking_part(self.decoder)
        if looking is None:
            return Reading(state, None)
        values = jnp.moveaxis(outputs, 1, 0)
        valid = valid_entries(lengths, entries, batch_size)
        return Reading(state, jax.vmap(looking.attention.remember)(values, valid))

    def teach(self, reading: Reading, previous: Integer[Array, "T B"]) -> Float[Array, "T B V"]:
        """Return the scores of each target symbol, given the one before it."""
        if reading.memory is None:
            return unroll(self.decoder, previous, reading.state)[1]

        def one(memory: Memory, state: State, symbols: Array) -> Array:
            alone = jax.tree.map(lambda leaf: leaf[None], state)
            return unroll(looking_at(self.decoder, memory), symbols[:, None], alone)[1][:, 0]

        return jax.vmap(one, (0, 0, 1), 1)(reading.memory, reading.state, previous)

    def step(
        self, memory: Memory | None, state: State, symbols: Integer[Array, " B"]
    ) -> tuple[State, Float[Array, "B V"]]:
        """Return the state and the scores one symbol on.

        Arguments:
            memory: of the reading.
            state: the inner state of the reading, or what the last step returned.
            symbols: those of the step before, -1 before the first.
        """

        def one(memory: Memory | None, state: State, symbol: Array) -> tuple[State, Array]:
            cell = self.decoder.cell if memory is None else looking_at(self.decoder.cell, memory)
            return cell.step(state, cell.project(self.decoder.feedback.represent_symbol(symbol)))

        return jax.vmap(one)(memory, state, symbols)

    def alignments(self, reading: Reading, previous: Integer[Array, "T B"]) -> Float[Array, "T B S"]:
        """Return how much each target symbol looked at each element of the source, in the encoder's order.

        **Raises**

            ShapeError: the decoder looks at nothing.
        """
        layers = self.decoder.cell.cells if isinstance(self.decoder.cell, Stack) else (self.decoder.cell,)
        found = [number for number, layer in enumerate(layers) if isinstance(layer, LookingCell)]
        if reading.memory is None or not found:
            raise ShapeError(
                "this decoder looks at nothing, so there are no alignments; put a LookThenStep or a "
                "StepThenLook into it"
            )
        number = found[0]

        def one(memory: Memory, state: FeedbackState, symbols: Array) -> Array:
            states = state.inner.layers if isinstance(self.decoder.cell, Stack) else (state.inner,)
            elements = jax.vmap(self.decoder.feedback.represent_symbol)(symbols)[:, None]
            for layer, below in zip(layers[:number], states[:number], strict=True):
                elements = unroll(layer, elements, jax.tree.map(lambda leaf: leaf[None], below))[1]
            looking = looking_at(layers[number], memory)
            assert isinstance(looking, LookingCell)

            def look(state: State, element: Array) -> tuple[State, Array]:
                state, _, weights = looking.step_looking(state, state, looking.project(element))
                return state, weights

            return jax.lax.scan(look, states[number], elements[:, 0])[1]

        return jax.vmap(one, (0, 0, 1), 1)(reading.memory, reading.state, previous)

    def with_teacher(self) -> "EncoderDecoder":
        """Return the network whose decoder always hears the teacher."""
        taught = TeacherForcing(self.decoder.cell, self.decoder.feedback)
        return EncoderDecoder(self.encoder, taught, self.bridge, reverse_source=self.reverse_source)

    def _started(self, state: State, final: list[Array]) -> State:
        """Return a decoder's state that starts from the encoder's final ones."""
        if self.bridge is not None:
            return with_numbers(state, jax.vmap(self.bridge)(final))
        given, wanted = ([leaf.shape[1:] for leaf in leaves] for leaves in (final, numbers_of(state)))
        if given != wanted:
            raise ShapeError(
                f"the encoder ends with states of shapes {given}, and the decoder starts from {wanted}; put "
                "a Bridge between them, or make them of the same cells"
            )
        return with_numbers(state, final)
