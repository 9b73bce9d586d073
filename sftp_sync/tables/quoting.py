"""Whether a cell that spans lines is one text, or rows that a stray quotation mark has swallowed.

A mark that is opened by mistake and met by another further down is quoting like any other. But
what it swallows are rows: nearly every line has as many cells as the header, and a number stands
in the same place of each. Lines of a note do not look like this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Of few lines all must look like rows, of many nearly all: some rows are short.
_NEARLY_ALL = 3 / 4
# In a longer one the pattern for its blanks would try every way to share them out.
_LONGEST_NUMBER = 100
_NUMBER = re.compile(r"""["'\s]*\+?(?:[\s()./-]*\d){7,15}(?:\.0)?["'\s]*""")
# A call log in a note: it begins each line with one.
_DATE = re.compile(r"""["'\s]*(?:\d{4}([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2\d{4})["'\s]*""")


def are_swallowed_rows(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether the physical lines of one record are rows of their own."""
    written = [line.rstrip("\r\n") for line in lines if line.strip()]
    if width <= 1 or len(written) <= 1:
        return False
    enough = _NEARLY_ALL * len(written)
    alike = [line.split(delimiter) for line in written if line.count(delimiter) == width - 1]
    if len(alike) <= enough:
        return False
    return any(sum(map(_is_number, column)) > enough for column in zip(*alike, strict=True))


def _is_number(cell: str) -> bool:
    is_short = len(cell) <= _LONGEST_NUMBER
    return is_short and bool(_NUMBER.fullmatch(cell)) and not _DATE.fullmatch(cell)
