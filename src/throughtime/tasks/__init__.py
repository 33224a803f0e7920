"""What is asked: encoders for targets, loss, metrics and answers."""

from typing import Annotated

from pydantic import Field

from throughtime.core.errors import UsageError
from throughtime.tasks.classify import Classify
from throughtime.tasks.forecast import Forecast
from throughtime.tasks.generate import Generate
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
    "generate": Generate,
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


AnyTask = Annotated[Classify | Forecast | Generate | Label | Regress | Transduce, Field(discriminator="name")]
"""A task as it stands in a saved model."""

__all__ = [
    "TASKS",
    "AnsweringTask",
    "AnyTask",
    "Classify",
    "Forecast",
    "Generate",
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
