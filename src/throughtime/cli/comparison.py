"""A recipe that compares networks on the same problem or data: who they are, and what is to come out."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from throughtime.cli.problem_networks import what_cannot_be_chosen
from throughtime.cli.recipe import Files
from throughtime.cli.sweep import swept
from throughtime.core.errors import OptionError, choose
from throughtime.core.options import Options
from throughtime.networks.architecture import Architecture
from throughtime.problems import PROBLEMS, Problem
from throughtime.tasks import TASKS
from throughtime.training.settings import (
    DataSettings,
    Settings,
    SolvingSettings,
    TrainingSettings,
    read_toml,
    what_cannot_be,
)

Means = Mapping[str, Mapping[str, float]]
"""The mean over the seeds of each metric, by network."""


class Contestant(Architecture):
    """One of the networks that are compared: what it is made of, and how it is trained.

    Arguments:
        problem: sizes in which its problem differs from that of the others.
        training: settings in which its training differs from that of the others.
    """

    problem: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)


class Outcome(Options):
    """What has to come out: a bound on the mean over the seeds.

    Arguments:
        network: whose mean it is.
        metric: of what.
        at_most: the bound from above; give this one or `at_least`.
        at_least: the bound from below.
        of: the network whose mean in the same metric the bound is to be multiplied by; the bound stands for
            itself when left out.
    """

    network: str
    metric: str
    at_most: float | None = None
    at_least: float | None = None
    of: str | None = None

    def check_together(self) -> None:
        """Raise `ValueError` unless there is one bound."""
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(
                f"the bar for {self.network} has at_most = {self.at_most} and at_least = {self.at_least}; "
                "give one of the two"
            )

    def reached(self, means: Means) -> bool:
        """Tell whether the means are within the bound."""
        mean = means[self.network][self.metric]
        factor = 1.0 if self.of is None else means[self.of][self.metric]
        if self.at_most is not None:
            return mean <= self.at_most * factor
        return self.at_least is not None and mean >= self.at_least * factor

    def __str__(self) -> str:
        """Return the bar in words."""
        side, bound = ("at most", self.at_most) if self.at_most is not None else ("at least", self.at_least)
        unit = "" if self.of is None else f" times that of {self.of}"
        return f"{self.metric} of {self.network} {side} {bound:g}{unit}"


class Claim(Options):
    """The published result that is compared with.

    Arguments:
        claim: what was found, in words.
        source: by whom and where.
        seeds: how many times each network is trained, at least 1.
    """

    claim: str
    source: str
    seeds: Annotated[int, Field(ge=1)] = 1


class Comparison(Options, abc.ABC):
    """Networks that are trained on the same sequences in the same way.

    Arguments:
        seed: of the first training; those after it count up.
        networks: what is compared, by name.
        published: the result that is compared with.
        bars: what has to come out; nothing in particular when left out, and then it is reported as found.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    networks: dict[str, Contestant]
    published: Claim
    bars: tuple[Outcome, ...] = ()

    @property
    @abc.abstractmethod
    def metrics(self) -> Sequence[str]:
        """What is measured of each network."""

    @abc.abstractmethod
    def check(self) -> None:
        """Raise `OptionError` for what only shows when everything is known."""

    def check_bars(self) -> None:
        """Raise `OptionError` unless the bars are about networks and metrics that there are."""
        if not self.networks:
            raise OptionError("there are 0 networks to compare; give at least one, as [networks.NAME]")
        for bar in self.bars:
            choose("bars.metric", bar.metric, self.metrics)
            for name in (bar.network, bar.of):
                if name is not None:
                    choose("bars.network", name, list(self.networks))


class OnProblem(Comparison):
    """Networks that are compared on a problem.

    Arguments:
        problem: the name of the problem, and its sizes.
        training: how every network is trained.
    """

    problem: dict[str, Any]
    training: SolvingSettings = SolvingSettings()

    @property
    def metrics(self) -> Sequence[str]:
        """The mean loss over the steps that count, and the share of sequences that are answered right.

        Where training stops when enough are right: whether it did, 0 or 1, and after how many sequences, of
        which there are infinitely many if it did not.
        """
        if self.training.enough is None:
            return ("loss", "right")
        return ("loss", "right", "solved", "sequences")

    def check(self) -> None:
        """Raise `OptionError` for a problem that there is not, or a training that cannot be."""
        self.check_bars()
        for name, network in self.networks.items():
            problem = self.made_problem(name)
            reasons = (
                what_cannot_be_chosen(problem, network),
                what_cannot_be(network, self.training_of(name)),
            )
            for reason in reasons:
                if reason is not None:
                    raise OptionError(f"networks.{name}: {reason}")

    def made_problem(self, network: str | None = None) -> Problem:
        """Return the problem with its sizes, or with those that a network has instead."""
        sizes = self.problem | (self.networks[network].problem if network is not None else {})
        name = choose("problem.name", str(sizes.pop("name", "")), PROBLEMS)
        return PROBLEMS[name].parse(sizes)

    def training_of(self, name: str) -> SolvingSettings:
        """Return how a network is trained."""
        return SolvingSettings.parse(self.training.model_dump() | self.networks[name].training)


class OnFiles(Comparison):
    """Networks that are compared on a task with data from files.

    Arguments:
        task: name of the task.
        files: what to train and to test on.
        data: how records become arrays.
        training: how every network is trained.
    """

    task: str
    files: Files
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()

    @field_validator("task")
    @classmethod
    def _known_task(cls, name: str) -> str:
        return choose("task", name, TASKS)

    @property
    def metrics(self) -> Sequence[str]:
        """Those of the task."""
        return tuple(TASKS[self.task].metrics)

    def check(self) -> None:
        """Raise `OptionError` for files that are not named, or a training that cannot be."""
        self.check_bars()
        for part in ("train", "test"):
            if getattr(self.files, part) is None:
                raise OptionError(f"has no [files] {part}, which a comparison needs; add it")
        for name, network in self.networks.items():
            if network.problem:
                raise OptionError(
                    f"networks.{name}.problem is {network.problem}, and this compares on files; leave it out"
                )
            self.settings_of(name)

    def settings_of(self, name: str) -> Settings:
        """Return the settings of the run that trains a network."""
        network = self.networks[name]
        return Settings.parse(
            {
                "task": self.task,
                "seed": self.seed,
                "data": self.data.model_dump(),
                "network": network.model_dump(exclude={"training", "problem"}),
                "training": self.training.model_dump() | network.training,
            }
        )


def is_comparison(path: Path) -> bool:
    """Tell whether a recipe compares networks."""
    return "networks" in read_toml(path)


def read_comparison(path: Path) -> Comparison:
    """Return what a recipe says.

    **Raises**

        OptionError: the file is missing, or something in it is wrong.
        DataError: it names a data set that cannot be had.
    """
    values = swept(read_toml(path))
    comparison = (OnProblem if "problem" in values else OnFiles).parse(values, str(path))
    try:
        comparison.check()
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None
    if isinstance(comparison, OnFiles):
        return comparison.model_copy(update={"files": comparison.files.beside(path)})
    return comparison
