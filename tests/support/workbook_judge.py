"""What openpyxl says is in a workbook, held against what our reader says, cell by cell."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl

from sftp_sync.errors import FileRefused
from sftp_sync.tables.shape import Record
from sftp_sync.tables.xlsx.archive import open_archive, refusing_damage
from sftp_sync.tables.xlsx.reader import _cell_reader, _records
from sftp_sync.tables.xlsx.workbook import chosen_sheet, read_workbook

ONE_SECOND = timedelta(seconds=1)
LOTUS_ERROR = "#VALUE!"
OPENPYXL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no time zone


@dataclass(frozen=True)
class Said:
    """A sheet by its filled cells, (row, column) → value, and the rows that are hidden."""

    cells: dict[tuple[int, int], object]
    hidden: frozenset[int]


def ours(path: Path, sheet: str | int | None = None) -> list[Record] | FileRefused:
    """Every row as our reader gives it, or why it gives none."""
    try:
        with refusing_damage("list.xlsx"), open_archive(path, "list.xlsx") as archive:
            workbook = read_workbook(archive)
            part = chosen_sheet(workbook, sheet, "list.xlsx").part
            return list(_records(archive, part, _cell_reader(archive, workbook)))
    except FileRefused as refusal:
        return refusal


def theirs(content: bytes, sheet: str | int | None = None) -> Said | Exception:
    """The same sheet as openpyxl reads it, or what it stumbles over."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        of_book = book.worksheets[0] if sheet is None else book[str(sheet)]
        cells = {
            (cell.row, cell.column): cell.value
            for row in of_book.iter_rows()
            for cell in row
            if cell.value not in {None, ""}
        }
        hidden = {row for row, how in of_book.row_dimensions.items() if how.hidden}
        book.close()
    except Exception as stumbled:  # noqa: BLE001 - whatever it is: openpyxl says nothing of this one
        return stumbled
    return Said(cells, frozenset(hidden))


def differences(records: list[Record], said: Said) -> list[str]:
    """Every cell that is not the same to both, and every row that only one of them sees."""
    found, left = [], dict(said.cells)
    for record in records:
        for column, text in enumerate(record.cells, start=1):
            value = left.pop((record.line, column), None)
            if column - 1 in (record.damaged or {}):
                # Said aloud: it can be called by nobody.
                continue
            if not is_same(text, value):
                found.append(f"row {record.line}, column {column}: {text!r}, not {value!r}")
        if record.hidden != (record.line in said.hidden) and any(record.cells):
            found.append(f"row {record.line} is hidden to one alone")
    return found + [
        f"row {row}, column {column}: nothing, not {left[row, column]!r}" for row, column in left
    ]


def is_same(text: str, value: object) -> bool:  # noqa: PLR0911 - a table of kinds
    """Whether a text is how a person writes this value down."""
    match value:
        case None:
            return text == ""
        case bool():
            return text == str(value).upper()
        case int():
            return text.lstrip("-").isdecimal() and int(text) == value
        case float():
            return _is_number(text, value)
        case datetime():
            return _is_moment(text, value)
        case date():
            return text == value.isoformat()
        case time():
            return text[:5] == value.isoformat()[:5] or _is_near(text, value)
        case timedelta():
            hours, minutes, seconds = map(int, text.removeprefix("-").split(":"))
            shown = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            return abs(abs(value) - shown) <= ONE_SECOND
    return value in {text, LOTUS_ERROR}


def _is_moment(text: str, value: datetime) -> bool:
    """A number below zero is no date to any spreadsheet: it stays a number, where openpyxl counts
    back from 1899 into years of no calendar.
    """
    try:
        moment = OPENPYXL_DAY_0 + timedelta(days=float(text))
    except ValueError:
        return abs(datetime.fromisoformat(text) - value) <= ONE_SECOND
    return float(text) < 0 and abs(moment - value) <= ONE_SECOND


def _is_number(text: str, value: float) -> bool:
    try:
        return float(text) == value or format(float(text), ".15g") == format(value, ".15g")
    except ValueError:
        return False


def _is_near(text: str, value: time) -> bool:
    day = date(2000, 1, 1)
    shown = datetime.combine(day, time.fromisoformat(text))
    return abs(shown - datetime.combine(day, value)) <= ONE_SECOND
