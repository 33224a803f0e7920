"""What can be chosen about a task, beyond its name."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from throughtime.core.errors import OptionError
from throughtime.core.options import Options
from throughtime.data.kinds import Kind
from throughtime.networks.architecture import known_cells
from throughtime.networks.quantile_levels import check_levels

Count = Annotated[int, Field(ge=1)]


class TaskOptions(Options):
    """How a task is asked. Each task has a use for some of these, and refuses the others.

    Arguments:
        head: of `"label"`: what makes labels of the network's answers: a `"softmax"` for each element by
            itself, or a `"crf"`, which weighs whole rows of labels against one another.
        target_kind: of `"transduce"`: what a target is made of; recognised from the data when left out.
        target_min_count: of `"transduce"`: how often a symbol must occur in the training targets to get a
            number of its own, at least 1.
        target_max_vocabulary: of `"transduce"`: the most symbols of targets to keep, 2 to 1,000,000; all when
            left out.
        target_lowercase: of `"transduce"`: whether words of targets are lower-cased.
        writer: of `"transduce"`: what writes the target: a `"decoder"`, symbol after symbol, or `"ctc"`,
            which says at each element of the source a symbol or nothing, in the order of the target.
        decoder_cell: of `"transduce"`: name of the decoder's cell, or one for each layer, as for the cell; as
            the encoder's when left out.
        attention: of `"transduce"`: how the decoder looks at the source: `"additive"`, before each step,
            `"multiplicative"`, after it, or `"none"`.
        attention_size: of `"transduce"`: hidden units of the additive attention, at least 1; as many as
            hidden_size when left out.
        input_feeding: of `"transduce"`: whether the decoder reads at each step what the multiplicative
            attention gave at the one before.
        reverse_source: of `"transduce"`: whether the encoder reads the source from its end.
        teacher: of `"transduce"`: whether the decoder hears the right symbols all the time it is trained, or
            more and more its own, by a schedule.
        teacher_pace: of `"transduce"`: training steps in which the teacher is gone (linear), falls to 1/e
            (exponential), or k (inverse sigmoid), at least 1.
        stretch: of `"transduce"` with `"ctc"`: how often each element of the source is read, at least 1; a
            target cannot be longer than what is read.
        beam: of `"transduce"`: targets that a search keeps under way, at least 1; 1 is greedy.
        length_penalty: of `"transduce"`: how much a search favours longer targets, at least 0.
        n_best: of `"transduce"`: how many targets a prediction gives, at least 1 and at most beam.
        horizon: of `"forecast"`: how many steps ahead, at least 1.
        values: of `"forecast"`: the columns that are forecast, joined by commas, or their numbers from 1;
            the others are only read (exogenous). All when left out.
        season: of `"forecast"`: steps in a season, at least 2; none when left out.
        base: of `"forecast"`: what the network's answer is added to: the `"last"` value, the value a
            `"season"` before, or `"none"`.
        strategy: of `"forecast"`: whether the network foretells all steps at once, `"direct"`, or one, reads
            it, and so on, `"recursive"`.
        quantiles: of `"forecast"`: levels between 0 and 1, increasing and 0.5 among them, joined by commas,
            in the place of one number for each step.
        history: of `"forecast"`: steps that are read before a forecast counts, at least 1. The network is
            trained on windows of twice as many.
    """

    head: Literal["softmax", "crf"] = "softmax"
    target_kind: Kind | None = None
    target_min_count: Count = 1
    target_max_vocabulary: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    target_lowercase: bool = False
    writer: Literal["decoder", "ctc"] = "decoder"
    decoder_cell: str | None = None
    attention: Literal["none", "additive", "multiplicative"] = "multiplicative"
    attention_size: Count | None = None
    input_feeding: bool = False
    reverse_source: bool = False
    teacher: Literal["always", "linear", "exponential", "inverse_sigmoid"] = "always"
    teacher_pace: Annotated[float, Field(ge=1)] = 10_000.0
    stretch: Count = 1
    beam: Count = 5
    length_penalty: Annotated[float, Field(ge=0)] = 0.0
    n_best: Count = 1
    horizon: Count = 1
    values: str | None = None
    season: Annotated[int, Field(ge=2)] | None = None
    base: Literal["last", "season", "none"] = "last"
    strategy: Literal["direct", "recursive"] = "direct"
    quantiles: tuple[float, ...] | None = None
    history: Count = 100

    @field_validator("quantiles", mode="before")
    @classmethod
    def _levels_in_words(cls, levels: object) -> object:
        return levels.split(",") if isinstance(levels, str) else levels

    @field_validator("quantiles")
    @classmethod
    def _levels_of_quantiles(cls, levels: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if levels is not None:
            check_levels(levels)
            if 0.5 not in levels:
                raise OptionError(
                    f"quantiles are {', '.join(map(str, levels))}, and the one that is the forecast itself, "
                    "0.5, is not among them; add it"
                )
        return levels

    @field_validator("decoder_cell")
    @classmethod
    def _known_cells(cls, names: str | None) -> str | None:
        return None if names is None else known_cells("decoder_cell", names)

    def check_together(self) -> None:
        """Raise `ValueError` on the first options that do not go with one another."""
        if self.n_best > self.beam:
            raise ValueError(
                f"n_best is {self.n_best} and beam is {self.beam}, which finds no more; choose a beam of at "
                f"least {self.n_best}"
            )
        if self.input_feeding and self.attention != "multiplicative":
            raise ValueError(
                f"input_feeding is for multiplicative attention, and attention is {self.attention!r}, which "
                "has nothing to feed back or feeds it back anyway; leave input_feeding out"
            )
        if self.attention_size is not None and self.attention != "additive":
            raise ValueError(
                f"attention_size is {self.attention_size} and attention is {self.attention!r}, which has no "
                "hidden units; leave it out, or choose attention='additive'"
            )
        if self.teacher == "always" and self.teacher_pace != type(self).model_fields["teacher_pace"].default:
            raise ValueError(
                f"teacher_pace is {self.teacher_pace:g} and teacher is 'always'; leave it out, or choose "
                "linear, exponential or inverse_sigmoid"
            )
        self._check_writer()
        self._check_forecast()

    def _check_forecast(self) -> None:
        if self.base == "season" and self.season is None:
            raise ValueError(
                "base is 'season' and season is left out; say how many steps a season has, or choose "
                "base='last'"
            )
        if self.strategy == "recursive" and self.quantiles is not None:
            raise ValueError(
                "strategy is 'recursive', which reads its own forecasts, and a quantile of one step says "
                "nothing about the next; leave quantiles out, or choose strategy='direct'"
            )

    def _check_writer(self) -> None:
        idle = OF_DECODERS if self.writer == "ctc" else ("stretch",)
        for name in idle:
            if (given := getattr(self, name)) != type(self).model_fields[name].default:
                raise ValueError(
                    f"{name} is {given!r} and writer is {self.writer!r}, which has no use for it; leave "
                    f"{name} out, or choose the other writer"
                )


OF_DECODERS = (
    "decoder_cell",
    "attention",
    "attention_size",
    "input_feeding",
    "reverse_source",
    "teacher",
    "length_penalty",
)
"""The options that mean nothing where no decoder writes."""

AS_USUAL = TaskOptions()
"""Nothing chosen."""
