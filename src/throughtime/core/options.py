"""Settings with their constraints beside them: checked once, and the nearest valid value is named."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from throughtime.core.errors import OptionError, nearest

# Not `typing.Self`, which cannot be checked at run time method by method.
AnyOptions = TypeVar("AnyOptions", bound="Options")

_ALONE = "alone"


class Options(BaseModel):
    """A group of settings, frozen, that knows neither unknown names nor values out of range."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    # The type of `info`, pydantic's ValidationInfo, is a protocol that cannot be checked at run time.
    @model_validator(mode="after")
    def _fits_together(self: AnyOptions, info: Any) -> AnyOptions:
        if info.context != _ALONE:
            self.check_together()
        return self

    def check_together(self) -> None:
        """Raise `ValueError` if settings that are right by themselves do not go with one another."""

    @classmethod
    def parse_one(cls, name: str, value: Any) -> Any:
        """Return one setting, checked by itself: what others it goes with is for the whole to judge.

        **Raises**

            OptionError: the setting cannot have this value.
        """
        return getattr(cls._parse({name: value}, "", _ALONE), name)

    @classmethod
    def parse(cls: type[AnyOptions], values: Mapping[str, Any], source: str | None = None) -> AnyOptions:
        """Return the settings for `values`, as they come from a file or the shell.

        Arguments:
            values: names and values, nested for groups within groups.
            source: the file they come from, named in front of an error.

        **Raises**

            OptionError: one line on the first setting that is wrong.
        """
        return cls._parse(values, f"{source}: " if source else "", None)

    @classmethod
    def _parse(cls: type[AnyOptions], values: Mapping[str, Any], prefix: str, context: Any) -> AnyOptions:
        try:
            return cls.model_validate(values, context=context)
        except ValidationError as error:
            raise OptionError(prefix + _explain(cls, error.errors()[0])) from None


def _explain(options: type[BaseModel], error: ErrorDetails) -> str:
    path = [part for part in error["loc"] if isinstance(part, str)]
    name, given = ".".join(path), error["input"]
    if error["type"] == "extra_forbidden":
        names = _group(options, path[:-1])
        return f"there is no setting {name!r}{nearest(path[-1], names)}; there are {', '.join(names)}"
    if error["type"] == "missing":
        return f"the setting {name!r} is missing; give it a value"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    choices = _choices(options, path)
    if choices:
        return f"{name} is {given!r}{nearest(str(given), choices)}; choose one of {', '.join(choices)}"
    rule = error["msg"].removeprefix("Input should be ")
    return f"{name} is {given!r}; it has to be {rule}"


def _group(options: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        options = _models(options.model_fields[part].annotation)[0]
    return list(options.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _choices(options: type[BaseModel], path: list[str]) -> list[str]:
    for part in path[:-1]:
        if part not in options.model_fields or not (models := _models(options.model_fields[part].annotation)):
            return []
        options = models[0]
    field = options.model_fields.get(path[-1]) if path else None
    return _literals(field.annotation) if field is not None else []


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    if get_origin(annotation) in (Union, UnionType):
        return [value for part in get_args(annotation) for value in _literals(part)]
    return []
