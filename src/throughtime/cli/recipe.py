"""What `--recipe` names: the settings of a run, its files, and the published result that it is to reach."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from throughtime.cli.setting_options import Given, option_name
from throughtime.core.errors import OptionError
from throughtime.core.options import Options
from throughtime.data.catalogue import fetch
from throughtime.tasks import TASKS
from throughtime.training.settings import Settings, read_toml


class Files(Options):
    """The files of a recipe, relative to it or to a data set of the catalogue.

    Arguments:
        dataset: name of a data set, fetched and cached when it is first asked for.
        train: what to train on.
        validation: what to choose the best weights by; a part of `train` when left out.
        test: what to evaluate on.
    """

    dataset: str | None = None
    train: str | None = None
    validation: str | None = None
    test: str | None = None

    def beside(self, recipe: Path) -> Files:
        """Return the files as they are found from the working directory.

        **Raises**

            OptionError, DataError: there is no such data set, or it cannot be had.
        """
        folder = recipe.parent if self.dataset is None else fetch(self.dataset)
        paths = {"train": self.train, "validation": self.validation, "test": self.test}
        return Files(
            **{name: os.path.normpath(folder / path) for name, path in paths.items() if path is not None}
        )


class Bar(Options):
    """What a recipe has to reach on its test part.

    Arguments:
        metric: a metric of the task.
        value: the least (for an error: the most) that the mean over the seeds has to be.
    """

    metric: str
    value: float


class Published(Options):
    """The result that a recipe reproduces.

    Arguments:
        claim: what was reached, in words.
        source: by whom and where.
        bar: what this library has to reach.
        seeds: how many models to train, at least 1.
    """

    claim: str
    source: str
    bar: Bar
    seeds: Annotated[int, Field(ge=1)] = 1


class Recipe(Settings):
    """Settings, and what belongs to one piece of work alone."""

    files: Files = Files()
    published: Published | None = None

    @property
    def settings(self) -> Settings:
        """The settings alone, as they are saved with a model."""
        return Settings(**{name: getattr(self, name) for name in Settings.model_fields})


def read_recipe(path: Path | None, task: str | None = None, given: Given | None = None) -> Recipe:
    """Return a recipe, with the options given over what the file says.

    Arguments:
        path: the TOML file; everything is as by default when left out.
        task: name of the task; as the file says when left out.
        given: settings that were given as options.

    **Raises**

        OptionError: the file is missing or no recipe, or the options and it do not go together; it names
            whichever of them is wrong.
    """
    values: dict[str, Any] = {} if path is None else read_toml(path)
    if task is not None:
        values["task"] = task
    if "task" not in values:
        raise OptionError(f"the task is missing; give it before the file, one of {', '.join(TASKS)}")
    recipe = Recipe.parse(values, None if path is None else str(path))
    if path is not None:
        recipe = recipe.model_copy(update={"files": recipe.files.beside(path)})
    return _with_options(recipe, given or {})


def _with_options(recipe: Recipe, given: Given) -> Recipe:
    values = recipe.model_dump()
    for group, settings in given.items():
        (values[group] if group else values).update(settings)
    try:
        return Recipe.parse(values)
    except OptionError as error:
        named = re.match(r"(\w+)\.(\w+)\b", str(error))
        if named is None or named[2] not in given.get(named[1], {}):
            raise
        raise OptionError(option_name(named[2]) + str(error)[named.end() :]) from None
