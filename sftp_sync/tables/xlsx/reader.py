"""A workbook as a table."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sftp_sync.model import Batch, FileRules, Table, Understanding
from sftp_sync.tables.shape import Record, batches, below_title, fitted, header_of
from sftp_sync.tables.xlsx.archive import (
    MAX_SHARED_TEXT_BYTES,
    Archive,
    open_archive,
    refusing_damage,
)
from sftp_sync.tables.xlsx.formats import read_formats
from sftp_sync.tables.xlsx.other_sheets import other_sheets
from sftp_sync.tables.xlsx.rows import sheet_rows
from sftp_sync.tables.xlsx.shared_texts import read_shared_texts
from sftp_sync.tables.xlsx.values import MAX_ROWS, CellReader
from sftp_sync.tables.xlsx.workbook import Workbook, chosen_sheet, read_workbook


@contextmanager
def open_xlsx(path: Path, name: str, rules: FileRules) -> Iterator[Table]:
    """The list as a table; its rows stream while the context is open.

    Empty columns to the right of the last named one are left out: spreadsheets keep thousands of
    them that hold nothing but a format. What stands there makes its row ragged.
    """
    with open_archive(path, name) as archive:
        workbook = read_workbook(archive)
        sheet = chosen_sheet(workbook, rules.sheet, name)
        records = _records(archive, sheet.part, _cell_reader(archive, workbook))
        with closing(records):
            top, rest = below_title(records, f'{name}, sheet "{sheet.name}"')
            header = header_of(fitted(top.cells, 0))
            understanding = Understanding(
                format="xlsx",
                header=header,
                header_line=top.line,
                sheet=sheet.name,
                other_sheets=other_sheets(archive, workbook, sheet),
            )
            rows = batches(rest, header, name, rules.max_rows)
            yield Table(understanding, _guarded(rows, name))


def _cell_reader(archive: Archive, workbook: Workbook) -> CellReader:
    texts = None
    if workbook.shared_texts is not None:
        # In XML a text takes up to ten times what it takes here.
        with archive.open(workbook.shared_texts, 10 * MAX_SHARED_TEXT_BYTES) as stream:
            texts = read_shared_texts(stream, archive.name)
    styles = archive.small(workbook.styles) if workbook.styles is not None else None
    return CellReader(texts, read_formats(styles, starts_in_1904=workbook.starts_in_1904))


def _records(archive: Archive, part: str, cells: CellReader) -> Generator[Record]:
    line = 0
    for row in sheet_rows(partial(archive.open, part)):
        number = int(row.number) if row.number else line + 1
        if not line < number <= MAX_ROWS:
            raise ValueError(f"row {number} comes after row {line}")
        line = number
        yield cells.record(row, line)


def _guarded(rows: Iterator[Batch], name: str) -> Iterator[Batch]:
    """Damage shows wherever it stands, also in the middle."""
    with refusing_damage(name):
        yield from rows
