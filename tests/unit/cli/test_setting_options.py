"""Options derived from settings: all there, in the settings' words, and checked one by one."""

import inspect
from typing import Any

import pytest

from throughtime.cli.setting_options import GROUPS, NAMES, given_settings, takes_settings
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import CELL_NAMES
from throughtime.tasks import TASKS
from throughtime.training.settings import Settings


@takes_settings(GROUPS)
def command(first: str = "", **settings: Any) -> dict[str, Any]:
    """A command."""
    return given_settings(settings)


def options() -> dict[str, Any]:
    parameters = inspect.signature(command).parameters
    return {
        name: parameter.annotation.__metadata__[0]
        for name, parameter in parameters.items()
        if name != "first"
    }


def test_every_setting_has_an_option_with_words() -> None:
    names = [name for group in GROUPS.values() for name in group.names]
    assert list(options()) == names
    assert len(set(names)) == len(names)
    for group_name, group in GROUPS.items():
        if group_name:
            assert type(Settings.model_fields[group_name].default) is group.options
    for name, option in options().items():
        assert len(option.help) > 15, name


def test_words_limits_and_defaults_are_those_of_the_settings() -> None:
    found = options()
    assert found["learning_rate"].help.endswith("above 0. Default: 0.003.")
    assert "One of: last, mean, attention. Default: last." in found["pooling"].help
    assert f"One of: {', '.join(CELL_NAMES)}. Default: lstm." in found["cell"].help
    assert (found["hidden_size"].metavar, found["dropout"].metavar) == ("INTEGER", "NUMBER")
    assert (found["cell"].metavar, found["kind"].metavar, found["target"].metavar) == (
        "NAME",
        "NAME",
        "COLUMN",
    )
    assert found["lowercase"].default == "--no-lowercase"
    assert found["skip_bad_rows"].default == "--skip-bad-rows"


def test_names_are_what_the_settings_accept() -> None:
    for option, names in NAMES.items():
        for name in names:
            task = next(
                task for task in TASKS if option != "metric" or name in ("loss", *TASKS[task].metrics)
            )
            for group in ("network", "training"):
                if option in GROUPS[group].names:
                    images = {"image_size": (3, 4)} if "convolutional" in name else {}
                    Settings.parse({"task": task, group: {option: name, **images}})


def test_only_what_is_given_is_set() -> None:
    assert command() == {}
    given = command(cell="gru", layers="2", dropout="0.5", seed="3", lowercase=True, skip_bad_rows=False)
    assert given == {
        "network": {"cell": "gru", "layers": 2, "dropout": 0.5},
        "data": {"lowercase": False},
        "": {"seed": 3},
    }


def test_what_goes_with_what_is_for_all_settings_to_say() -> None:
    # With the one layer that is the default, neither would be right.
    given = command(dilation="2", connections="residual")
    assert given == {"network": {"dilation": 2, "connections": "residual"}}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("dropout", "1", r"^--dropout is '1'; it has to be less than 1$"),
        ("learning_rate", "0", r"^--learning-rate is '0'; it has to be greater than 0$"),
        ("epochs", "many", r"^--epochs is 'many'; it has to be a valid integer"),
        ("pooling", "max", r"^--pooling is 'max'.*choose one of last, mean, attention$"),
        ("dilation", "0", r"^--dilation is '0'; it has to be greater than or equal to 1$"),
        (
            "connections",
            "residul",
            r"^--connections is 'residul' \(did you mean 'residual'\?\); choose one of",
        ),
        ("schedule", "cosin", r"^--schedule is 'cosin' \(did you mean 'cosine'\?\)"),
        ("seed", "1.5", r"^--seed is '1.5'; it has to be a valid integer"),
    ],
)
def test_a_value_that_cannot_be(name: str, value: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        command(**{name: value})


def test_options_of_rules_are_options_of_the_shell() -> None:
    given = command(rule="truncated_bptt", stride="3", reach="9", checkpointed=False)
    assert given == {"training": {"rule": "truncated_bptt", "stride": 3, "reach": 9}}
    assert options()["checkpointed"].default == "--checkpointed"
    with pytest.raises(OptionError, match=r"^--reach is '0'; it has to be greater than or equal to 1"):
        command(reach="0")
