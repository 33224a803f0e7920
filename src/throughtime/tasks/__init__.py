"""What is asked: encoders for targets, loss, metrics and answers."""

from typing import Annotated

from pydantic import Field

from throughtime.tasks.classify import Classify
from throughtime.tasks.regress import Regress
from throughtime.tasks.task import Target, Task

TASKS: dict[str, type[Task]] = {"classify": Classify, "regress": Regress}
"""Every task that can be chosen by name."""

AnyTask = Annotated[Classify | Regress, Field(discriminator="name")]
"""A task as it stands in a saved model."""

__all__ = ["TASKS", "AnyTask", "Classify", "Regress", "Target", "Task"]
