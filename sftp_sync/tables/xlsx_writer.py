"""Workbooks out, row by row: text stays text, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from sftp_sync.tables.text_writers import Value

MAX_ROWS = 1_048_576
MAX_CELL_CHARACTERS = 32_767
_TITLE = "Results"
_CUT_OFF = "…"
_WIDEST, _NARROWEST = 60, 8
_ROWS_MEASURED = 200

# What XML cannot hold is written as the spreadsheet writes it, and so is text that looks like it.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(path: Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """A workbook with a frozen header. Text is never a formula or a number; numbers are numbers.

    What does not fit one sheet goes on in the next.
    """
    book = Workbook(write_only=True)
    remaining = iter(rows)
    number = 1
    while (first := next(remaining, None)) is not None or number == 1:
        title = _TITLE if number == 1 else f"{_TITLE} {number}"
        started = chain([first] if first is not None else [], remaining)
        _write_sheet(book.create_sheet(title), header, islice(started, MAX_ROWS - 1))
        number += 1
    book.save(path)
    book.close()


def _write_sheet(
    sheet: WriteOnlyWorksheet, header: Sequence[str], rows: Iterator[Sequence[Value]]
) -> None:
    measured = list(islice(rows, _ROWS_MEASURED))
    # openpyxl has them on every sheet; its type stubs leave them out of this one.
    dimensions = sheet.column_dimensions  # type: ignore[attr-defined]
    for column, width in enumerate(_widths(header, measured), start=1):
        dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    for row in chain([header], measured, rows):
        sheet.append(_cells(sheet, row))


def _widths(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> list[int]:
    """As wide as what is in the column, within reason."""
    widths = []
    for column, name in enumerate(header):
        texts = [name, *(str(row[column] or "") for row in rows if column < len(row))]
        longest = max(max(map(len, text.splitlines()), default=0) for text in texts)
        widths.append(min(max(longest + 2, _NARROWEST), _WIDEST))
    return widths


def _cells(sheet: WriteOnlyWorksheet, row: Iterable[Value]) -> list[Value | Cell]:
    return [_cell(sheet, value) if isinstance(value, str) else value for value in row]


def _cell(sheet: WriteOnlyWorksheet, text: str) -> Value | Cell:
    """Text as text of its own cell: openpyxl writes it inline, so nothing is kept in memory."""
    text = _writable(text)
    if not text.startswith(("=", "#")):
        return text
    # openpyxl would make a formula or an error of it.
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _writable(text: str) -> str:
    if len(text) > MAX_CELL_CHARACTERS:
        text = text[: MAX_CELL_CHARACTERS - 1] + _CUT_OFF
    return _NOT_IN_XML.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"_x{ord(match.group(0)):04X}_"
