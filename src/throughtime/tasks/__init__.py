"""What is asked: encoders for targets, loss, metrics and answers."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from throughtime.core.errors import UsageError
from throughtime.tasks.classify import Classify
from throughtime.tasks.forecast import Forecast
from throughtime.tasks.generate import Generate
from throughtime.tasks.generate_frames import GenerateFrames
from throughtime.tasks.generate_symbols import GenerateSymbols
from throughtime.tasks.label import Label
from throughtime.tasks.options import TaskOptions
from throughtime.tasks.regress import Regress
from throughtime.tasks.task import (
    AnsweringTask,
    Outputs,
    ReadingTask,
    Search,
    SearchingTask,
    Target,
    Targets,
    Task,
    TaughtTask,
)
from throughtime.tasks.transduce import Transduce

TASKS: dict[str, type[Task]] = {
    "classify": Classify,
    "forecast": Forecast,
    "generate": Generate,  # type: ignore[type-abstract]  # what an element is, the data tell
    "label": Label,
    "regress": Regress,
    "transduce": Transduce,
}
"""Every task that can be chosen by name."""


def needs_targets(name: str) -> bool:
    """Tell whether a task by name has targets that stand in the records."""
    return issubclass(TASKS[name], TaughtTask)


def answering(name: str) -> type[AnsweringTask]:
    """Return a task by name that has an answer to each sequence.

    **Raises**

        UsageError: it has none.
    """
    task = TASKS[name]
    if not issubclass(task, AnsweringTask):
        raise UsageError(
            f"the task {name!r} has no answer to a sequence, and writes on instead; use `throughtime "
            "generate` or Model.generate, or choose another task"
        )
    return task


def taught(name: str) -> type[TaughtTask]:
    """Return a task by name whose targets stand in the records.

    **Raises**

        UsageError: they do not.
    """
    task = answering(name)
    if not issubclass(task, TaughtTask):
        raise UsageError(
            f"the task {name!r} has no targets beside the sequences, and finds them in these; choose another "
            f"task, such as {', '.join(other for other in TASKS if needs_targets(other))}"
        )
    return task


def _told_apart(saved: Any) -> str:
    """Return the tag of a task, or of what is saved of one: its name, and its alphabet if it names one."""
    fields = saved if isinstance(saved, dict) else vars(saved)
    return " ".join(str(fields[part]) for part in ("name", "alphabet") if part in fields)


AnyTask = Annotated[
    Annotated[Classify, Tag("classify")]
    | Annotated[Forecast, Tag("forecast")]
    | Annotated[GenerateSymbols, Tag("generate")]
    | Annotated[GenerateFrames, Tag("generate frames")]
    | Annotated[Label, Tag("label")]
    | Annotated[Regress, Tag("regress")]
    | Annotated[Transduce, Tag("transduce")],
    Discriminator(_told_apart),
]
"""A task as it stands in a saved model."""

__all__ = [
    "TASKS",
    "AnsweringTask",
    "AnyTask",
    "Classify",
    "Forecast",
    "Generate",
    "GenerateFrames",
    "GenerateSymbols",
    "Label",
    "Outputs",
    "ReadingTask",
    "Regress",
    "Search",
    "SearchingTask",
    "Target",
    "Targets",
    "Task",
    "TaskOptions",
    "TaughtTask",
    "Transduce",
    "answering",
    "needs_targets",
    "taught",
]
