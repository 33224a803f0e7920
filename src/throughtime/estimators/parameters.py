"""The parameters of an estimator: the settings of a run, flat, as scikit-learn wants them."""

from __future__ import annotations

from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, TypeVar, no_type_check

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from throughtime.core.errors import OptionError, choose
from throughtime.core.options import Options
from throughtime.data.kinds import Kind
from throughtime.networks.architecture import Architecture
from throughtime.tasks import TASKS, TaskOptions
from throughtime.training.settings import DataSettings, Settings, TrainingSettings, what_has_no_use

_NETWORK, _DATA, _TRAINING = Architecture(), DataSettings(), TrainingSettings()
_OPTIONS = TaskOptions()
_GROUPS: dict[str, type[Options]] = {
    "data": DataSettings,
    "options": TaskOptions,
    "network": Architecture,
    "training": TrainingSettings,
}

Parameters = TypeVar("Parameters", bound="SequenceParameters")


class SequenceParameters(BaseEstimator):
    """What an estimator of sequences is told: stored as given, checked when it is fitted."""

    task_name: ClassVar[str]
    """Name of the task, as in `Settings.task`."""
    random_state: Any

    # As scikit-learn has it, nothing is refused here: `fit` checks, with an error that names the parameter.
    @no_type_check
    def __init__(
        self,
        *,
        cell: str = _NETWORK.cell,
        hidden_size: int = _NETWORK.hidden_size,
        layers: int = _NETWORK.layers,
        direction: str = _NETWORK.direction,
        merge: str = _NETWORK.merge,
        dilation: int = _NETWORK.dilation,
        start_dilation: int = _NETWORK.start_dilation,
        connections: str = _NETWORK.connections,
        memory_steps: int | None = _NETWORK.memory_steps,
        input_initializer: str | None = _NETWORK.input_initializer,
        recurrent_initializer: str | None = _NETWORK.recurrent_initializer,
        pooling: str = _NETWORK.pooling,
        embedding_size: int = _NETWORK.embedding_size,
        tied_readout: bool = _NETWORK.tied_readout,
        letter_size: int = _NETWORK.letter_size,
        dropout: float = _NETWORK.dropout,
        input_dropout: float = _NETWORK.input_dropout,
        word_dropout: float = _NETWORK.word_dropout,
        window: int = _NETWORK.window,
        recurrent_dropout: float = _NETWORK.recurrent_dropout,
        zoneout: float = _NETWORK.zoneout,
        layer_normalisation: bool = _NETWORK.layer_normalisation,
        depth: int | None = _NETWORK.depth,
        tied: bool = _NETWORK.tied,
        image_size: tuple[int, ...] | None = _NETWORK.image_size,
        kernel_size: int = _NETWORK.kernel_size,
        activation: str | None = _NETWORK.activation,
        spectral_radius: float | None = _NETWORK.spectral_radius,
        leak: float | None = _NETWORK.leak,
        input_scaling: float | None = _NETWORK.input_scaling,
        bias_scaling: float | None = _NETWORK.bias_scaling,
        structure: str | None = _NETWORK.structure,
        fan_in: int | None = _NETWORK.fan_in,
        recurrent_scaling: float | None = _NETWORK.recurrent_scaling,
        wiring_length: float | None = _NETWORK.wiring_length,
        step_ms: float | None = _NETWORK.step_ms,
        filter_ms: float | None = _NETWORK.filter_ms,
        net_noise: float = _NETWORK.net_noise,
        readout: str = _NETWORK.readout,
        head: str = _OPTIONS.head,
        target_kind: Kind | None = _OPTIONS.target_kind,
        target_min_count: int = _OPTIONS.target_min_count,
        target_max_vocabulary: int | None = _OPTIONS.target_max_vocabulary,
        target_lowercase: bool = _OPTIONS.target_lowercase,
        writer: str = _OPTIONS.writer,
        decoder_cell: str | None = _OPTIONS.decoder_cell,
        attention: str = _OPTIONS.attention,
        attention_size: int | None = _OPTIONS.attention_size,
        input_feeding: bool = _OPTIONS.input_feeding,
        reverse_source: bool = _OPTIONS.reverse_source,
        teacher: str = _OPTIONS.teacher,
        teacher_pace: float = _OPTIONS.teacher_pace,
        stretch: int = _OPTIONS.stretch,
        beam: int = _OPTIONS.beam,
        length_penalty: float = _OPTIONS.length_penalty,
        n_best: int = _OPTIONS.n_best,
        horizon: int = _OPTIONS.horizon,
        values: str | None = _OPTIONS.values,
        season: int | None = _OPTIONS.season,
        base: str = _OPTIONS.base,
        strategy: str = _OPTIONS.strategy,
        quantiles: tuple[float, ...] | None = _OPTIONS.quantiles,
        history: int = _OPTIONS.history,
        kind: Kind | None = _DATA.kind,
        min_count: int = _DATA.min_count,
        max_vocabulary: int | None = _DATA.max_vocabulary,
        lowercase: bool = _DATA.lowercase,
        sample_rate: float | None = _DATA.sample_rate,
        mel_bins: int = _DATA.mel_bins,
        frame_length_ms: float = _DATA.frame_length_ms,
        frame_shift_ms: float = _DATA.frame_shift_ms,
        channels: str | None = _DATA.channels,
        frames_per_quarter: int | None = _DATA.frames_per_quarter,
        rule: str = _TRAINING.rule,
        checkpointed: bool = _TRAINING.checkpointed,
        activation_penalty: float = _TRAINING.activation_penalty,
        instability_penalty: float = _TRAINING.instability_penalty,
        gradient_norm_penalty: float = _TRAINING.gradient_norm_penalty,
        stride: int | None = _TRAINING.stride,
        reach: int | None = _TRAINING.reach,
        order: int | None = _TRAINING.order,
        feedback: str | None = _TRAINING.feedback,
        feedback_seed: int | None = _TRAINING.feedback_seed,
        directions: int | None = _TRAINING.directions,
        chunk_size: int | None = _TRAINING.chunk_size,
        optimizer: str = _TRAINING.optimizer,
        learning_rate: float = _TRAINING.learning_rate,
        schedule: str = _TRAINING.schedule,
        warmup: float = _TRAINING.warmup,
        weight_decay: float = _TRAINING.weight_decay,
        weight_decay_l1: float = _TRAINING.weight_decay_l1,
        clip_norm: float = _TRAINING.clip_norm,
        clip_value: float = _TRAINING.clip_value,
        weight_noise: float = _TRAINING.weight_noise,
        batch_size: int = _TRAINING.batch_size,
        softmax_samples: int | None = _TRAINING.softmax_samples,
        damping: float = _TRAINING.damping,
        structural_damping: float = _TRAINING.structural_damping,
        curvature_sequences: int | None = _TRAINING.curvature_sequences,
        cg_iterations: int = _TRAINING.cg_iterations,
        regularisation: float | None = _TRAINING.regularisation,
        washout: int = _TRAINING.washout,
        epochs: int = _TRAINING.epochs,
        validation: float = _TRAINING.validation,
        patience: int = _TRAINING.patience,
        metric: str = _TRAINING.metric,
        start_from: str | Path | None = _TRAINING.start_from,
        random_state: int | np.random.RandomState | None = None,
    ):
        """Store the parameters.

        Arguments:
            cell: name of the recurrent cell; `"window"` is the standard network on a fixed window. Several
                names, joined by commas, name the cell of each layer, lowest first.
            hidden_size: units of each recurrent layer and direction, at least 1.
            layers: number of recurrent layers, at least 1; with several cells, as many as there are names.
            direction: `"forward"`, or `"both"` for a bidirectional network, which must see whole sequences
                and so takes neither chunks nor an online rule.
            merge: how two directions become one.
            dilation: by how much the dilation grows from layer to layer, at least 1. Layer l, from 1, goes
                on from its state of start_dilation * dilation ** (l - 1) steps ago.
            start_dilation: dilation of the lowest layer, at least 1. Above 1, a convolution over so many
                steps on top of the highest layer brings together the subsequences that the layers see.
            connections: ways around the recurrent layers: `"none"`; `"residual"` adds the input of each layer
                from the second on to its output; `"shortcut"` hands the input of each layer on beside its
                output, so that every layer and the readout see all that is below them.
            memory_steps: the longest dependency to expect, in steps, at least 2: cells with gates then start
                with memories that last up to so long; as the cell has it when None.
            input_initializer: what the weights of a recurrent layer's input start from, as the name of an
                initialiser; as the cell has it when None.
            recurrent_initializer: what the recurrent weights start from, as the name of an initialiser; as
                the cell has it when None.
            pooling: what the answer is read from: the `"last"` step, the `"mean"` over all steps, or a mean
                weighted by `"attention"`.
            embedding_size: features of an embedded symbol, at least 1; unused when sequences are numbers.
            tied_readout: of the task `"generate"`: whether the readout has the matrix of the embedding.
            letter_size: features of a letter, of words that are read letter by letter too (`kind="tokens"`),
                and units in each direction of the network that reads them, at least 1; unused otherwise.
            dropout: rate between recurrent layers and before the readout, 0 <= rate < 1.
            input_dropout: rate on the (embedded) input, 0 <= rate < 1.
            word_dropout: rate at which the vector of a word, or of another symbol, is left out as a whole, 0
                <= rate < 1; what is read of its letters stays. Unused when sequences are numbers.
            window: elements that the cell `"window"` sees, at least 1; unused by other cells.
            recurrent_dropout: rate at which hidden units are not seen by the next steps of a sequence, 0 <=
                rate < 1.
            zoneout: probability that a unit keeps its last value at a step, 0 <= rate < 1.
            layer_normalisation: whether the sums over input and past are normalised; in a cell with other
                steps than an Elman network or an LSTM, the sums over the input and the past itself.
            depth: blocks on top of one another within a cell of the grid family, at least 1; as the cell
                has it when None.
            tied: whether these blocks share their weights.
            image_size: height and width of the image that an element is, for convolutional cells; an element
                is then the pixels of one channel after another.
            kernel_size: places that a convolutional cell sees of itself along each axis, at least 1.
            activation: of the units, `"tanh"`, `"identity"` or `"relu"`, for cells that let it be chosen; as
                the cell has it when None.
            spectral_radius: largest absolute eigenvalue of a reservoir's recurrent weights, above 0. This one
                and the next five are for the cell `"echo_state"`, and as the cell has them when None;
                input_scaling and the four after them are for `"liquid"`.
            leak: how much of itself a unit of a reservoir loses at a step, above 0 and at most 1.
            input_scaling: how strongly the input drives a reservoir, above 0.
            bias_scaling: how strongly a constant drives it, at least 0.
            structure: how the units of a reservoir are connected: at `"random"`, in a `"ring"`, or by an
                `"orthogonal"` matrix.
            fan_in: units that each unit of a random reservoir sees, at least 1.
            recurrent_scaling: what the synapses between the neurons of a liquid are multiplied by, at least
                0.
            wiring_length: how far they reach, in distances of neighbours, above 0.
            step_ms: how long an element is, to a liquid and to the cell `"spike_filter"` on top of it, above
                0.
            filter_ms: in how many milliseconds a spike falls to 1/e in a `"spike_filter"`, above 0.
            net_noise: standard deviation of noise on the sums that drive the units while weights are found,
                at least 0.
            readout: what makes the answer of the highest layer: a `"linear"` layer, or a `"convolution"`
                where the answer is an image too.
            head: of the task `"label"`: what makes labels of the network's answers: a `"softmax"` for each
                element by itself, or a `"crf"`, which weighs whole rows of labels against one another.
            target_kind: of the task `"transduce"`: what a target is made of; recognised from the data when
                None.
            target_min_count: of the task `"transduce"`: how often a symbol must occur in the training targets
                to get a number of its own, at least 1.
            target_max_vocabulary: of the task `"transduce"`: the most symbols of targets to keep, 2 to
                1,000,000; all when None.
            target_lowercase: of the task `"transduce"`: whether words of targets are lower-cased.
            writer: of the task `"transduce"`: what writes the target: a `"decoder"`, symbol after symbol, or
                `"ctc"`, which says at each element of the source a symbol or nothing, in the order of the
                target.
            decoder_cell: of the task `"transduce"`: name of the decoder's cell, or one for each layer, as for
                the cell; as the encoder's when None.
            attention: of the task `"transduce"`: how the decoder looks at the source: `"additive"`, before
                each step, `"multiplicative"`, after it, or `"none"`.
            attention_size: of the task `"transduce"`: hidden units of the additive attention, at least 1; as
                many as hidden_size when None.
            input_feeding: of the task `"transduce"`: whether the decoder reads at each step what the
                multiplicative attention gave at the one before.
            reverse_source: of the task `"transduce"`: whether the encoder reads the source from its end.
            teacher: of the task `"transduce"`: whether the decoder hears the right symbols all the time it is
                trained, or more and more its own, by a schedule.
            teacher_pace: of the task `"transduce"`: training steps in which the teacher is gone (linear),
                falls to 1/e (exponential), or k (inverse sigmoid), at least 1.
            stretch: of the task `"transduce"` with `"ctc"`: how often each element of the source is read, at
                least 1; a target cannot be longer than what is read.
            beam: of the task `"transduce"`: targets that a search keeps under way, at least 1; 1 is greedy.
            length_penalty: of the task `"transduce"`: how much a search favours longer targets, at least 0.
            n_best: of the task `"transduce"`: how many targets a prediction gives, at least 1 and at most
                beam.
            horizon: of the task `"forecast"`: how many steps ahead, at least 1.
            values: of the task `"forecast"`: the columns that are forecast, by their numbers from 1, joined
                by commas; all when None.
            season: of the task `"forecast"`: steps in a season, at least 2; none when None.
            base: of the task `"forecast"`: what the network's answer is added to: the `"last"` value, the
                value a `"season"` before, or `"none"`.
            strategy: of the task `"forecast"`: whether the network foretells all steps at once, `"direct"`,
                or one, reads it, and so on, `"recursive"`.
            quantiles: of the task `"forecast"`: levels between 0 and 1, increasing and 0.5 among them, in the
                place of one number for each step.
            history: of the task `"forecast"`: steps that are read before a forecast counts, at least 1; the
                network is trained on windows of twice as many.
            kind: what a sequence is made of (`"words"`, `"characters"`, `"bytes"`, `"subwords"`, `"symbols"`,
                `"tokens"`, `"numbers"`, `"audio"`, `"biosignals"`, `"bases"`, `"amino_acids"`); recognised
                from the data when None.
            min_count: how often a symbol must occur in the training data to get a number of its own, at least
                1.
            max_vocabulary: the most symbols to keep, 2 to 1,000,000, the most frequent first; all when None.
            lowercase: whether words are lower-cased.
            sample_rate: of audio and biosignals: samples a second (Hz) that all are brought to, above 0, and
                that arrays have; as most recordings have when None.
            mel_bins: of audio: bands of a frame, at least 1.
            frame_length_ms: of audio: length of a frame in milliseconds, above 0.
            frame_shift_ms: of audio: from one frame to the next, in milliseconds, above 0.
            channels: of biosignals: names of the channels to read, joined by commas; those of most records
                when None.
            frames_per_quarter: of music: how many frames a quarter note has, 1 to 96; 4 when left out.
            rule: name of the learning rule.
            checkpointed: whether the rule `"bptt"` keeps only the state at every sqrt(T)-th step, and
                computes the steps between two of them again on the way back: less memory, more time.
            activation_penalty: weight of the squares of the hidden units, summed over the steps, at least 0.
                This one and the next two are of the rule `"bptt"`.
            instability_penalty: weight of how much the hidden layers' norms change from step to step, at
                least 0.
            gradient_norm_penalty: weight of how much the norm of errors changes from step to step on their
                way back, at least 0.
            stride: after how many steps the rule `"truncated_bptt"` takes a gradient, at least 1; as the rule
                has it when None.
            reach: through how many steps that gradient goes back, at least the stride; as the rule has it
                when None.
            order: how many steps the influences reach that the rule `"snap"` keeps, at least 1; as the rule
                has it when None.
            feedback: how errors come to the units of the rules `"eprop"` and `"rflo"`: `"symmetric"` or
                `"random"`; as the rule has it when None.
            feedback_seed: what random feedback is drawn from; as the rule has it when None.
            directions: how many random directions the rule `"forward_gradient"` takes the mean of, at least
                1; as the rule has it when None.
            chunk_size: steps in a chunk, at least 1; whole sequences when None.
            optimizer: name of the optimiser.
            learning_rate: step size at its highest, above 0.
            schedule: how the step size goes on after the warm-up.
            warmup: part of all steps in which the step size grows from 0, 0 to 1.
            weight_decay: pull of the weight matrices towards zero, at least 0, times the step size.
            weight_decay_l1: pull of the weight matrices towards zero that is as strong on small weights as on
                large ones, at least 0, times the step size.
            clip_norm: longest gradient, as a global norm; 0 for no clipping.
            clip_value: largest entry of a gradient; 0 for no clipping. It comes before the norm.
            weight_noise: standard deviation of the Gaussian noise on all weights at which each gradient is
                taken, at least 0.
            batch_size: sequences in a step, at least 1.
            softmax_samples: of the task `"generate"`: how many symbols, besides those that come next, the
                softmax is trained on in a step, at least 2; all symbols when None.
            damping: of `"hessian_free"`: how short its first step is kept, above 0; it adapts. That optimiser
                takes whole batches, and has no use for the step size, its schedule, decay and clipping.
            structural_damping: of `"hessian_free"`: how much hidden states that change count in the damping,
                beside weights that change, at least 0.
            curvature_sequences: of `"hessian_free"`: sequences of a batch that the curvature is taken of, at
                least 1; all when None.
            cg_iterations: of `"hessian_free"`: the most iterations of conjugate gradients in a step.
            regularisation: of `"ridge"` and `"logistic"`, which solve for the readout in one pass and leave
                all else as it was drawn: penalty on the squares of its weights, at least 0; chosen by
                cross-validation when None.
            washout: of the same: first steps of each sequence that are not learned from, at least 0.
            epochs: most passes over the training data, at least 1.
            validation: part of the training data held out to choose the best weights by, 0 to below 1; 0 for
                none.
            patience: epochs without improvement before training stops; 0 for never.
            metric: what improvement is measured by: `"loss"`, or a metric of the task.
            start_from: folder of a saved model whose embedding and recurrent layers the training starts from;
                fresh weights when None.
            random_state: decides the weights, the split, the order and the noise: a whole number from 0 to
                2**32 - 1 for the same model every time; None or a `RandomState` to draw one.
        """
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.direction = direction
        self.merge = merge
        self.dilation = dilation
        self.start_dilation = start_dilation
        self.connections = connections
        self.memory_steps = memory_steps
        self.input_initializer = input_initializer
        self.recurrent_initializer = recurrent_initializer
        self.pooling = pooling
        self.embedding_size = embedding_size
        self.tied_readout = tied_readout
        self.letter_size = letter_size
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.word_dropout = word_dropout
        self.window = window
        self.recurrent_dropout = recurrent_dropout
        self.zoneout = zoneout
        self.layer_normalisation = layer_normalisation
        self.depth = depth
        self.tied = tied
        self.image_size = image_size
        self.kernel_size = kernel_size
        self.activation = activation
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.structure = structure
        self.fan_in = fan_in
        self.recurrent_scaling = recurrent_scaling
        self.wiring_length = wiring_length
        self.step_ms = step_ms
        self.filter_ms = filter_ms
        self.net_noise = net_noise
        self.readout = readout
        self.head = head
        self.target_kind = target_kind
        self.target_min_count = target_min_count
        self.target_max_vocabulary = target_max_vocabulary
        self.target_lowercase = target_lowercase
        self.writer = writer
        self.decoder_cell = decoder_cell
        self.attention = attention
        self.attention_size = attention_size
        self.input_feeding = input_feeding
        self.reverse_source = reverse_source
        self.teacher = teacher
        self.teacher_pace = teacher_pace
        self.stretch = stretch
        self.beam = beam
        self.length_penalty = length_penalty
        self.n_best = n_best
        self.horizon = horizon
        self.values = values
        self.season = season
        self.base = base
        self.strategy = strategy
        self.quantiles = quantiles
        self.history = history
        self.kind = kind
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        self.lowercase = lowercase
        self.sample_rate = sample_rate
        self.mel_bins = mel_bins
        self.frame_length_ms = frame_length_ms
        self.frame_shift_ms = frame_shift_ms
        self.channels = channels
        self.frames_per_quarter = frames_per_quarter
        self.rule = rule
        self.checkpointed = checkpointed
        self.activation_penalty = activation_penalty
        self.instability_penalty = instability_penalty
        self.gradient_norm_penalty = gradient_norm_penalty
        self.stride = stride
        self.reach = reach
        self.order = order
        self.feedback = feedback
        self.feedback_seed = feedback_seed
        self.directions = directions
        self.chunk_size = chunk_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup = warmup
        self.weight_decay = weight_decay
        self.weight_decay_l1 = weight_decay_l1
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.weight_noise = weight_noise
        self.batch_size = batch_size
        self.softmax_samples = softmax_samples
        self.damping = damping
        self.structural_damping = structural_damping
        self.curvature_sequences = curvature_sequences
        self.cg_iterations = cg_iterations
        self.regularisation = regularisation
        self.washout = washout
        self.epochs = epochs
        self.validation = validation
        self.patience = patience
        self.metric = metric
        self.start_from = start_from
        self.random_state = random_state

    def _settings(self) -> Settings:
        """Return the settings of a run with these parameters; raise `OptionError` on the first wrong one."""
        given = {name: _plain(value) for name, value in self.get_params(deep=False).items()}
        # Group by group, so that a message names the parameter as the user knows it.
        groups = {
            name: group.parse({field: given[field] for field in group.model_fields if field in given})
            for name, group in _GROUPS.items()
        }
        if (reason := what_has_no_use(self.task_name, TaskOptions(**dict(groups["options"])))) is not None:
            raise OptionError(reason)
        choose("metric", given["metric"], ["loss", *TASKS[self.task_name].metrics])
        return Settings.parse({"task": self.task_name, "seed": seed_from(self.random_state), **groups})

    @classmethod
    def _with_settings(cls: type[Parameters], settings: Settings) -> Parameters:
        """Return an estimator whose parameters are those of a run."""
        return cls(**flat(settings), random_state=settings.seed)


def flat(settings: Settings) -> dict[str, Any]:
    """Return the settings that are parameters of an estimator, by name, without the seed."""
    names = SequenceParameters._get_param_names()
    return {
        field: getattr(getattr(settings, name), field)
        for name, group in _GROUPS.items()
        for field in group.model_fields
        if field in names
    }


def seed_from(random_state: Any) -> int:
    """Return the seed of a run: a whole number as it is, or one drawn from a `RandomState` (NumPy's global
    one for None)."""
    if not isinstance(random_state, Integral):
        return int(check_random_state(random_state).randint(2**31 - 1))
    seed = int(random_state)
    if not 0 <= seed < 2**32:
        raise OptionError(
            f"random_state is {seed}; choose a whole number from 0 to {2**32 - 1}, None, or a "
            "numpy.random.RandomState"
        )
    return seed


def _plain(value: Any) -> Any:
    """Return a number of NumPy, such as one from a grid, as one of Python."""
    return value.item() if isinstance(value, np.generic) else value
