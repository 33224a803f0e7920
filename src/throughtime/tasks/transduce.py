"""Sequence to sequence: a target of any length for each source."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped
from pydantic import Field

from throughtime.core.cell import State
from throughtime.core.errors import DataError, OptionError, Place
from throughtime.core.sequence_map import Network
from throughtime.data.encoders import ByteEncoder, SubwordEncoder, SymbolEncoder, WordEncoder, fit_encoder
from throughtime.data.encoders.spelling import spelled
from throughtime.data.encoders.vocabulary import id_type
from throughtime.data.kinds import recognise
from throughtime.data.records import Record
from throughtime.data.store import SequenceStore
from throughtime.networks.architecture import Architecture
from throughtime.networks.decoder import DecoderDescription, build_encoder_decoder
from throughtime.networks.encoder_decoder import EncoderDecoder
from throughtime.networks.scheduled_sampling import ScheduledSampling
from throughtime.networks.temporal_classifier import TemporalClassifier
from throughtime.networks.transducer import GivenSource, Transducer
from throughtime.tasks.beam_search import beam_search
from throughtime.tasks.ctc_prefix_search import prefix_search
from throughtime.tasks.hypotheses import Hypotheses
from throughtime.tasks.options import AS_USUAL, TaskOptions
from throughtime.tasks.task import Posed, Search, SearchingTask, Target, TaughtTask
from throughtime.tasks.transduction_scores import Judged, check_installed, scores_of

WrittenIn = Annotated[WordEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder, Field(discriminator="kind")]
SAMPLE = 1000
"""Targets that their kind is recognised from."""

SPARE = 1.5
"""How many times as long as its source an answer may become, if no training target was longer."""


class Transduction(NamedTuple):
    """The targets found for a source, the best one first, and the source itself, to tell it from others.

    **Shapes** those of `Hypotheses`; `source` `[B, S]` or `[B, S, I]`, `source_length` `[B]`.
    """

    found: Hypotheses
    source: Shaped[Array, "*B S"]
    source_length: Integer[Array, "*B"]


class Transduce(SearchingTask, TaughtTask):
    r"""A target for each source, of another length: translation, spelling to sound, speech to phones.

    **Equations**

        loss = - mean over all symbols of all targets, with their ends, of log p(z_t | z_1 ... z_{t-1}, x)
        ctc: loss = - sum log p(z | x) / the number of those symbols, see `TemporalClassifier`

    Arguments:
        written_in: turns targets into symbols; fitted to the training targets.
        because: why the targets are of that kind, in words.
        majority: the most frequent target, in symbols.
        longest: the symbols of the longest target.
        options: what writes the target, and how it is searched for.
    """

    name: Literal["transduce"] = "transduce"
    metrics: ClassVar[Mapping[str, bool]] = {
        "exact_match": True,
        "symbol_error": False,
        "bleu": True,
        "chrf": True,
    }
    answers_once: ClassVar[bool] = False
    sees_whole: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = tuple(name for name in TaskOptions.model_fields if name != "head")

    written_in: WrittenIn
    because: str
    majority: tuple[int, ...]
    longest: int
    options: TaskOptions = AS_USUAL

    @classmethod
    def fit(
        cls, targets: Iterable[tuple[Target, Place | None]], options: TaskOptions = AS_USUAL
    ) -> "Transduce":
        """Return the task for these targets; raise `DataError` if they are no sequences of symbols."""
        pairs = list(targets)
        kind, because = options.target_kind, "as set"
        if kind is None:
            kind, because = recognise([target for target, _ in pairs[:SAMPLE]])
            because += " (another kind can be set with target_kind)"
        if kind == "tokens":
            # The entries of a list are what is written, whether they are words or not.
            kind = "symbols"
        if kind in ("bases", "amino_acids"):
            kind = "symbols"
        if kind in ("numbers", "music", "audio", "biosignals"):
            raise DataError(
                f"the targets are {kind}: {because}; a transduction writes symbols, so set target_kind to "
                "symbols or words, or use the task 'regress' for one number a sequence"
            )
        records = [Record(_sequence(target, place), None, place or Place("y")) for target, place in pairs]
        encoder = fit_encoder(
            kind,
            records,
            min_count=options.target_min_count,
            max_vocabulary=options.target_max_vocabulary,
            lowercase=options.target_lowercase,
        )
        assert isinstance(encoder, WordEncoder | SubwordEncoder | SymbolEncoder | ByteEncoder)
        counts = Counter(tuple(ids.tolist()) for ids in encoder.encode_batch(records))
        check_installed(is_text=_is_text(encoder))
        return cls(
            written_in=encoder,
            because=because,
            majority=counts.most_common(1)[0][0],
            longest=max(map(len, counts)),
            options=options,
        )

    @classmethod
    def check(cls, record: Record) -> None:
        """Raise `DataError` if the target is no sequence."""
        assert record.target is not None
        _sequence(record.target, record.target_place)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the targets are made of."""
        return (f"targets are {self.written_in.kind}: {self.because}",)

    @property
    def output_size(self) -> int:
        """The number of symbols, and one for the end of a target, or for the blank."""
        return self.written_in.vocabulary_size + 1

    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return the network as one that reads each element of the source as often as it should."""
        return TemporalClassifier(network, stretch=self.options.stretch)

    def built(
        self,
        architecture: Architecture,
        *,
        vocabulary_size: int | None,
        feature_count: int | None,
        letters: tuple[int, int] | None,
        key: PRNGKeyArray,
        head_key: PRNGKeyArray,
    ) -> Network:
        """Return an encoder-decoder, or a network that classifies temporally."""
        if self.options.writer == "ctc":
            return super().built(
                architecture,
                vocabulary_size=vocabulary_size,
                feature_count=feature_count,
                letters=letters,
                key=key,
                head_key=head_key,
            )
        chosen = self.options
        decoder = DecoderDescription(
            chosen.decoder_cell,
            chosen.attention,
            chosen.attention_size,
            chosen.input_feeding,
            chosen.reverse_source,
            chosen.teacher,
            chosen.teacher_pace,
        )
        return build_encoder_decoder(
            architecture,
            decoder,
            vocabulary_size=vocabulary_size,
            feature_count=feature_count,
            letters=letters,
            target_size=self.written_in.vocabulary_size,
            key=key,
        )

    def encode(self, target: Target, place: Place | None = None) -> Integer[np.ndarray, " T"]:
        """Return the symbols of a target and its end, counted from 1, so that 0 is none of them.

        **Raises**

            DataError: the target is no sequence of the kind, or a letter of it was in no training target.
        """
        ids = self.written_in.encode(_sequence(target, place), place)
        unknown = self.written_in.unknown_id
        # In text there are always words that were never seen. A symbol that was never seen is a slip.
        if isinstance(self.written_in, SymbolEncoder) and np.any(ids == unknown):
            raw = list(target) if isinstance(target, str | list) else [target]
            strange = next(raw[step] for step in np.flatnonzero(ids == unknown) if step < len(raw))
            raise DataError(
                f"the target has the symbol {strange!r}, which is in no target of the training part, so no "
                "answer can have it; correct it, or leave the record out",
                place,
            )
        size = self.written_in.vocabulary_size
        numbers = np.append(ids.astype(np.int64), size) + 1
        return numbers.astype(id_type(size + 2))

    @classmethod
    def kept(cls, encoded: Iterable[Any]) -> SequenceStore:
        """Return encoded targets in a store."""
        store = SequenceStore()
        store.extend(encoded)
        return store

    def check_lengths(self, lengths: np.ndarray, targets: SequenceStore) -> None:
        """Raise `DataError` if a source is too short for its target to be classified temporally."""
        if self.options.writer != "ctc":
            return
        for length, target in zip(lengths.tolist(), targets.sequences(), strict=True):
            needed = len(target) - 1 + int(np.count_nonzero(target[1:] == target[:-1]))
            if needed > length * self.options.stretch:
                raise DataError(
                    f"the source of {length} elements has a target of {len(target) - 1} symbols, for which "
                    f"{needed} have to be read, and with stretch={self.options.stretch} it is "
                    f"{length * self.options.stretch}; set stretch to {-(-needed // length)}, or leave the "
                    "record out"
                )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the negative logarithm of a probability, in nats: the output at the target."""
        return -output[target]

    @classmethod
    def unfold(
        cls,
        targets: Integer[Array, "T B"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Integer[Array, "T B"], Float[Array, "T B"]]:
        """Return the targets, and a mask that counts each of their symbols alike."""
        return jnp.maximum(targets - 1, 0), jnp.where(targets > 0, weights, 0)

    @classmethod
    def posed(
        cls,
        network: Network,
        inputs: Shaped[Array, "T B *I"],
        lengths: Integer[Array, " B"],
        targets: Shaped[Array, "*targets"],
    ) -> Posed:
        """Return the network with its sources, which reads the targets one step late."""
        assert isinstance(network, Transducer)
        if isinstance(network, EncoderDecoder) and isinstance(network.decoder, ScheduledSampling):
            # After training there is no schedule any more, and what is asked is how probable the targets are.
            network = network if network.decoder.schedule.is_random else network.with_teacher()
        symbols = targets - 1
        previous = jnp.concatenate([jnp.full_like(symbols[:1], -1), symbols[:-1]])
        return Posed(GivenSource(network, inputs, lengths), previous, jnp.sum(targets > 0, axis=0))

    @classmethod
    def part_of(cls, gradient: Network) -> Network:
        """Return the gradient by the network, without that by its sources."""
        assert isinstance(gradient, GivenSource)
        return gradient.network

    @property
    def how_to_search(self) -> Search:
        """How the best targets are searched for."""
        return Search(self.options.beam, self.options.length_penalty, self.longest)

    @classmethod
    def search(
        cls,
        network: Network,
        inputs: Shaped[Array, "T B *I"],
        lengths: Integer[Array, " B"],
        search: Search,
    ) -> Transduction:
        """Return the best targets that a search finds for each source."""
        if isinstance(network, TemporalClassifier):
            found = prefix_search(*network.scores(inputs, lengths=lengths), width=search.width)
            return Transduction(found, jnp.moveaxis(inputs, 1, 0), lengths)
        assert isinstance(network, EncoderDecoder)
        network = network.with_teacher()
        reading = network.read(inputs, lengths=lengths)

        def step(state: State, symbols: Array) -> tuple[State, Array]:
            after = jax.vmap(network.step, (None, 1, 1), 1)(reading.memory, state, symbols)
            return after[0], after[1]

        found = beam_search(
            step,
            reading.state.inner,
            batch_size=inputs.shape[1],
            width=search.width,
            most_symbols=max(search.longest, int(SPARE * len(inputs))) + 1,
            length_penalty=search.length_penalty,
        )
        return Transduction(found, jnp.moveaxis(inputs, 1, 0), lengths)

    @classmethod
    def joined(cls, parts: Sequence[list[Transduction]]) -> list[Transduction]:
        """Return blocks of outputs one after the other."""
        return [one for part in parts for one in part]

    def answers(self, outputs: list[Transduction]) -> list[Target]:
        """Return the best target found for each source: a text, or a list of symbols of several letters."""
        return [self._spelled(ids_of(one.found, 0)) for one in outputs]

    def columns(self, outputs: list[Transduction]) -> dict[str, Sequence[Any]]:
        """Return the best targets found and their scores."""
        columns: dict[str, Sequence[Any]] = {}
        for place in range(self.options.n_best):
            end = f"_{place + 1}" if place else ""
            columns[f"target{end}"] = [self._spelled(ids_of(one.found, place)) for one in outputs]
            columns[f"score{end}"] = [round(float(one.found.scores[place]), 4) for one in outputs]
        return columns

    def check_metric(self, name: str) -> None:
        """Raise `OptionError` for a metric of translations if the targets are no text."""
        if name in ("bleu", "chrf") and not _is_text(self.written_in):
            raise OptionError(
                f"metric is {name!r}, which counts words and letters of texts, and the targets are "
                f"{self.written_in.kind}; choose exact_match, symbol_error or loss"
            )

    @property
    def main_metric(self) -> str:
        """BLEU of texts, else the share of answers that are right."""
        return "bleu" if _is_text(self.written_in) else "exact_match"

    def scores(self, outputs: list[Transduction], targets: SequenceStore) -> dict[str, float]:
        """Return exact match, edits a symbol and, of texts, BLEU and chrF.

        A source that occurs several times counts once, and each of its targets is right.
        """
        right: dict[bytes, list[tuple[int, ...]]] = {}
        answered: dict[bytes, tuple[int, ...]] = {}
        for one, target in zip(outputs, targets.sequences(), strict=True):
            source = np.asarray(one.source)[: int(one.source_length)].tobytes()
            right.setdefault(source, []).append(tuple((target[:-1].astype(int) - 1).tolist()))
            answered.setdefault(source, ids_of(one.found, 0))
        pairs = ((answered[source], tuple(dict.fromkeys(same))) for source, same in right.items())
        return self._scores([self._judged(answer, same) for answer, same in pairs])

    @property
    def trivial(self) -> str:
        """The most frequent target of the training part."""
        answer = self._spelled(self.majority)
        return f"always {' '.join(answer) if isinstance(answer, list) else answer!r}"

    def trivial_scores(self, targets: SequenceStore) -> dict[str, float]:
        """Return the scores of always answering with the most frequent target of the training part."""
        right = [tuple((target[:-1].astype(int) - 1).tolist()) for target in targets.sequences()]
        return self._scores([self._judged(self.majority, (one,)) for one in right])

    def _scores(self, judged: list[Judged]) -> dict[str, float]:
        return scores_of(judged, is_text=_is_text(self.written_in))

    def _judged(self, answer: tuple[int, ...], right: tuple[tuple[int, ...], ...]) -> Judged:
        if not _is_text(self.written_in):
            return Judged(answer, right, "", ())
        texts = tuple(spelled(self.written_in, one) for one in right)
        return Judged(answer, right, spelled(self.written_in, answer), texts)

    def _spelled(self, ids: Sequence[int]) -> Target:
        symbols = self.written_in.symbols
        if isinstance(self.written_in, SymbolEncoder) and any(len(symbol) > 1 for symbol in symbols[1:]):
            return [symbols[index] for index in ids]
        return spelled(self.written_in, ids)


def ids_of(found: Hypotheses, place: int) -> tuple[int, ...]:
    """Return the symbols of one of the targets found for one source, 0 for the best."""
    length = int(found.lengths[place])
    return tuple(np.asarray(found.symbols)[place, :length].tolist())


def _is_text(encoder: WrittenIn) -> bool:
    return encoder.kind != "symbols"


def _sequence(target: Target, place: Place | None) -> str | list[Any]:
    if isinstance(target, str | list):
        return target
    # A column of digits is read as numbers, and 2026 is a sequence of four of them.
    if isinstance(target, int):
        return str(target)
    raise DataError(
        f"the target is {target!r}, a single number; give text or a list of symbols, or use the task "
        "'regress'",
        place,
    )
