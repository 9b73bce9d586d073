"""Cells into text, as a person sees them and without losing anything."""

from __future__ import annotations

import math
from datetime import datetime

from sftp_sync.tables.shape import MAX_CELL_CHARACTERS, MAX_COLUMNS, Record
from sftp_sync.tables.xlsx.formats import Formats
from sftp_sync.tables.xlsx.rows import SheetRow
from sftp_sync.tables.xlsx.shared_texts import SharedTexts
from sftp_sync.tables.xlsx.xml import plain_text

MAX_ROWS = 1_048_576
# A spreadsheet keeps 15 digits of a number; whatever followed is gone.
_EXACT_DIGITS = 15
_FIRST_INEXACT = 10**_EXACT_DIGITS
_MOST_WRITTEN_OUT = 1e21

LOST_DIGITS = (
    "The spreadsheet keeps only 15 digits of a number and has lost the rest: format the column as"
    " text and enter the number again."
)
DIGITS_OF_THE_FORMAT = (
    "The format of the cell adds a plus or digits that are not in it: format the column as text and"
    " enter the whole number."
)
NEVER_CALCULATED = (
    "This is a formula whose value was not saved: open the workbook in a spreadsheet, save it"
    " again, and send that."
)


class CellReader:
    """Turns the cells of one workbook into text."""

    def __init__(self, texts: SharedTexts | list[str] | None, formats: Formats) -> None:
        self._texts = texts
        self._formats = formats
        self._plain_styles = {
            "",
            *(str(style) for style, is_plain in enumerate(formats.shows_plain_numbers) if is_plain),
        }
        self._adding_to_texts = {
            str(style) for style, adds in enumerate(formats.adds_to_texts) if adds
        }
        self._columns: dict[str, int] = {}

    def record(self, row: SheetRow, line: int) -> Record:
        """The row as a record; where cells are left out, empty ones."""
        cells: list[str] = []
        damaged: dict[int, str] = {}
        columns, texts = self._columns, self._texts
        for _, letters, style, kind, formula, value, inline in row.cells:
            column = columns.get(letters)
            if column is None:
                column = self._column(letters) if letters else len(cells)
            if kind == "s" and texts is not None and value:
                text = texts[_whole(value)]
                if style in self._adding_to_texts:
                    damaged[column] = DIGITS_OF_THE_FORMAT
            elif not kind and style in self._plain_styles and _is_plain(value):
                text = value
            else:
                text, damage = self._rare(kind, style, formula, value or inline)
                if damage:
                    damaged[column] = damage
            if column == len(cells):
                cells.append(text)
            else:
                _place(cells, column, text)
        return Record(line, cells, damaged or None, row.hidden)

    def _column(self, letters: str) -> int:
        column = 0
        for letter in letters:
            if not "A" <= letter <= "Z" or column > MAX_COLUMNS:
                raise ValueError(f"there is no column {letters[:10]}")
            column = column * 26 + ord(letter) - ord("A") + 1
        if column > MAX_COLUMNS:
            raise ValueError(f"there is no column {letters[:10]}")
        self._columns[letters] = column - 1
        return column - 1

    def _rare(self, kind: str, style: str, formula: str, value: str) -> tuple[str, str | None]:
        match kind:
            case "" | "n":
                if not value.strip():
                    return "", NEVER_CALCULATED if formula else None
                text, damage = self._number(value, style)
                return text, LOST_DIGITS if _has_lost_digits(value) else damage
            case "b":
                return ("TRUE" if value.strip() in {"1", "true"} else "FALSE"), None
            case "d":
                return _iso_date(value), None
            case "inlineStr" | "str" | "e":
                damage = DIGITS_OF_THE_FORMAT if style in self._adding_to_texts else None
                return _not_too_long(plain_text(value)), damage
            case "s" if not value:
                return "", None
            case "s":
                raise ValueError("it has no table of shared texts")
        raise ValueError(f"a cell of the unknown type {kind[:20]!r}")

    def _number(self, value: str, style: str) -> tuple[str, str | None]:
        number = _float(value)
        damage = None
        if style:
            shown = self._formats.text(int(style), number)
            if shown is not None:
                return shown, None
            damage = DIGITS_OF_THE_FORMAT if self._formats.adds_digits(int(style)) else None
        if number.is_integer() and abs(number) < _MOST_WRITTEN_OUT:
            # Whole numbers beyond what a float can hold are taken as they are written.
            text = value if number and value.lstrip("-").isdecimal() else str(int(number))
        else:
            text = format(number, f".{_EXACT_DIGITS}g")
        return text, damage


def _is_plain(value: str) -> bool:
    return len(value) <= _EXACT_DIGITS and value.isascii() and value.isdecimal()


def _place(cells: list[str], column: int, text: str) -> None:
    """A cell after a gap, or one that comes again."""
    if column >= len(cells):
        cells += [""] * (column + 1 - len(cells))
    cells[column] = text


def _not_too_long(text: str) -> str:
    if len(text) > MAX_CELL_CHARACTERS:
        raise ValueError("a cell is longer than any spreadsheet writes")
    return text


def _whole(value: str) -> int:
    if value.isdecimal():
        return int(value)
    # Not what stands there: it may be somebody's phone number.
    raise ValueError("a cell for a shared text holds no number")


def _float(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        # As above.
        raise ValueError("a cell for a number holds none")
    return number


def _has_lost_digits(value: str) -> bool:
    number = abs(_float(value))
    return number >= _FIRST_INEXACT and number.is_integer()


def _iso_date(value: str) -> str:
    """A date that is written as such: without the midnight it does not mean."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return value
    is_day = moment.time().isoformat() == "00:00:00" and moment.tzinfo is None
    return moment.date().isoformat() if is_day else moment.isoformat()
