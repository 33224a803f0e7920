"""What is asked: encoders for targets, loss, metrics and answers."""

from typing import Annotated

from pydantic import Field

from throughtime.tasks.classify import Classify
from throughtime.tasks.label import Label
from throughtime.tasks.options import TaskOptions
from throughtime.tasks.regress import Regress
from throughtime.tasks.task import Outputs, Search, Target, Targets, Task
from throughtime.tasks.transduce import Transduce

TASKS: dict[str, type[Task]] = {
    "classify": Classify,
    "label": Label,
    "regress": Regress,
    "transduce": Transduce,
}
"""Every task that can be chosen by name."""

AnyTask = Annotated[Classify | Label | Regress | Transduce, Field(discriminator="name")]
"""A task as it stands in a saved model."""

__all__ = [
    "TASKS",
    "AnyTask",
    "Classify",
    "Label",
    "Outputs",
    "Regress",
    "Search",
    "Target",
    "Targets",
    "Task",
    "TaskOptions",
    "Transduce",
]
