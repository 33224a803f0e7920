"""What the gradient does, and which rule does what, from the shell."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line


def test_gradient_flow(shell: Shell, tiny: Path, tmp_path: Path) -> None:
    picture = tmp_path / "flow.png"
    file = tiny.parent / "train.csv"
    outcome = shell("gradient-flow", tiny, file, "--fresh", "--jacobians", 2, "--out", picture)
    assert outcome.status == 0, outcome.err
    assert "hidden" in outcome.out
    assert "before training" in outcome.out
    assert "largest Lyapunov exponent" in outcome.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = json.loads(shell("gradient-flow", tiny, file, "--fresh", "--jacobians", 2, "--json").out)
    assert list(found) == [str(tiny), f"{tiny}, before training"]
    trained = found[str(tiny)]
    assert trained["sequences"] == 8
    assert 0 < trained["clipping"] <= 1
    for array in trained["arrays"].values():
        assert [len(norms) for norms in array["norms"]] == trained["lengths"]
        assert min(min(norms) for norms in array["norms"]) > 0
    assert trained["lyapunov_exponents"][0] < 0


def test_compare_rules(shell: Shell, tiny: Path, tmp_path: Path) -> None:
    picture = tmp_path / "rules.svg"
    given = ("compare-rules", tiny, tiny.parent / "train.csv", "--window", 4, "--draws", 2, "--repeats", 1)
    outcome = shell(*given, "--rule", "bptt")
    assert outcome.status == 0, outcome.err
    assert "against BPTT through all of it" in outcome.out
    assert "truncated" in outcome.out
    names = ("bptt", "rtrl", "rflo", "truncated_bptt:stride=1,reach=2")
    rules = [part for name in names for part in ("--rule", name)]
    outcome = shell(*given, *rules, "--json", "--out", picture)
    assert outcome.status == 0, outcome.err
    assert "<svg" in picture.read_text()
    found = json.loads(outcome.out)
    assert found["window"] == 4
    assert "the rule 'rflo'" in found["refused"]["rflo"]
    biases = {row["rule"]: row["agreement"]["all"]["bias"] for row in found["rules"]}
    assert list(biases) == ["whole bptt", "bptt", "rtrl", "truncated_bptt:stride=1,reach=2"]
    assert biases["rtrl"] < 1e-5 < 0.01 < biases["truncated_bptt:stride=1,reach=2"] < biases["bptt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gradient-flow", "--out", "flow.gif"), r"is to be saved as 'flow\.gif'; end it in \.png"),
        (("gradient-flow", "--beside", "MODEL"), r"a model is named twice; name each one once"),
        (("compare-rules", "--rule", "btpt"), r"--rule is 'btpt' \(did you mean 'bptt'\?\); choose one"),
        (("compare-rules", "--rule", "snap:order"), r"'order' gives no value; write NAME:OPTION=VALUE"),
        (("compare-rules", "--rule", "snap:ordr=2"), r"--rule: there is no setting 'ordr' \(did you mean"),
        (
            ("compare-rules", "--window", 90),
            r"the window has 90 steps, and the longest of 8 .*; a window",
        ),
        (("compare-rules", "--window", 3, "--chunk-size", 3), r"chunk_size is 3 in a window of 3 steps"),
    ],
)
def test_what_cannot_be(shell: Shell, tiny: Path, arguments: tuple[object, ...], message: str) -> None:
    command, *options = (tiny if argument == "MODEL" else argument for argument in arguments)
    outcome = shell(command, tiny, tiny.parent / "train.csv", *options)
    assert outcome.status == 2
    one_line(outcome.err, message)


def test_a_file_without_known_targets(shell: Shell, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("text,label\nso so,strange\n")
    outcome = shell("gradient-flow", tiny, tmp_path / "bad.csv", "--skip-bad-rows")
    one_line(outcome.err, r"bad\.csv: holds no record that can be used; the first: .*row 1.*'strange'")
    assert outcome.status == 2
