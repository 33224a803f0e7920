"""The options that stand for settings: names, defaults, limits and words are those of the settings."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from throughtime.core.errors import OptionError
from throughtime.core.initializers import INITIALIZERS
from throughtime.core.options import Options
from throughtime.learning import RULES
from throughtime.networks.architecture import CELL_NAMES, Architecture
from throughtime.tasks import TASKS, TaskOptions
from throughtime.training.optimizers import OPTIMIZER_NAMES, SCHEDULES
from throughtime.training.settings import DataSettings, Settings, SolvingSettings, TrainingSettings

Given = dict[str, dict[str, Any]]
"""Settings that were given as options, by group; those of the run itself are in the group `""`."""

NAMES = {
    "cell": CELL_NAMES,
    "decoder_cell": CELL_NAMES,
    "input_initializer": tuple(INITIALIZERS),
    "recurrent_initializer": tuple(INITIALIZERS),
    "rule": tuple(RULES),
    "optimizer": OPTIMIZER_NAMES,
    "schedule": SCHEDULES,
    "metric": tuple(dict.fromkeys(["loss", *(metric for task in TASKS.values() for metric in task.metrics)])),
}
"""What a setting that names an entry of a registry can be; the settings themselves check it."""

METAVARS = {"image_size": "SIZES", "start_from": "FOLDER"}
"""What stands for the value of a text that is no name of a column."""


class Group(NamedTuple):
    """Settings that stand together in the help: whose they are, the heading, and which of them."""

    options: type[Options]
    panel: str
    names: tuple[str, ...]


Groups = Mapping[str, Group]

GROUPS: Groups = {
    "data": Group(DataSettings, "Data", tuple(DataSettings.model_fields)),
    "options": Group(TaskOptions, "Task", tuple(TaskOptions.model_fields)),
    "network": Group(Architecture, "Network", tuple(Architecture.model_fields)),
    "training": Group(TrainingSettings, "Training", tuple(TrainingSettings.model_fields)),
    "": Group(Settings, "Training", ("seed",)),
}
"""The settings of a run on data from files."""

PROBLEM_GROUPS: Groups = {
    "network": GROUPS["network"],
    "training": Group(SolvingSettings, "Training", tuple(SolvingSettings.model_fields)),
}
"""The settings of a run on a problem."""


def takes_settings(groups: Groups) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an option for every setting of these groups, in place of its parameter `**settings`."""
    return functools.partial(_with_settings, groups)


def _with_settings(groups: Groups, command: Callable[..., Any]) -> Callable[..., Any]:
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    derived = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=_unset(group, name), annotation=_option(group, name)
        )
        for group in groups.values()
        for name in group.names
    ]

    @functools.wraps(command)
    def with_options(**values: Any) -> Any:
        return command(**values)

    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    with_options.__signature__ = inspect.Signature([*keyword_only, *derived])  # type: ignore[attr-defined]
    return with_options


def given_settings(values: Mapping[str, Any], groups: Groups = GROUPS) -> Given:
    """Return the settings of these groups among the values of a command's options, checked one by one.

    **Raises**

        OptionError: a value that the setting cannot have; it names the option.
    """
    given: Given = {}
    for group_name, group in groups.items():
        for name in group.names:
            value, default = values.get(name), group.options.model_fields[name].default
            if isinstance(default, bool):
                value = not default if value else None
            if value is not None:
                given.setdefault(group_name, {})[name] = _checked(group.options, name, value)
    return given


def option_name(name: str) -> str:
    """Return the option that stands for a setting."""
    return f"--{name.replace('_', '-')}"


def _checked(group: type[Options], name: str, value: Any) -> Any:
    try:
        if group is Settings:
            return getattr(Settings.parse({"task": next(iter(TASKS)), name: value}), name)
        if name == "metric":  # which metrics there are depends on the task, so this is for the whole to judge
            return value
        return group.parse_one(name, value)
    except OptionError as error:
        raise OptionError(re.sub(rf"^{name}\b", option_name(name), str(error))) from None


def _unset(group: Group, name: str) -> bool | None:
    return False if isinstance(group.options.model_fields[name].default, bool) else None


def _option(group: Group, name: str) -> Any:
    field = group.options.model_fields[name]
    words = _words(group.options)[name]
    if _choices(field, name):
        words = f"{words} One of: {', '.join(_choices(field, name))}."
    if isinstance(field.default, bool):
        # A switch is only ever given to get what is not the default.
        switch = f"--no-{name.replace('_', '-')}" if field.default else option_name(name)
        words = f"Switch off: {words[:1].lower()}{words[1:]}" if field.default else words
        return Annotated[
            bool, typer.Option(switch, help=_plain(words), rich_help_panel=group.panel, show_default=False)
        ]
    if field.default is not None:
        words = f"{words} Default: {field.default}."
    return Annotated[
        str | None,
        typer.Option(
            option_name(name),
            help=_plain(words),
            metavar=_metavar(field, name),
            rich_help_panel=group.panel,
            show_default=False,
        ),
    ]


def _plain(words: str) -> str:
    """Return words of a docstring as a terminal shows them."""
    return words.replace("`", "").replace('"', "").replace("[", r"\[")


def _metavar(field: FieldInfo, name: str) -> str:
    kinds = {int: "INTEGER", float: "NUMBER"}
    kind = next((part for part in _parts(field.annotation) if part is not NoneType), str)
    return "NAME" if _choices(field, name) else METAVARS.get(name) or kinds.get(kind, "COLUMN")


def _choices(field: FieldInfo, name: str) -> tuple[str, ...]:
    literals = (
        value for part in _parts(field.annotation) if get_origin(part) is Literal for value in get_args(part)
    )
    return tuple(literals) or NAMES.get(name, ())


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of a type, without the constraints on them."""
    if get_origin(annotation) is Annotated:
        return _parts(get_args(annotation)[0])
    if get_origin(annotation) in (None, Literal):
        return (annotation,)
    return tuple(kind for part in get_args(annotation) for kind in _parts(part))


def _words(options: type[Options]) -> dict[str, str]:
    """Return what the docstrings of a group, and of the groups it extends, say about each setting."""
    words: dict[str, str] = {}
    for group in reversed(options.__mro__):
        listed = inspect.cleandoc(group.__doc__ or "").partition("Arguments:\n")[2]
        listed = re.split(r"\n(?=\S)", listed)[0]
        entries = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", listed, re.MULTILINE)
        sentences = {name: " ".join(text.split()) for name, text in entries}
        words |= {name: text[:1].upper() + text[1:] for name, text in sentences.items()}
    return words
