"""The command that lists and fetches data sets."""

from pathlib import Path

import pytest

from throughtime.cli.application import main
from throughtime.data import catalogue


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the film reviews are, as if they had been fetched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = catalogue.kept_in("movie_reviews")
    folder.mkdir(parents=True)
    for file in ("train.csv", "test.csv"):
        (folder / file).write_text("text,label\n" + "x" * 989, encoding="utf-8")
    return folder


def test_the_list_says_what_is_there_and_what_was_fetched(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, entry in catalogue.CATALOGUE.items():
        size = "2 kB" if name == "movie_reviews" else "not fetched yet"
        start = lines.index(f"{name} ({size})")
        assert lines[start + 1] == f"    files    {', '.join(entry.files)}"
        assert entry.licence in lines[start + 2]


def test_get_prints_the_files(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "get", "movie_reviews"]) == 0
    assert capsys.readouterr().out.split() == [str(kept / "train.csv"), str(kept / "test.csv")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["get"], "error: the name is missing; give one of bach_chorales, carbon_dioxide, cmudict"),
        (["get", "movie_review"], "dataset is 'movie_review' (did you mean 'movie_reviews'?)"),
        (["lst"], "ACTION is 'lst' (did you mean 'list'?)"),
        (["list", "x"], "list names every data set, and 'x' was given"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", *arguments]) == 2
    assert said in capsys.readouterr().err
