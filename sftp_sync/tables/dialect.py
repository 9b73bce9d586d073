"""Which character separates the cells, found in the first records."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from sftp_sync.tables.shape import is_title

CANDIDATES = (",", ";", "\t", "|")
SAMPLE_RECORDS = 200
_SPLITS_HEADER = 0.01
# Spreadsheets write and obey a first line that names the delimiter: sep=;
_SEP_LINE = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)


def named_delimiter(first_line: str) -> str | None:
    """The delimiter of a `sep=` line, None where the line is none."""
    match = _SEP_LINE.fullmatch(first_line.rstrip("\r\n"))
    return match.group(1) if match else None


def found_delimiter(sample: str) -> str:
    """The candidate that splits the header, and the rows after it most alike."""
    rows = {candidate: _rows(sample, candidate) for candidate in CANDIDATES}
    scores = {candidate: _score(rows[candidate]) for candidate in CANDIDATES}
    if max(share for share, _ in scores.values()) <= _SPLITS_HEADER:
        # The first row may be a title; what stands below it is then the header.
        scores |= {
            candidate: _score(rows[candidate][1:])
            for candidate in CANDIDATES
            if len(rows[candidate]) > 1 and is_title(*rows[candidate][:2])
        }
    return max(CANDIDATES, key=lambda candidate: scores[candidate])


def _score(table: Sequence[Sequence[str]]) -> tuple[float, int]:
    widths = _widths(table)
    if not widths or widths[0] == 1:
        return (0.0, 0)
    header, rows = widths[0], widths[1:]
    alike = sum(1 for width in rows if width <= header and width > 1)
    exact = sum(1 for width in rows if width == header)
    share = (exact + alike) / (2 * len(rows)) if rows else 1.0
    # A header that it splits counts for something even where no row agrees.
    return (_SPLITS_HEADER + share, header)


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    """How many cells each row has, without empty ones beyond the header."""
    widths: list[int] = []
    for cells in table:
        width = len(cells)
        while widths and width > max(widths[0], 1) and not cells[width - 1]:
            width -= 1
        widths.append(width)
    return widths


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", sample)
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=delimiter)
    while len(rows) < SAMPLE_RECORDS:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            continue
        if any(cell.strip() for cell in cells):
            rows.append(cells)
    return rows
