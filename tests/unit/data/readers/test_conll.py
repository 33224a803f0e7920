"""Column files of the CoNLL shared tasks."""

from pathlib import Path

import pytest

from throughtime.core.errors import DataError, OptionError
from throughtime.data.readers import open_source

TEXT = """-DOCSTART- -X- O

# a comment
EU NNP B-ORG
rejects VBZ O

 \t
Peter NNP B-PER
"""


def written(folder: Path, text: str = TEXT) -> str:
    file = folder / "names.conll"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_sentence_is_a_record(tmp_path: Path) -> None:
    source = open_source(written(tmp_path))
    assert [(record.sequence, record.target, record.place.row) for record in source] == [
        (["EU", "rejects"], ["B-ORG", "O"], 4),
        (["Peter"], ["B-PER"], 8),
    ]
    assert source.description.endswith("CoNLL columns, words in column 1, labels in the last column")


def test_columns_are_chosen_by_number_and_tabs_part_them(tmp_path: Path) -> None:
    file = written(tmp_path, "1\tNew York\tNP\tB-LOC\r\n2\tsleeps\tV\tO\r\n")
    source = open_source(file, sequence="2", target="3")
    assert [(record.sequence, record.target) for record in source] == [(["New York", "sleeps"], ["NP", "V"])]
    assert [record.target for record in open_source(file, needs_target=False)] == [None]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a X\nb\n", {}, r"row 2: the line has one column, 'b'; give a word and its label"),
        ("a X\nb Y\n", {"target": "3"}, r"row 1: the line has 2 columns and column 3 was asked for"),
        ("a\t\tX\n", {"target": "2"}, r"row 1: column 2 of the line is empty"),
        ("\n\n", {}, r"holds no records"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=rf"names\.conll(, |: ){message}"):
        list(open_source(written(tmp_path, text), **options))


def test_a_bad_sentence_can_be_passed_over(tmp_path: Path) -> None:
    source = open_source(written(tmp_path, "a X\nb\n\nc Y\n"), skip_bad_rows=True)
    assert [record.sequence for record in source] == [["c"]]
    assert source.skipped.count == 1


def test_columns_have_no_names(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^--target is 'ner', and the columns of a CoNLL file"):
        open_source(written(tmp_path), target="ner")
    with pytest.raises(OptionError, match=r"^--group is 'a', but .* a CoNLL file"):
        open_source(written(tmp_path), group="a")
