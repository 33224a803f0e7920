"""A recipe that compares networks on a problem: the problem, the networks, and what is to come out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from throughtime.core.errors import OptionError, choose
from throughtime.core.options import Options
from throughtime.networks.architecture import Architecture
from throughtime.problems import PROBLEMS, Problem
from throughtime.training.settings import SolvingSettings, read_toml, what_cannot_be

Metric = Literal["loss", "right"]
"""The mean loss over the steps that count, and the share of sequences that are answered right."""


class Contestant(Architecture):
    """One of the networks that are compared: what it is made of, and how it is trained.

    Arguments:
        training: settings in which its training differs from that of the others.
    """

    training: dict[str, Any] = Field(default_factory=dict)


class Outcome(Options):
    """What has to come out: a bound on the mean over the seeds.

    Arguments:
        network: whose mean it is. metric: the mean loss at the end, or the share of sequences answered right.
        at_most: the bound from above; give this one or `at_least`. at_least: the bound from below. of: the
        network whose mean in the same metric the bound is to be multiplied by; the bound stands for itself
            when left out.
    """

    network: str
    metric: Metric
    at_most: float | None = None
    at_least: float | None = None
    of: str | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Outcome:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(
                f"the bar for {self.network} has at_most = {self.at_most} and at_least = {self.at_least}; "
                "give one of the two"
            )
        return self

    def reached(self, means: dict[str, dict[str, float]]) -> bool:
        """Tell whether means by network and metric are within the bound."""
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


class Comparison(Options):
    """Networks that are trained on the same problem in the same way.

    Arguments:
        problem: the name of the problem, and its sizes.
        seed: of the first training; those after it count up.
        training: how every network is trained.
        networks: what is compared, by name.
        published: the result that is compared with.
        bars: what has to come out; nothing in particular when left out, and then it is reported as found.
    """

    problem: dict[str, Any]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    training: SolvingSettings = SolvingSettings()
    networks: dict[str, Contestant]
    published: Claim
    bars: tuple[Outcome, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Comparison:
        if not self.networks:
            raise ValueError("there are 0 networks to compare; give at least one, as [networks.NAME]")
        for bar in self.bars:
            for name in (bar.network, bar.of):
                if name is not None:
                    choose("bars.network", name, list(self.networks))
        return self

    def made_problem(self) -> Problem:
        """Return the problem with its sizes."""
        sizes = dict(self.problem)
        name = choose("problem.name", str(sizes.pop("name", "")), PROBLEMS)
        return PROBLEMS[name].parse(sizes)

    def training_of(self, name: str) -> SolvingSettings:
        """Return how a network is trained."""
        return SolvingSettings.parse(self.training.model_dump() | self.networks[name].training)


def is_comparison(path: Path) -> bool:
    """Tell whether a recipe compares networks on a problem."""
    return "problem" in read_toml(path)


def read_comparison(path: Path) -> Comparison:
    """Return what a recipe says.

    **Raises**

        OptionError: the file is missing, or something in it is wrong.
    """
    comparison = Comparison.parse(read_toml(path), str(path))
    try:
        comparison.made_problem()
        for name, network in comparison.networks.items():
            if (reason := what_cannot_be(network, comparison.training_of(name))) is not None:
                raise OptionError(f"networks.{name}: {reason}")
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None
    return comparison
