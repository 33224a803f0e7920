"""Element to element: a label for each element of a sequence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.core.extras import extra
from throughtime.core.sequence_map import Network
from throughtime.data.encoders.labels import LabelEncoder, label_name
from throughtime.data.encoders.vocabulary import id_type
from throughtime.data.records import Record
from throughtime.data.store import SequenceStore
from throughtime.networks.chain import topped
from throughtime.networks.crf import ConditionalRandomField
from throughtime.networks.head import Labelling, head_of
from throughtime.networks.log_softmax import LogSoftmax
from throughtime.tasks.options import AS_USUAL, TaskOptions
from throughtime.tasks.spans import Scheme, broken_at, forbidden_pairs, scheme_of
from throughtime.tasks.task import ReadingTask, Target, TaughtTask


class Label(ReadingTask, TaughtTask):
    r"""One label for each element: parts of speech, names in BIO or BIOES, what happens in each frame.

    **Equations**

        softmax: loss = - mean_t log p(k_t | x)
        crf: loss = - (1/T) log p(k_1 ... k_T | x), see `ConditionalRandomField`

    Arguments:
        labels: the labels, fitted to the training targets.
        majority: number of the label that is most frequent in the training targets.
        head: what makes labels of the network's answers.
        scheme: how labels mark spans. A CRF then finds no row of labels that the scheme does not allow.
    """

    name: Literal["label"] = "label"
    metrics: ClassVar[Mapping[str, bool]] = {
        "accuracy": True,
        "macro_f1": True,
        "span_f1": True,
        "span_precision": True,
        "span_recall": True,
    }
    answers_once: ClassVar[bool] = False
    takes: ClassVar[tuple[str, ...]] = ("head",)

    labels: LabelEncoder
    majority: int
    head: Literal["softmax", "crf"] = "softmax"
    scheme: Scheme = "none"

    @classmethod
    def fit(cls, targets: Iterable[tuple[Target, Place | None]], options: TaskOptions = AS_USUAL) -> "Label":
        """Return the task for the labels in `targets`; raise `DataError` if there are fewer than two."""
        counts: dict[str, int] = {}
        for target, place in targets:
            for name in _names(target, place):
                counts[name] = counts.get(name, 0) + 1
        labels = LabelEncoder.fit(counts)
        majority = labels.encode(max(labels.names, key=counts.__getitem__))
        return cls(labels=labels, majority=majority, head=options.head, scheme=scheme_of(labels.names))

    @classmethod
    def check(cls, record: Record) -> None:
        """Raise `DataError` unless there is a label for each element, and spans are as their scheme wants."""
        assert record.target is not None
        names = _names(record.target, record.target_place)
        if len(names) != len(record.sequence):
            raise DataError(
                f"there are {len(record.sequence)} elements and {len(names)} labels; give one label for each "
                "element, or leave the record out",
                record.target_place,
            )
        wrong = broken_at(names)
        if wrong is not None:
            raise DataError(f"{_broken(names, wrong)}; mend it, or leave the record out", record.target_place)

    @property
    def output_size(self) -> int:
        """The number of labels."""
        return self.labels.class_count

    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return the network with the head on top."""
        if self.head == "softmax":
            return topped(network, LogSoftmax(self.output_size))
        forbidden = forbidden_pairs(self.labels.names, self.scheme)
        return topped(network, ConditionalRandomField(self.output_size, forbidden=forbidden))

    def encode(self, target: Target, place: Place | None = None) -> Integer[np.ndarray, " T"]:
        """Return the number of each label or, for a CRF, of each pair of a label and the one before it; raise
        `DataError` for a label that was not in the training targets."""
        numbers = np.array([self.labels.encode(name, place) for name in _names(target, place)], np.int64)
        if self.head == "crf":
            before = np.concatenate([[self.output_size], numbers[:-1]])
            numbers = before * self.output_size + numbers
        return numbers.astype(id_type((self.output_size + 1) * self.output_size))

    @classmethod
    def kept(cls, encoded: Iterable[Any]) -> SequenceStore:
        """Return encoded targets in a store."""
        store = SequenceStore()
        store.extend(encoded)
        return store

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the negative logarithm of a probability, in nats: the head's output at the target."""
        return -output[target]

    @classmethod
    def unfold(
        cls,
        targets: Integer[Array, "T B"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Integer[Array, "T B"], Float[Array, "T B"]]:
        """Return the targets, and a mask that counts each element alike."""
        return targets, jnp.where(jnp.arange(time_steps)[:, None] < lengths, weights, 0)

    @classmethod
    def read(
        cls, network: Network, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]
    ) -> Labelling:
        """Return the most probable row of labels of each sequence."""
        return head_of(network).best_labels(outputs, lengths)

    @classmethod
    def cut(cls, answer: Labelling, length: int) -> Labelling:
        """Return the labels of the real elements."""
        return Labelling(answer.labels[:length], answer.probabilities[:length])

    @classmethod
    def joined(cls, parts: Sequence[list[Labelling]]) -> list[Labelling]:
        """Return blocks of outputs one after the other."""
        return [labelling for part in parts for labelling in part]

    def answers(self, outputs: list[Labelling]) -> list[Target]:
        """Return a list of labels for each sequence."""
        return [self.labels.decode(np.asarray(labelling.labels)) for labelling in outputs]

    def columns(self, outputs: list[Labelling]) -> dict[str, Sequence[Any]]:
        """Return the labels and their probabilities."""
        certain = [[round(float(p), 4) for p in labelling.probabilities] for labelling in outputs]
        return {"labels": self.answers(outputs), "probabilities": certain}

    def check_metric(self, name: str) -> None:
        """Raise `OptionError` for a metric of spans if the labels mark none."""
        if name.startswith("span_") and self.scheme == "none":
            few = ", ".join(self.labels.names[:5])
            raise OptionError(
                f"metric is {name!r}, and the labels ({few}, …) mark no spans in BIO or BIOES; choose "
                "accuracy, macro_f1 or loss"
            )

    @property
    def main_metric(self) -> str:
        """The F1 of spans where labels mark spans, else accuracy."""
        return "accuracy" if self.scheme == "none" else "span_f1"

    def scores(self, outputs: list[Labelling], targets: SequenceStore) -> dict[str, float]:
        """Return accuracy and mean F1 of labels over all elements and, where labels mark spans, F1, precision
        and recall of whole spans, in which kind and both ends have to be right."""
        return self._scores([np.asarray(labelling.labels) for labelling in outputs], targets)

    @property
    def trivial(self) -> str:
        """The most frequent label of the training part."""
        return f"always {self.labels.names[self.majority]!r}"

    def trivial_scores(self, targets: SequenceStore) -> dict[str, float]:
        """Return the scores of always answering with the most frequent label of the training part."""
        return self._scores([np.full(length, self.majority) for length in targets.lengths], targets)

    def _scores(self, answers: Sequence[np.ndarray], targets: SequenceStore) -> dict[str, float]:
        from sklearn.metrics import accuracy_score, f1_score

        truth = [sequence % self.output_size for sequence in targets.sequences()]
        flat, flat_truth = np.concatenate(answers), np.concatenate(truth)
        scores = {
            "accuracy": float(accuracy_score(flat_truth, flat)),
            "macro_f1": float(f1_score(flat_truth, flat, average="macro", zero_division=0)),
        }
        return scores if self.scheme == "none" else scores | self._span_scores(answers, truth)

    def _span_scores(self, answers: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> dict[str, float]:
        metrics = extra("seqeval.metrics.sequence_labeling", "label")
        named = [[self.labels.decode(row) for row in rows] for rows in (truth, answers)]
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            *named, average="micro", zero_division=0
        )
        return {"span_f1": float(f1), "span_precision": float(precision), "span_recall": float(recall)}


def _names(target: Target, place: Place | None) -> list[str]:
    """Return the labels of one sequence by name: of a list, or the letters of a text."""
    if not isinstance(target, str | list):
        raise DataError(
            f"the target is {target!r}; give a list of labels, one for each element, or a text in which each "
            "letter is one",
            place,
        )
    return [label_name(label, place) for label in target]


def _broken(names: Sequence[str], wrong: int) -> str:
    if wrong == len(names):
        return f"the last label is {names[-1]!r}, which begins a span that does not end; E- or S- ends one"
    after = f"after {names[wrong - 1]!r}" if wrong else "at the start"
    return f"label {wrong + 1} is {names[wrong]!r} {after}, where it cannot stand; B- (or S-) begins a span"
