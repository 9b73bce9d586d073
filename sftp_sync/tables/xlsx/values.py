"""Cells into text, as a person sees them and without losing anything."""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import cache
from itertools import product
from string import ascii_uppercase

from sftp_sync.tables.shape import MAX_COLUMNS, Record
from sftp_sync.tables.xlsx.formats import Formats
from sftp_sync.tables.xlsx.rows import Cell, SheetRow
from sftp_sync.tables.xlsx.shared_texts import SharedTexts
from sftp_sync.tables.xlsx.xml import plain_text

MAX_ROWS = 1_048_576
_ALPHABET = ("", *ascii_uppercase)
_PLACE = re.compile(r"([A-Z]{1,4})([0-9]{1,7})")
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
            None,
            *(str(style) for style, is_plain in enumerate(formats.shows_plain_numbers) if is_plain),
        }
        self._adding_to_texts = {
            str(style) for style, adds in enumerate(formats.adds_to_texts) if adds
        }

    def record(self, row: SheetRow, line: int) -> Record:
        """The row as a record; where cells are left out, empty ones."""
        cells: list[str] = []
        damaged: dict[int, str] = {}
        texts, letters, number = self._texts, _letters(), str(line)
        plain, adding = self._plain_styles, self._adding_to_texts
        for cell in row.cells:
            attributes, value, _, inline = cell
            place, kind, style = attributes.get("r"), attributes.get("t"), attributes.get("s")
            if place is not None and place != letters[len(cells)] + number:
                cells += [""] * _gap(len(cells), _column(place, line))
            if kind == "s" and value and value.isdecimal() and texts is not None and inline is None:
                text = texts[int(value)]
                if adding and style in adding:
                    damaged[len(cells)] = DIGITS_OF_THE_FORMAT
            elif kind is None and value and style in plain and _is_plain(value):
                text = value
            else:
                text, damage = self._rare(cell)
                if damage:
                    damaged[len(cells)] = damage
            cells.append(text)
        if len(cells) > MAX_COLUMNS:
            raise ValueError(f"a row has more than {MAX_COLUMNS:,} cells")
        return Record(line, cells, damaged or None, row.hidden)

    def _rare(self, cell: Cell) -> tuple[str, str | None]:
        attributes, written, is_formula, inline = cell
        kind, style, value = attributes.get("t", "n"), attributes.get("s"), written or ""
        if (inline is not None and kind != "inlineStr") or (kind == "inlineStr" and value.strip()):
            raise ValueError("the text of a cell stands where its kind has none")
        if kind in {"inlineStr", "str", "e"}:
            damage = DIGITS_OF_THE_FORMAT if style in self._adding_to_texts else None
            return plain_text(inline or value), damage
        value = value.strip()
        match kind:
            case "n" | "s" | "b" | "d" if not value:
                return "", NEVER_CALCULATED if is_formula else None
            case "n":
                number = _float(value)
                text, damage = self._number(value, number, style)
                return text, LOST_DIGITS if _has_lost_digits(number) else damage
            case "b":
                return _truth(value), None
            case "d":
                return _iso_date(value), None
            case "s" if self._texts is not None:
                return self._texts[_whole(value)], None
            case "s":
                raise ValueError("it has no table of shared texts")
        raise ValueError(f"a cell of the unknown type {kind[:20]!r}")

    def _number(self, value: str, number: float, style: str | None) -> tuple[str, str | None]:
        damage = None
        if style:
            shown = self._formats.text(_whole(style), number)
            if shown is not None:
                return shown, None
            damage = DIGITS_OF_THE_FORMAT if self._formats.adds_digits(_whole(style)) else None
        if number.is_integer() and abs(number) < _MOST_WRITTEN_OUT:
            # Whole numbers beyond what a float can hold are taken as they are written.
            text = value if number and value.removeprefix("-").isdecimal() else str(int(number))
        else:
            text = format(number, f".{_EXACT_DIGITS}g")
        return text, damage


@cache
def _letters() -> list[str]:
    """What columns are called. Cells that do not say where they stand may lead beyond the last."""
    places = product(_ALPHABET, _ALPHABET, _ALPHABET)
    names = [a + b + c for a, b, c in places if c and (b or not a)]
    return names[:MAX_COLUMNS] + [""] * MAX_COLUMNS


def _column(place: str, line: int) -> int:
    """The column of a cell by its reference, which must be of this row."""
    match = _PLACE.fullmatch(place)
    if match is None or int(match.group(2)) != line:
        raise ValueError(f"in row {line} stands a cell of {place[:20]!r}")
    column = 0
    for letter in match.group(1):
        column = column * 26 + ord(letter) - ord("A") + 1
    if column > MAX_COLUMNS:
        raise ValueError(f"there is no column {match.group(1)}")
    return column - 1


def _gap(before: int, column: int) -> int:
    """How many cells are left out."""
    if column < before:
        raise ValueError(f"cell {_letters()[column]} comes after cell {_letters()[before - 1]}")
    return column - before


def _is_plain(value: str) -> bool:
    return len(value) <= _EXACT_DIGITS and value.isascii() and value.isdecimal()


def _whole(value: str) -> int:
    if value.isascii() and value.isdecimal():
        return int(value)
    # Not what stands there: it may be somebody's phone number.
    raise ValueError("a cell for a shared text holds no number")


def _truth(value: str) -> str:
    if value in {"1", "true"}:
        return "TRUE"
    if value in {"0", "false"}:
        return "FALSE"
    raise ValueError("a cell for true or false holds neither")


def _float(value: str) -> float:
    try:
        # Python takes digits of any script, and strokes between them.
        number = float(value) if value.isascii() and "_" not in value else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        # As above.
        raise ValueError("a cell for a number holds none")
    return number


def _has_lost_digits(number: float) -> bool:
    return abs(number) >= _FIRST_INEXACT and number.is_integer()


def _iso_date(value: str) -> str:
    """A date that is written as such: without the midnight it does not mean."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return value
    is_day = moment.time().isoformat() == "00:00:00" and moment.tzinfo is None
    return moment.date().isoformat() if is_day else moment.isoformat()
