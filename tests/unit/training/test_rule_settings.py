"""Options of learning rules as settings: all there, handed on, and refused where the rule has none."""

import dataclasses

import pytest

from throughtime import BPTT
from throughtime.core.errors import OptionError
from throughtime.estimators import SequenceClassifier
from throughtime.learning import RULES
from throughtime.networks.architecture import Architecture
from throughtime.training.gradients import manner_of
from throughtime.training.rule_settings import RuleSettings
from throughtime.training.settings import Settings, SolvingSettings, what_cannot_be


@pytest.mark.parametrize("rule", RULES)
def test_every_option_of_a_rule_is_a_setting(rule: str) -> None:
    assert {field.name for field in dataclasses.fields(RULES[rule])} <= set(RuleSettings.model_fields)


def test_every_setting_is_an_option_of_some_rule() -> None:
    options = {field.name for rule in RULES.values() for field in dataclasses.fields(rule)}
    assert set(RuleSettings.model_fields) - {"rule"} <= options


@pytest.mark.parametrize("rule", RULES)
def test_what_is_left_out_is_as_the_rule_has_it(rule: str) -> None:
    assert RuleSettings(rule=rule).made_rule() == RULES[rule]()


def test_what_is_given_reaches_the_rule() -> None:
    settings = SolvingSettings(checkpointed=True, chunk_size=4)
    assert settings.made_rule() == BPTT(checkpointed=True) != BPTT()
    manner = manner_of(settings)
    assert (manner.rule, manner.chunk_size) == (BPTT(checkpointed=True), 4)
    assert len({manner, manner_of(SolvingSettings(chunk_size=4))}) == 2, "two ways would share a program"
    assert manner == manner_of(settings.model_copy(update={"learning_rate": 1.0}))


def test_steps_are_not_computed_again_in_both_directions() -> None:
    both = Architecture(direction="both")
    assert what_cannot_be(both, SolvingSettings()) is None
    assert what_cannot_be(Architecture(), SolvingSettings(checkpointed=True)) is None
    assert "leave checkpointed out" in str(what_cannot_be(both, SolvingSettings(checkpointed=True)))
    with pytest.raises(OptionError, match=r"direction='both' .* again from a checkpoint; leave checkpointed"):
        Settings.parse(
            {
                "task": "classify",
                "network": {"direction": "both"},
                "training": {"checkpointed": True},
            }
        )


def test_an_estimator_takes_options_of_rules() -> None:
    assert SequenceClassifier(checkpointed=True)._settings().training.made_rule() == BPTT(checkpointed=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"stride": 3},
            "^stride is 3 and rule is 'bptt', which has no such option; leave stride out, or",
        ),
        (
            {"rule": "truncated_bptt", "checkpointed": True},
            r"^checkpointed is True and rule is 'truncated_bptt', which has no such .* choose one of bptt$",
        ),
        ({"rule": "truncated_bptt", "stride": 30}, "^reach is 20 and stride 30, so that some losses"),
        ({"rule": "truncated_bptt", "reach": 0}, "^reach is 0; it has to be greater than or equal to 1"),
        ({"rule": "bptp"}, r"^rule is 'bptp' \(did you mean 'bptt'\?\); choose one of"),
    ],
)
def test_options_that_cannot_be_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SolvingSettings.parse(given)


def test_a_rule_that_learns_online_needs_one_direction() -> None:
    reason = what_cannot_be(Architecture(direction="both"), SolvingSettings(rule="truncated_bptt"))
    assert "cannot learn by the online rule 'truncated_bptt'; use the rule 'bptt'" in str(reason)
