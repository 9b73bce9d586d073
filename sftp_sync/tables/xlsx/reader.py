"""A workbook as a table."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
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

_ROW_NUMBER = re.compile(r"[0-9]{1,7}")


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
    with archive.small(workbook.styles) if workbook.styles else nullcontext() as stream:
        formats = read_formats(stream, starts_in_1904=workbook.starts_in_1904)
    return CellReader(texts, formats)


def _records(archive: Archive, part: str, cells: CellReader) -> Generator[Record]:
    line = 0
    with archive.open(part) as stream:
        for row in sheet_rows(stream):
            line = _line(row.number, line)
            yield cells.record(row, line)


def _line(number: str, before: int) -> int:
    """The number of a row, which it need not say itself."""
    line = before + 1
    if number:
        line = int(number) if _ROW_NUMBER.fullmatch(number) else 0
    if not before < line <= MAX_ROWS:
        raise ValueError(f"row {number[:20] or line} comes after row {before}")
    return line


def _guarded(rows: Iterator[Batch], name: str) -> Iterator[Batch]:
    """Damage shows wherever it stands, also in the middle."""
    with refusing_damage(name):
        yield from rows
