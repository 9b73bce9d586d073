"""What a number in a cell means to a person, by the format it is shown in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import IO

from sftp_sync.tables.xlsx.layouts import layout_of
from sftp_sync.tables.xlsx.xml import each_element

_DATES_BUILT_IN = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ELAPSED_BUILT_IN = 46
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)

# No spreadsheet takes a longer code, or more cell formats.
MAX_CODE_CHARACTERS = 255
_MOST_STYLES = 65_490

_DAY_SECONDS = 86_400
_LAST_DAY = 2_958_466
# 1900 was no leap year, but Lotus thought so, and every spreadsheet since: serial 60 never was.
_LOTUS_LEAP_DAY = 60
_LAST_OF_1899 = datetime(1899, 12, 31)  # noqa: DTZ001 - a cell has no time zone
_FIRST_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - as above


class Kind(Enum):
    """How a number is shown."""

    NUMBER = auto()
    DATE = auto()
    ELAPSED = auto()
    PADDED = auto()
    WITH_DIGITS = auto()


class Formats:
    """The styles of a workbook: for each, how its numbers are shown."""

    def __init__(self, codes: list[tuple[int, str]], *, starts_in_1904: bool) -> None:
        self._kinds = [_kind_of(number, code) for number, code in codes]
        self._codes = [code for _, code in codes]
        self._starts_in_1904 = starts_in_1904
        self.shows_plain_numbers = [kind is Kind.NUMBER for kind in self._kinds]
        self.adds_to_texts = [layout_of(code).adds_to_text for _, code in codes]

    def text(self, style: int, number: float) -> str | None:
        """The number as its style shows it, None where it is shown as a number, or as something
        that cannot be told from it.
        """
        match self._kind(style):
            case Kind.DATE:
                return self._date(number)
            case Kind.ELAPSED:
                return _elapsed(number)
            case Kind.PADDED if number.is_integer() and number >= 0:
                return str(int(number)).zfill(layout_of(self._codes[style]).zeros)
            case Kind.WITH_DIGITS if number.is_integer():
                return layout_of(self._codes[style]).text(int(number))
        return None

    def adds_digits(self, style: int) -> bool:
        """Whether its style shows a plus or digits that are not in the number."""
        return self._kind(style) is Kind.WITH_DIGITS

    def _kind(self, style: int) -> Kind:
        return self._kinds[style] if style < len(self._kinds) else Kind.NUMBER

    def _date(self, serial: float) -> str | None:
        """ISO 8601; a time of day alone where there is no day."""
        if not 0 <= serial < _LAST_DAY:
            return None
        seconds = round(serial * _DAY_SECONDS)
        if seconds < _DAY_SECONDS and not self._starts_in_1904:
            return str(timedelta(seconds=seconds)).rjust(8, "0") if seconds else "00:00:00"
        if self._starts_in_1904:
            start = _FIRST_OF_1904
        elif serial < _LOTUS_LEAP_DAY:
            start = _LAST_OF_1899
        else:
            start = _LAST_OF_1899 - timedelta(days=1)
        try:
            moment = start + timedelta(seconds=seconds)
        except OverflowError:
            return None
        return (moment.date() if seconds % _DAY_SECONDS == 0 else moment).isoformat()


def _elapsed(days: float) -> str:
    seconds = round(abs(days) * _DAY_SECONDS)
    sign = "-" if days < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@lru_cache(maxsize=1_024)
def _kind_of(number: int, code: str) -> Kind:
    if number == _ELAPSED_BUILT_IN or _ELAPSED.search(code):
        return Kind.ELAPSED
    if number in _DATES_BUILT_IN:
        return Kind.DATE
    shown = _NOT_SHOWN.sub("", code.partition(";")[0])
    if shown.casefold() != "general" and _DATE_LETTERS.search(shown):
        return Kind.DATE
    layout = layout_of(code)
    if layout.adds:
        return Kind.WITH_DIGITS
    return Kind.PADDED if layout.zeros > 1 else Kind.NUMBER


def read_formats(styles: IO[bytes] | None, *, starts_in_1904: bool) -> Formats:
    """The styles part of a workbook; without one every number is a number."""
    own_codes: dict[int, str] = {}
    used: list[int] = []

    def met(way: str, attributes: Mapping[str, str]) -> None:
        if way == "styleSheet/numFmts/numFmt":
            code = attributes.get("formatCode", "")
            if len(code) > MAX_CODE_CHARACTERS:
                raise ValueError("a number format is longer than any spreadsheet writes")
            own_codes[int(attributes["numFmtId"])] = code
        elif way == "styleSheet/cellXfs/xf":
            used.append(int(attributes.get("numFmtId", 0)))
            if len(used) > _MOST_STYLES:
                raise ValueError(f"it has more than {_MOST_STYLES:,} cell formats")

    if styles is not None:
        each_element(styles, met)
    codes = [(number, own_codes.get(number, "")) for number in used]
    return Formats(codes, starts_in_1904=starts_in_1904)
