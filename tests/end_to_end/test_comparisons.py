"""Networks on problems, from the shell: one of them, or several beside each other by a recipe."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import classes_csv

RECIPE = """
[problem]
name = "parity"
bits = 2

[training]
iterations = 160
check_every = 20
batch_size = 16
test_sequences = 32
learning_rate = 0.03
enough = 0.99

[networks.remembers]
cell = "elman"
hidden_size = 6

[networks.forgets]
cell = "window"
window = 1
hidden_size = 6
training = { iterations = 20 }

[published]
claim = "one bit is not enough"
source = "Minsky & Papert 1969"
seeds = 2

[[bars]]
network = "remembers"
metric = "right"
at_least = 1.5
of = "forgets"

[[bars]]
network = "remembers"
metric = "loss"
at_most = BAR

[[bars]]
network = "forgets"
metric = "solved"
at_most = 0.0

[[bars]]
network = "remembers"
metric = "sequences"
at_most = 2560
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe that compares two networks."""
    file = tmp_path / "two.toml"
    file.write_text(RECIPE.replace("BAR", "0.5"))
    return file


def test_reproduce_compares(shell: Shell, recipe: Path) -> None:
    outcome = shell("reproduce", recipe)
    assert outcome.status == 0, outcome.err
    for shown in (
        "remembers ", "forgets ", "nothing learned ", "0.693",
        "bar: right of remembers at least 1.5 times that of forgets: reached",
        "bar: loss of remembers at most 0.5: reached",
        "bar: solved of forgets at most 0: reached",
        "bar: sequences of remembers at most 2560: reached",
        "2 of 2", "0 of 2",
        "published: one bit is not enough (Minsky & Papert 1969)",
    ):  # fmt: skip
        assert shown in outcome.out
    assert "remembers, seed 1, step 20: loss 0." in outcome.err
    [line] = (recipe.parent / "results" / "two.jsonl").read_text().splitlines()
    result = json.loads(line)
    assert result["reached"] is True
    assert result["comparison"]["problem"] == {"name": "parity", "bits": 2}
    remembers, forgets = result["networks"]["remembers"], result["networks"]["forgets"]
    assert [attempt["seed"] for attempt in remembers["details"]] == [0, 1]
    assert all(attempt["solved_after"] is not None for attempt in remembers["details"])
    assert remembers["means"]["right"] == sum(remembers["scores"]["right"]) / 2 > 0.98
    assert remembers["means"]["solved"] == 1.0
    assert remembers["scores"]["sequences"] == [one["solved_after"] for one in remembers["details"]]
    assert forgets["scores"]["sequences"] == [None, None]
    assert forgets["means"]["sequences"] is None
    assert remembers["parameters"] == 6 * (1 + 6 + 1) + 2 * 7
    assert forgets["settings"]["training"] == {"iterations": 20}
    assert forgets["details"][0]["checks"][-1][0] == 20
    assert result["machine"]["cores"] >= 1


def test_a_bar_that_is_missed(shell: Shell, recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("BAR", "1e-9"))
    outcome = shell("reproduce", recipe, "--quiet", "--seeds", "1")
    assert outcome.status == 1
    assert "bar: loss of remembers at most 1e-09: NOT reached" in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "parity"', 'name = "parrity"', r"problem\.name is 'parrity' \(did you mean 'parity'\?\)"),
        ("bits = 2", "bit = 2", r"there is no setting 'bit' \(did you mean 'bits'\?\)"),
        ("iterations = 160", "iteration = 160", r"there is no setting 'training\.iteration'"),
        ("{ iterations = 20 }", "{ iteration = 20 }", r"there is no setting 'iteration'"),
        ('network = "remembers"', 'network = "remember"', r"bars\.network is 'remember' \(did you mean"),
        (
            'name = "parity"\nbits = 2',
            'name = "influence_balancing"',
            r"networks\.remembers: cell is elman, and influence_balancing comes with a network of its own",
        ),
        (
            "at_least = 1.5",
            "at_least = 1.5\nat_most = 2",
            r"has at_most = 2\.0 and at_least = 1\.5; give one",
        ),
        ("at_most = BAR", "", r"has at_most = None and at_least = None; give one"),
        ('cell = "elman"', 'cell = "elmann"', r"cell is 'elmann' \(did you mean 'elman'\?\)"),
        (
            'cell = "elman"',
            'direction = "both"\ntraining = { chunk_size = 2 }',
            r"networks\.remembers: a netw",
        ),
        ("[published]", "[publish]", r"the setting 'published' is missing; give it a value"),
    ],
)
def test_a_comparison_that_is_wrong(shell: Shell, recipe: Path, old: str, new: str, message: str) -> None:
    recipe.write_text(RECIPE.replace(old, new, 1).replace("BAR", "0.5"))
    outcome = shell("reproduce", recipe)
    assert outcome.status == 2
    one_line(outcome.err, rf"two\.toml: .*{message}")
    assert not (recipe.parent / "results").exists()


FILES = """
task = "classify"
seed = 5

[files]
train = "train.csv"
test = "train.csv"

[training]
epochs = 2
batch_size = 8

[networks.small]
cell = "elman"
hidden_size = 2
embedding_size = 3

[networks.large]
cell = "gru"
hidden_size = 4
embedding_size = 3
training = { epochs = 1 }

[published]
claim = "larger is better"
source = "everybody"
seeds = 2

[[bars]]
network = "large"
metric = "accuracy"
at_least = 0.0
of = "small"
"""


def test_networks_are_compared_on_files(shell: Shell, tmp_path: Path) -> None:
    classes_csv(tmp_path / "train.csv")
    recipe = tmp_path / "files.toml"
    recipe.write_text(FILES)
    outcome = shell("reproduce", recipe)
    assert outcome.status == 0, outcome.err
    assert "bar: accuracy of large at least 0 times that of small: reached" in outcome.out
    assert "network: gru, " in outcome.err
    [line] = (tmp_path / "results" / "files.jsonl").read_text().splitlines()
    networks = json.loads(line)["networks"]
    assert [detail["epochs"] for detail in networks["small"]["details"]] == [2, 2]
    assert [detail["epochs"] for detail in networks["large"]["details"]] == [1, 1]
    assert [detail["seed"] for detail in networks["large"]["details"]] == [5, 6]
    assert all(0 <= score <= 1 for score in networks["small"]["scores"]["accuracy"])

    recipe.write_text(FILES.replace("accuracy", "right"))
    one_line(shell("reproduce", recipe).err, r"bars\.metric is 'right'; choose one of accuracy, macro_f1")
    recipe.write_text(FILES.replace('test = "train.csv"', ""))
    one_line(shell("reproduce", recipe).err, r"files\.toml: has no \[files\] test, which a comparison needs")
    recipe.write_text(FILES.replace("{ epochs = 1 }", "{ epoch = 1 }"))
    one_line(shell("reproduce", recipe).err, r"there is no setting 'training\.epoch' \(did you mean 'epochs'")


def test_sizes_of_its_own_are_for_a_problem(shell: Shell, recipe: Path, tmp_path: Path) -> None:
    classes_csv(tmp_path / "train.csv")
    recipe.write_text(FILES + "\n[sweep]\nbits = [2]\n")
    one_line(
        shell("reproduce", recipe).err, r"networks\.\w+\.problem is \{'bits': 2\}, and this compares on files"
    )


def test_no_networks(shell: Shell, recipe: Path) -> None:
    recipe.write_text('networks = {}\n[problem]\nname = "parity"\n[published]\nclaim = "c"\nsource = "s"\n')
    one_line(shell("reproduce", recipe).err, r"there are 0 networks to compare; give at least one")


TINY = ("--iterations", 160, "--check-every", 20, "--batch-size", 16, "--test-sequences", 32)


def test_one_network_on_a_problem(shell: Shell) -> None:
    options = ("--size", "bits=2", "--cell", "elman", "--hidden-size", 6, "--learning-rate", 0.03, *TINY)
    outcome = shell("problem", "parity", *options, "--enough", 0.9)
    assert outcome.status == 0, outcome.err
    assert "remembering nothing: loss 0.693; guessing: 50 % right; at best: loss 0" in outcome.out
    assert "solved after " in outcome.out
    assert "step 0: loss 0." in outcome.err

    hopeless = shell("problem", "parity", "--size", "bits=12", *TINY, "--enough", 1, "--quiet")
    assert hopeless.status == 1
    assert "not solved" in hopeless.out
    assert hopeless.err == ""


def test_a_problem_knows_when_it_is_solved(shell: Shell) -> None:
    options = ("--cell", "elman", "--hidden-size", 6, "--learning-rate", 0.03, *TINY, "--quiet")
    outcome = shell("problem", "parity", "--size", "bits=2", *options)
    assert outcome.status == 0, outcome.err
    assert "100.0 % right" in outcome.out  # 99 % of 32 are all
    assert "solved after " in outcome.out
    assert shell("problem", "parity", "--size", "bits=12", *TINY, "--quiet").status == 1


def test_a_problem_with_a_network_of_its_own(shell: Shell) -> None:
    options = (
        "--optimizer", "sgd", "--learning-rate", 0.01, "--clip-norm", 0, "--iterations", 100,
        "--check-every", 20, "--batch-size", 1, "--test-sequences", 1,
    )  # fmt: skip
    small = ("influence_balancing", "--size", "units=5", "--size", "positive=2", "--size", "steps=40")
    outcome = shell("problem", *small, *options)
    assert outcome.status == 0, outcome.err
    assert "solved after " in outcome.out
    # A view of one step sees the push alone, and sends the weight the wrong way.
    outcome = shell("problem", *small, *options, "--chunk-size", 1, "--quiet")
    assert outcome.status == 1
    one_line(
        shell("problem", *small, "--cell", "gru").err, r"cell is gru, and influence_balancing comes with"
    )


def test_problems_are_listed(shell: Shell) -> None:
    listed = shell("problem").out
    for shown in ("adding ", "copy_memory ", "anbncn ", "parity ", "50 %", "0.693", "bits=32"):
        assert shown in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("parrity",), r"problem is 'parrity' \(did you mean 'parity'\?\); choose one of adding, "),
        (
            ("parity", "--size", "bits"),
            r"--size is 'bits'; give a name and a value, such as --size length=100",
        ),
        (("parity", "--size", "bits=0"), r"bits is '0'; it has to be greater than or equal to 1"),
        (("parity", "--enough", "2"), r"--enough is '2'; it has to be less than or equal to 1"),
        (
            ("parity", "--direction", "both", "--chunk-size", "3"),
            r"must see the whole sequence, so it cannot be",
        ),
    ],
)
def test_what_makes_no_run(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    outcome = shell("problem", *arguments)
    assert outcome.status == 2
    one_line(outcome.err, message)


def test_a_problem_that_diverges(shell: Shell) -> None:
    wild = ("--learning-rate", "1e30", "--optimizer", "sgd", "--clip-norm", "0", "--cell", "elman")
    outcome = shell("problem", "adding", "--size", "length=20", *wild, *TINY, "--quiet")
    assert outcome.status == 1
    one_line(outcome.err, r"the loss became infinite or not a number within \d+ steps, .* try a smaller one")
