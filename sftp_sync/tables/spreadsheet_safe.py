"""Cells that a spreadsheet would run as a formula, made harmless, and back again.

A leading apostrophe makes such a cell text. A cell that already is an apostrophe (or several)
before a formula gets one more, so that `restored(defused(cell)) == cell` for every text.
Phone numbers and plain numbers stay as they are: `+12125550100`, `+49 (0)30 123`, `-5`, `+3.2`.
"""

from __future__ import annotations

import re

# With the full-width forms, which a spreadsheet in an East Asian locale obeys too.
FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_RISKY_STARTS = FORMULA_STARTS | {"'"}

# Neither holds a letter or an operator that a spreadsheet could make a call or a sum of.
_NUMBER = re.compile(r"[+-][0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?")
_PHONE = re.compile(r"\+ ?\(?[0-9](?:[0-9 ./\u00a0()-]*[0-9)])?")
_PHONE_DIGITS = range(5, 18)


def defused(cell: str) -> str:
    """The cell as a spreadsheet shows it instead of running it."""
    if not cell or cell[0] not in _RISKY_STARTS:
        return cell
    return f"'{cell}" if _is_formula(cell.lstrip("'")) else cell


def restored(cell: str) -> str:
    """The cell before it was defused."""
    if cell[:1] == "'" and _is_formula(cell.lstrip("'")):
        return cell[1:]
    return cell


def _is_formula(text: str) -> bool:
    if text[:1] not in FORMULA_STARTS or not text:
        return False
    if _NUMBER.fullmatch(text):
        return False
    digits = sum(char.isdigit() for char in text)
    return not (_PHONE.fullmatch(text) and digits in _PHONE_DIGITS)
