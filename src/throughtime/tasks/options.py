"""What can be chosen about a task, beyond its name."""

from typing import Literal

from throughtime.core.options import Options


class TaskOptions(Options):
    """How a task is asked. Each task has a use for some of these, and refuses the others.

    Arguments:
        head: of `"label"`: what makes labels of the network's answers: a `"softmax"` for each element by
            itself, or a `"crf"`, which weighs whole rows of labels against one another.
    """

    head: Literal["softmax", "crf"] = "softmax"


AS_USUAL = TaskOptions()
"""Nothing chosen."""
