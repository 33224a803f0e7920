"""Tables by their suffix: CSV, TSV, JSON Lines and Parquet."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.readers.table import Table

TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")


def open_table(file: Path, *, skip_bad_rows: bool = False) -> Table:
    """Open a table by its suffix, one of `TABLES`."""
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        from throughtime.data.readers.parquet import ParquetTable

        return ParquetTable(file)
    if suffix in (".jsonl", ".ndjson"):
        from throughtime.data.readers.json_lines import JsonLinesTable

        return JsonLinesTable(file, skip_bad_rows=skip_bad_rows)
    from throughtime.data.readers.delimited import DelimitedTable

    return DelimitedTable(file, tabs=suffix == ".tsv")
