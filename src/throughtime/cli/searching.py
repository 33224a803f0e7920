"""How a saved model searches for targets: as it was trained to, or as the command says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from throughtime.cli.setting_options import option_name
from throughtime.core.errors import OptionError
from throughtime.tasks import TaskOptions, Transduce
from throughtime.training.model import Model


def searching(model: Model, **given: Any) -> Model:
    """Return the model with another search for its targets.

    Arguments:
        given: `beam`, `length_penalty` and `n_best`; as the model has it where None. A beam that is not given
            is as wide as what `n_best` asks for needs.

    **Raises**

        OptionError: the model does not search, or the search cannot be like that.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if not chosen:
        return model
    if not isinstance(model.task, Transduce):
        (name, value), *_ = chosen.items()
        option = option_name(name)
        raise OptionError(
            f"{option} is {value}, and a model of the task {model.settings.task!r} does not search for its "
            f"answers; leave {option} out"
        )
    options = model.task.options.model_dump()
    if "beam" not in chosen:
        chosen["beam"] = max(options["beam"], chosen.get("n_best", 1))
    task = model.task.model_copy(update={"options": TaskOptions.parse(options | chosen)})
    return replace(model, task=task)
