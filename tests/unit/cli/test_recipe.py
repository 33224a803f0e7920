"""Recipes: what a file says, what options say instead, and which of them is wrong."""

from pathlib import Path

import pytest

from throughtime.cli.recipe import Recipe, read_recipe
from throughtime.core.errors import OptionError
from throughtime.training.settings import Settings


def written(folder: Path, text: str) -> Path:
    file = folder / "recipe.toml"
    file.write_text(text)
    return file


def test_without_a_file_everything_is_as_by_default() -> None:
    assert read_recipe(None, "classify").settings == Settings(task="classify")


def test_options_replace_what_the_file_says(tmp_path: Path) -> None:
    file = written(tmp_path, 'task = "regress"\nseed = 5\n[network]\ncell = "gru"\nlayers = 2\n')
    recipe = read_recipe(file, "classify", {"network": {"layers": 3}, "": {"seed": 6}})
    assert (recipe.task, recipe.seed, recipe.network.cell, recipe.network.layers) == ("classify", 6, "gru", 3)


def test_settings_leave_files_and_published_out(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        'task = "classify"\n[files]\ntrain = "../a.csv"\n'
        '[published]\nclaim = "c"\nsource = "s"\nbar = { metric = "accuracy", value = 0.9 }\n',
    )
    recipe = read_recipe(file)
    assert isinstance(recipe, Recipe)
    assert type(recipe.settings) is Settings
    assert recipe.files.train == str(tmp_path.parent / "a.csv")
    assert recipe.files.test is None
    assert recipe.published is not None
    assert recipe.published.seeds == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            r"^the task is missing; give it before the file, one of classify, .*, regress, transduce$",
        ),
        ('task = "clasify"', r"recipe\.toml: task is 'clasify' \(did you mean 'classify'\?\)"),
        ('task = "classify"\n[file]', r"recipe\.toml: there is no setting 'file' \(did you mean 'files'\?\)"),
        ('task = "classify"\n[files]\ntrian = "x"', r"no setting 'files\.trian' \(did you mean 'train'\?\)"),
        ('task = "classify"\n[published]\nclaim = "c"', r"the setting 'published\.source' is missing"),
        ('task = "classify"\n[training]\nepochs = 0', r"recipe\.toml: training\.epochs is 0; it has to be"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_recipe(written(tmp_path, text))


def test_an_option_that_does_not_go_with_the_file_is_named_as_an_option(tmp_path: Path) -> None:
    file = written(tmp_path, 'task = "classify"\n')
    with pytest.raises(OptionError, match=r"^--metric is 'rmse'; choose one of loss, accuracy, macro_f1$"):
        read_recipe(file, None, {"training": {"metric": "rmse"}})
