"""Which learning rule a run uses, and the options of that rule."""

import dataclasses
from typing import Annotated, Any

from pydantic import Field, field_validator

from throughtime.core.errors import choose
from throughtime.core.options import Options
from throughtime.learning import RULES, LearningRule

Count = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]


class RuleSettings(Options):
    """The learning rule and its options: what is left out is as the rule has it.

    Arguments:
        rule: name of the learning rule.
        checkpointed: whether only the state at every sqrt(T)-th step is kept, and the steps between two of
            them are computed again on the way back: less memory, more time. Of the rule `"bptt"`.
        activation_penalty: weight of the squares of the hidden units, summed over the steps, at least 0. This
            one and the next two are of the rule `"bptt"`.
        instability_penalty: weight of how much the hidden layers' norms change from step to step, at least 0.
        gradient_norm_penalty: weight of how much the norm of errors changes from step to step on their way
            back, at least 0.
        stride: after how many steps the rule `"truncated_bptt"` takes a gradient, at least 1.
        reach: through how many steps that gradient goes back, at least the stride.
        order: how many steps the influences reach that the rule `"snap"` keeps, at least 1.
        feedback: how errors come to the units of the rules `"eprop"` and `"rflo"`: `"symmetric"` or
            `"random"`.
        feedback_seed: what random feedback is drawn from, 0 to 2**32 - 1.
        directions: how many random directions the rule `"forward_gradient"` takes the mean of, at least 1.
    """

    rule: str = "bptt"
    checkpointed: bool = False
    activation_penalty: NotNegative = 0.0
    instability_penalty: NotNegative = 0.0
    gradient_norm_penalty: NotNegative = 0.0
    stride: Count | None = None
    reach: Count | None = None
    order: Count | None = None
    feedback: str | None = None
    feedback_seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    directions: Count | None = None

    @field_validator("rule")
    @classmethod
    def _known_rule(cls, name: str) -> str:
        return choose("rule", name, RULES)

    def check_together(self) -> None:
        """Raise `ValueError` on an option that the rule does not have, or that it cannot have."""
        for name, value in self._given().items():
            if name not in options_of(self.rule):
                having = [rule for rule in RULES if name in options_of(rule)]
                raise ValueError(
                    f"{name} is {value} and rule is {self.rule!r}, which has no such option; leave {name} "
                    f"out, or choose one of {', '.join(having)}"
                )
        self.made_rule()

    def made_rule(self) -> LearningRule:
        """Return the rule with the options that are given."""
        return RULES[self.rule](**self._given())

    def _given(self) -> dict[str, Any]:
        fields = RuleSettings.model_fields
        values = {name: getattr(self, name) for name in fields if name != "rule"}
        return {name: value for name, value in values.items() if value != fields[name].default}


def options_of(rule: str) -> list[str]:
    """Return the names of the options that a rule has."""
    return [field.name for field in dataclasses.fields(RULES[rule])]
