"""Everything a training run was told, as a recipe says it and as it is written beside the model."""

import os
import tomllib
from pathlib import Path
from typing import Annotated

import tomli_w
from pydantic import Field, field_validator, model_validator

from throughtime.core.errors import OptionError, choose
from throughtime.core.options import Options
from throughtime.data.kinds import Kind
from throughtime.data.readers.annotated import AnnotationKind
from throughtime.learning import RULES
from throughtime.learning.bptt import PENALTIES
from throughtime.learning.readout import SOLVERS
from throughtime.networks.architecture import Architecture
from throughtime.tasks import TASKS, Task, TaskOptions
from throughtime.training.curvature_steps import HESSIAN_FREE
from throughtime.training.optimizers import OPTIMIZER_NAMES, SCHEDULES
from throughtime.training.rule_settings import RuleSettings

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


OF_FIRST_ORDER = (
    *RuleSettings.model_fields,
    "chunk_size",
    "learning_rate",
    "schedule",
    "warmup",
    "weight_decay",
    "weight_decay_l1",
    "clip_norm",
    "clip_value",
    "weight_noise",
    "softmax_samples",
)
"""The settings of a step that are of no use to an optimiser that finds its way by the curvature."""

FIRST_ORDER = "adamw"
"""The optimiser that stands for all that need a gradient alone."""

OF_HESSIAN_FREE = ("damping", "structural_damping", "curvature_sequences", "cg_iterations")
"""The settings of a step that are of no use to any other optimiser."""

OF_SOLVERS = ("regularisation", "washout")
"""The settings that are of use to solvers alone, which go over the data once and take no steps."""


class DataSettings(Options):
    """How records become arrays.

    Arguments:
        sequence: the column with the sequence; several, joined by commas, for a table with one column a time
            step.
        target: the column with the answer.
        group: the column that says which rows belong to one sequence, for a table with one row a time step.
        kind: what a sequence is made of; recognised from the data when left out.
        min_count: how often a symbol must occur in the training data to get a number of its own, at least 1.
        max_vocabulary: the most symbols to keep, 2 to 1,000,000, the most frequent first; all when left out.
        lowercase: whether words are lower-cased.
        frames_per_quarter: of music: how many frames a quarter note has, 1 to 96; 4 when left out.
        skip_bad_rows: whether records that cannot be read are counted and left out.
        sample_rate: of audio and biosignals: samples a second (Hz) that all are brought to, above 0; as most
            of the files have when left out.
        mel_bins: of audio: bands of a frame, at least 1.
        frame_length_ms: of audio: length of a frame in milliseconds, above 0.
        frame_shift_ms: of audio: from one frame to the next, in milliseconds, above 0.
        channels: of biosignals: the channels to read, joined by commas; those of most records when left out.
        annotations: of biosignals in annotated records: what a sequence and its label are: a window round
            each of the `"beats"`, a piece of one `"rhythm"`, or a piece with a label for each sample: the
            rhythm (`"rhythm_by_sample"`), or P, QRS, T (`"waves"`).
        annotator: of the same: what the names of the annotation files end in.
        segment_s: of the same: length of a sequence in seconds, above 0; 0.8 round a beat, otherwise 10, when
            left out.
    """

    sequence: str | None = None
    target: str | None = None
    group: str | None = None
    kind: Kind | None = None
    min_count: Count = 1
    max_vocabulary: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    lowercase: bool = True
    frames_per_quarter: Annotated[int, Field(ge=1, le=96)] | None = None
    skip_bad_rows: bool = False
    sample_rate: Positive | None = None
    mel_bins: Count = 40
    frame_length_ms: Positive = 25.0
    frame_shift_ms: Positive = 10.0
    channels: str | None = None
    annotations: AnnotationKind = "beats"
    annotator: str = "atr"
    segment_s: Positive | None = None


class StepSettings(RuleSettings):
    """How one training step changes the weights.

    Arguments:
        chunk_size: steps in a chunk, at least 1; whole sequences when left out, and 128 steps of a text,
            which has no end.
        optimizer: name of the optimiser.
        learning_rate: step size at its highest, above 0.
        schedule: how the step size goes on after the warm-up.
        warmup: part of all steps in which the step size grows from 0, 0 to 1.
        weight_decay: pull of the weight matrices towards zero, at least 0, times the step size (decoupled).
        weight_decay_l1: pull of the weight matrices towards zero that is as strong on small weights as on
            large ones, at least 0, times the step size.
        clip_norm: longest gradient, as a global norm; 0 for no clipping.
        clip_value: largest entry of a gradient; 0 for no clipping. It comes before the norm.
        weight_noise: standard deviation of the Gaussian noise on all weights at which each gradient is taken,
            at least 0.
        batch_size: sequences in a step, or parts of a text that are read side by side, at least 1.
        softmax_samples: of the task `"generate"`: how many symbols, besides those that come next, the softmax
            is trained on in a step, at least 2; half of them are the most frequent ones. For large
            vocabularies; all symbols when left out.
        damping: of `"hessian_free"`: how short its first step is kept, above 0; it adapts. That optimiser
            finds the length of its steps by itself: the rule and its options, the learning rate and
            its schedule, decay, clipping and weight noise are not for it.
        structural_damping: of `"hessian_free"`: how much hidden states that change count in the damping,
            beside weights that change, at least 0.
        curvature_sequences: of `"hessian_free"`: sequences of a batch that the curvature is taken of, at
            least 1; all when left out.
        cg_iterations: of `"hessian_free"`: the most iterations of conjugate gradients in a step, at least 1.
        regularisation: of `"ridge"` and `"logistic"`, which solve for the readout and leave all else as it
            was drawn: penalty on the squares of its weights, at least 0; by cross-validation when left out.
        washout: of the same: first steps of each sequence that are not learned from, at least 0.
    """

    chunk_size: Count | None = None
    optimizer: str = "adamw"
    learning_rate: Positive = 0.003
    schedule: str = "constant"
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.0
    weight_decay: NotNegative = 0.01
    weight_decay_l1: NotNegative = 0.0
    clip_norm: NotNegative = 1.0
    clip_value: NotNegative = 0.0
    weight_noise: NotNegative = 0.0
    batch_size: Count = 32
    softmax_samples: Annotated[int, Field(ge=2)] | None = None
    damping: Positive = 0.1
    structural_damping: NotNegative = 0.0
    curvature_sequences: Count | None = None
    cg_iterations: Count = 300
    regularisation: NotNegative | None = None
    washout: Annotated[int, Field(ge=0)] = 0

    def check_together(self) -> None:
        """Raise `ValueError` if a setting was given that the rule or the optimiser has no use for."""
        super().check_together()
        of_others = {FIRST_ORDER: OF_FIRST_ORDER, HESSIAN_FREE: OF_HESSIAN_FREE, SOLVERS[0]: OF_SOLVERS}
        del of_others[self.family]
        for family, name in ((family, name) for family, names in of_others.items() for name in names):
            given, default = getattr(self, name), type(self).model_fields[name].default
            if given != default:
                raise ValueError(
                    f"{name} is {given} and optimizer is {self.optimizer!r}, which has no use for it; leave "
                    f"{name} out, or choose "
                    + ("another optimizer" if family == FIRST_ORDER else f"optimizer={family!r}")
                )

    @property
    def family(self) -> str:
        """The optimiser that stands for all that take the same settings."""
        if self.optimizer in SOLVERS:
            return SOLVERS[0]
        return HESSIAN_FREE if self.optimizer == HESSIAN_FREE else FIRST_ORDER

    @property
    def needs_the_end(self) -> bool:
        """Whether the step size depends on how many steps the run will have."""
        return self.schedule != "constant" or self.warmup > 0

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, name: str) -> str:
        return choose("optimizer", name, OPTIMIZER_NAMES)

    @field_validator("schedule")
    @classmethod
    def _known_schedule(cls, name: str) -> str:
        return choose("schedule", name, SCHEDULES)


class TrainingSettings(StepSettings):
    """How weights are found for data from files.

    Arguments:
        epochs: most passes over the training data, at least 1.
        validation: part of the training data held out to choose the best weights by, 0 to below 1; 0 for
            none.
        patience: epochs without improvement before training stops; 0 for never.
        metric: what improvement is measured by: the loss, or a metric of the task.
        start_from: folder of a trained model whose embedding and recurrent layers the training starts from;
            fresh weights when left out.
    """

    epochs: Count = 30
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.1
    patience: Annotated[int, Field(ge=0)] = 8
    metric: str = "loss"
    start_from: str | None = None

    @field_validator("start_from", mode="before")
    @classmethod
    def _path_as_text(cls, folder: object) -> object:
        return os.fspath(folder) if isinstance(folder, os.PathLike) else folder


class SolvingSettings(StepSettings):
    """How weights are found for a problem, of which there are as many sequences as anyone wants.

    Arguments:
        weight_decay: as for other data, but 0 by default: a problem without noise needs none.
        iterations: most training steps, at least 1; each sees new sequences.
        check_every: training steps from one test to the next, at least 1.
        test_sequences: how many sequences a test has, at least 1; the same ones in every test.
        enough: the share of test sequences answered right at which training stops, above 0 to 1; when left
            out, a recipe trains to the last step, and the command `problem` does as the problem's paper.
    """

    weight_decay: NotNegative = 0.0
    iterations: Count = 2000
    check_every: Count = 100
    test_sequences: Count = 1000
    enough: Annotated[float, Field(gt=0, le=1)] | None = None


class Settings(Options):
    """A whole run: the task, a seed, and a group of settings for each part.

    Arguments:
        task: name of the task.
        seed: decides the weights, the split, the order and the noise, 0 to 2**32 - 1.
    """

    task: str
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: DataSettings = DataSettings()
    options: TaskOptions = TaskOptions()
    network: Architecture = Architecture()
    training: TrainingSettings = TrainingSettings()

    @field_validator("task")
    @classmethod
    def _known_task(cls, name: str) -> str:
        return choose("task", name, TASKS)

    @model_validator(mode="after")
    def _metric_of_the_task(self) -> "Settings":
        choose("training.metric", self.training.metric, dict.fromkeys(["loss", *TASKS[self.task].metrics]))
        return self

    @model_validator(mode="after")
    def _options_of_the_task(self) -> "Settings":
        if (reason := what_has_no_use(self.task, self.options)) is not None:
            raise ValueError(f"options.{reason}")
        return self

    @model_validator(mode="after")
    def _network_can_be_trained_so(self) -> "Settings":
        reason = what_cannot_be(self.network, self.training, TASKS[self.task])
        if reason is not None:
            raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _goes_on(self) -> "Settings":
        if (reason := what_cannot_go_on(self)) is not None:
            raise ValueError(reason)
        return self

    def with_seed(self, seed: int) -> "Settings":
        """Return the same settings with another seed."""
        return self.model_copy(update={"seed": seed})

    def to_toml(self) -> str:
        """Return the settings as a recipe; settings without a value are left out."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))


def what_has_no_use(task: str, options: TaskOptions) -> str | None:
    """Return which option was chosen that the task has no use for, and what to do; None if there is none."""
    for name, field in TaskOptions.model_fields.items():
        if (given := getattr(options, name)) != field.default and name not in TASKS[task].takes:
            taking = [other for other, kind in TASKS.items() if name in kind.takes]
            return (
                f"{name} is {given!r}, and the task {task!r} has no use for it; leave it out, or choose "
                f"{' or '.join(map(repr, taking))}"
            )
    return None


def what_cannot_go_on(settings: Settings) -> str | None:
    """Return what of the settings is of no use where a text without an end is read, or there alone, and what
    to do; None if all is well."""
    network, training = settings.network, settings.training
    if settings.task == "forecast" and network.direction != "forward":
        return (
            f"network.direction is {network.direction!r}, and a forecast knows nothing of what comes after "
            "it; use direction='forward'"
        )
    if settings.task != "generate":
        if training.softmax_samples is not None:
            return (
                f"training.softmax_samples is {training.softmax_samples}, and the task {settings.task!r} has "
                "no use for it; leave it out, or choose the task 'generate'"
            )
        return None
    if network.direction != "forward":
        return (
            f"network.direction is {network.direction!r}, and a text is read from its beginning on; use "
            "direction='forward'"
        )
    if network.pooling != "last":
        return (
            f"network.pooling is {network.pooling!r}, and each symbol follows from the last step before it; "
            "use pooling='last'"
        )
    if training.optimizer in (HESSIAN_FREE, *SOLVERS):
        return (
            f"training.optimizer is {training.optimizer!r}, which needs whole sequences, and a text has no "
            "end; choose another optimizer"
        )
    if training.softmax_samples is not None and training.rule != "bptt":
        return (
            f"training.softmax_samples is {training.softmax_samples} and training.rule is {training.rule!r}, "
            "which follows all weights from chunk to chunk; leave softmax_samples out, or use the rule 'bptt'"
        )
    return None


def what_cannot_be(
    network: Architecture, training: StepSettings, task: type[Task] | None = None
) -> str | None:
    """Return why a network cannot be trained in such steps, and what to do; None if it can.

    Arguments:
        task: what it is trained for; nothing that matters here when left out.
    """
    if task is not None and task.sees_whole:
        return _what_is_not_for(network, training, task.model_fields["name"].default)
    if network.direction == "forward":
        return None
    return _what_needs_steps(
        training,
        "a network of direction='both' must see the whole sequence, so it",
        ", or use direction='forward'",
    )


def _what_is_not_for(network: Architecture, training: StepSettings, task: str) -> str | None:
    if network.pooling != "last":
        return (
            f"pooling is {network.pooling!r}, which is for one answer a sequence, and the task {task!r} "
            "writes a sequence; leave pooling out"
        )
    if network.readout != "linear":
        return f"readout is {network.readout!r}, and the task {task!r} writes symbols; leave readout out"
    if training.optimizer == HESSIAN_FREE:
        return f"optimizer is {HESSIAN_FREE!r}, which the task {task!r} cannot use; choose another optimizer"
    if isinstance(training, TrainingSettings) and training.start_from is not None:
        return f"start_from is given, and the task {task!r} starts from fresh weights; leave start_from out"
    return _what_needs_steps(training, f"a network of the task {task!r} must see whole sequences, so it", "")


def _what_needs_steps(training: StepSettings, reason: str, otherwise: str) -> str | None:
    """Return what cannot be done with a network that has no step of its own, and what to do."""
    if training.chunk_size is not None:
        return (
            f"{reason} cannot be trained in chunks of {training.chunk_size}; leave chunk_size out{otherwise}"
        )
    if RULES[training.rule].is_online:
        return f"{reason} cannot learn by the online rule {training.rule!r}; use the rule 'bptt'{otherwise}"
    for penalty in PENALTIES:
        if (value := getattr(training, penalty)) > 0:
            return (
                f"{reason} has no {penalty}, which follows a state from step to step, and {value:g} was "
                f"asked for; leave it out{otherwise}"
            )
    if training.checkpointed:
        return f"{reason} cannot compute steps again from a checkpoint; leave checkpointed out{otherwise}"
    return None


def read_toml(path: Path) -> dict[str, object]:
    """Return what a TOML file says; raise `OptionError` naming file and line if it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OptionError(f"{path}: there is no such recipe; give the path of a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: not a TOML file: {error}") from None
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror}") from None
