"""Which character separates the cells, found in the first records."""

from __future__ import annotations

import csv
import re

CANDIDATES = (",", ";", "\t", "|")
SAMPLE_RECORDS = 200
# Spreadsheets write and obey a first line that names the delimiter: sep=;
_SEP_LINE = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)


def named_delimiter(first_line: str) -> str | None:
    """The delimiter of a `sep=` line, None where the line is none."""
    match = _SEP_LINE.fullmatch(first_line.rstrip("\r\n"))
    return match.group(1) if match else None


def found_delimiter(sample: str) -> str:
    """The candidate that splits the header, and the rows after it most alike."""
    scores = {candidate: _score(sample, candidate) for candidate in CANDIDATES}
    return max(CANDIDATES, key=lambda candidate: scores[candidate])


def _score(sample: str, delimiter: str) -> tuple[float, int]:
    widths = _widths(sample, delimiter)
    if not widths or widths[0] == 1:
        return (0.0, 0)
    header, rows = widths[0], widths[1:]
    alike = sum(1 for width in rows if width <= header and width > 1)
    exact = sum(1 for width in rows if width == header)
    share = (exact + alike) / (2 * len(rows)) if rows else 1.0
    # A header that it splits counts for something even where no row agrees.
    return (0.01 + share, header)


def _widths(sample: str, delimiter: str) -> list[int]:
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", sample)
    widths: list[int] = []
    reader = csv.reader(lines, delimiter=delimiter)
    while len(widths) < SAMPLE_RECORDS:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            continue
        if any(cell.strip() for cell in cells):
            while len(cells) > 1 and widths and not cells[-1] and len(cells) > widths[0]:
                cells.pop()
            widths.append(len(cells))
    return widths
