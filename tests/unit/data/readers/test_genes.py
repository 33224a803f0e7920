"""FASTA, FASTQ and GenBank: sequences, where their targets come from, and what damaged files say."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from throughtime.core.errors import DataError, MissingExtraError, OptionError
from throughtime.data.kinds import recognise
from throughtime.data.readers import open_source
from throughtime.data.residues import Residues

seqio = pytest.importorskip("Bio.SeqIO")
FASTA = '>a kind=EI [organism=Homo sapiens] note="two words"\nACGT\nNN\n\n>b kind=IE; x\nacg\n'


def write(folder: Path, name: str, text: str = FASTA) -> Path:
    file = folder / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text)
    return file


def genbank(folder: Path) -> Path:
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    notes = {"molecule_type": "DNA", "organism": "Mus musculus"}
    record = SeqRecord(Seq("ACGTN"), id="X1.1", name="X1", description="a gene", annotations=notes)
    seqio.write([record], folder / "a.gb", "genbank")
    return folder / "a.gb"


@pytest.mark.parametrize("name", ["g.fasta", "g.FA.gz"])
@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("kind", ["EI", "IE"]),
        (None, ['kind=EI [organism=Homo sapiens] note="two words"', "kind=IE; x"]),
    ],
)
def test_sequences_with_targets_from_their_descriptions(
    tmp_path: Path, name: str, target: str | None, found: list[str]
) -> None:
    records = list(open_source(write(tmp_path, name), target=target))
    assert [record.sequence for record in records] == ["ACGTNN", "acg"]
    assert [record.target for record in records] == found
    assert [record.place.row for record in records] == [1, 2]
    assert recognise([record.sequence for record in records]).kind == "bases"
    assert recognise([Residues("MKV"), Residues("ACG")]).kind == "amino_acids"


def test_values_in_brackets_and_in_quotes(tmp_path: Path) -> None:
    file = write(tmp_path, "a.fasta", FASTA.split("\n\n")[0])
    for target, value in (("organism", "Homo sapiens"), ("note", "two words")):
        (record,) = open_source(file, target=target)
        assert record.target == value


def test_fastq_and_genbank(tmp_path: Path) -> None:
    (first, second) = open_source(write(tmp_path, "a.fastq", "@r1 good\nACG\n+\nIII\n@r2 bad\nNC\n+\n!!\n"))
    assert [(one.sequence, one.target) for one in (first, second)] == [("ACG", "good"), ("NC", "bad")]
    (record,) = open_source(genbank(tmp_path), target="organism")
    assert (record.sequence, record.target) == ("ACGTN", "Mus musculus")
    (record,) = open_source(tmp_path / "a.gb")
    assert record.target == "a gene"


def test_targets_from_a_table_beside(tmp_path: Path) -> None:
    file = write(tmp_path, "g.fasta")
    (tmp_path / "g.csv").write_text("id,label,strand\nb,intron,1\na,exon,2\n")
    source = open_source(file)
    assert "targets from" in source.description
    assert "column 'label'" in source.description
    assert [record.target for record in source] == ["exon", "intron"]
    assert [record.target for record in open_source(file, target="strand")] == ["2", "1"]
    (tmp_path / "g.csv").write_text("id,label\na,exon\n")
    with pytest.raises(DataError, match=r"g\.fasta, row 2: .*g\.csv has no row for 'b'; add one"):
        list(open_source(file))
    assert len(list(open_source(file, skip_bad_rows=True))) == 1
    assert [record.target for record in open_source(file, needs_target=False)] == [None, None]
    (tmp_path / "g.csv").write_text("id,label\na,exon\na,intron\n")
    with pytest.raises(DataError, match=r"g\.csv, row 2, column 'label': 'a' stood above with .* 'exon'"):
        open_source(file)
    (tmp_path / "g.csv").write_text("what,label\na,exon\n")
    with pytest.raises(DataError, match=r"g\.csv: has no column id, name or accession with the names"):
        open_source(file)
    (tmp_path / "g.tsv").write_text("id\tlabel\n")
    with pytest.raises(OptionError, match=r"there are the tables g\.csv and g\.tsv, and one of them"):
        open_source(file)


def test_a_folder_with_a_file_a_class(tmp_path: Path) -> None:
    write(tmp_path, "exon.fasta")
    write(tmp_path, "intron.fa.gz", ">c\nGG\n")
    source = open_source(tmp_path)
    assert "FASTA, a file a class (exon, intron)" in source.description
    assert [(record.sequence, record.target) for record in source] == [
        ("ACGTNN", "exon"),
        ("acg", "exon"),
        ("GG", "intron"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.fasta", "ACGT\n>b\nA\n", r": begins with 'ACGT', and a FASTA file begins with '>' and the name"),
        ("a.fasta", "\n\n", r": begins with '', and a FASTA file"),
        ("a.fasta", ">a x\nAC\n>b y\n", r", row 2: the sequence is empty"),
        ("a.fasta", ">a x\nAC\n>b\nGG\n", r", row 2: 'b' has no description, from which the target would be"),
        ("a.fastq", "@a x\nACG\n+\nIII\n@b y\nACG\n", r", row 2: damaged, or cut short, as FASTQ \(End of"),
        ("a.fastq", "@a x\nACG\n+\nII", r", row 1: damaged, or cut short, as FASTQ \(Lengths of sequence"),
        (
            "a.gb",
            "LOCUS       X1                         5 bp    DNA              UNK 01-JAN-1980\n",
            ", row 1: ",
        ),
        ("a.gb", "nothing of the kind", r": holds no records"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=rf"{name}{said}"):
        list(open_source(write(tmp_path, name, text)))


def test_what_is_cut_short_within_gzip_or_lacks_a_value(tmp_path: Path) -> None:
    file = write(tmp_path, "a.fasta.gz", FASTA * 2000)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(
        DataError, match=r"a\.fasta\.gz, row \d+: damaged, or cut short, as FASTA \(Compressed"
    ):
        list(open_source(file))
    file.write_bytes(b"not gzip")
    with pytest.raises(DataError, match=r"damaged, or cut short, as FASTA \(Not a gzipped file"):
        list(open_source(file))
    with pytest.raises(DataError, match=r"row 1: 'a' has no site=… in its description 'kind=EI"):
        list(open_source(write(tmp_path, "b.fasta"), target="site"))
    with pytest.raises(OptionError, match=r"--sequence is 'x', but .* is of genes, which has no column"):
        open_source(write(tmp_path, "b.fasta"), sequence="x")


def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "Bio.SeqIO.FastaIO", None)
    monkeypatch.setitem(sys.modules, "Bio", None)
    with pytest.raises(
        MissingExtraError, match=r"Bio is not installed, .* pip install 'throughtime\[genes\]'"
    ):
        list(open_source(write(tmp_path, "a.fasta")))
