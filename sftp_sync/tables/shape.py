"""What every list has in common once its cells are text: a header, and rows in batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from sftp_sync.errors import FileRefused
from sftp_sync.model import Batch
from sftp_sync.tables.own_files import REJECT_COLUMNS
from sftp_sync.tables.spreadsheet_safe import restored

BATCH_ROWS = 5_000
# A batch also ends here, so that rows of huge cells do not pile up.
BATCH_CHARACTERS = 4_000_000
MAX_COLUMNS = 16_384
# A workbook can repeat one long text a million times: its rows would fill the ledger.
MAX_CHARACTERS = 1024**3
MAX_CELL_CHARACTERS = 131_072
# Names of columns hold none; the first row of a list with one named column does.
_LONG_NUMBER = re.compile(r"\d{5}|\d[\d\s()./-]{5,}\d")


@dataclass(frozen=True, slots=True)
class Record:
    """One row as its reader found it. `damaged`: column → the sentence. `hidden`: in a workbook."""

    line: int
    cells: list[str]
    damaged: dict[int, str] | None = None
    hidden: bool = False


def is_blank(cells: list[str]) -> bool:
    """Nothing but empty cells is no row."""
    # The first cell of nearly every row answers it.
    if cells and cells[0] and not cells[0].isspace():
        return False
    return not any(cell and not cell.isspace() for cell in cells)


def below_title(records: Iterator[Record], name: str) -> tuple[Record, Iterator[Record]]:
    """The header and the rows below it. The header is the first row that holds anything, unless
    that is a title.
    """
    top = _first_record(records, name)
    if _filled(top.cells) > 1:
        return top, records
    below = next((record for record in records if not is_blank(record.cells)), None)
    if below is None:
        return top, records
    if is_title(top.cells, below.cells):
        return below, records
    return top, chain([below], records)


def is_title(top: list[str], below: list[str]) -> bool:
    """Whether a row is no header: one text above a row of several that could be names."""
    return _filled(top) == 1 and _filled(below) > 1 and not any(map(_LONG_NUMBER.search, below))


def _filled(cells: list[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _first_record(records: Iterator[Record], name: str) -> Record:
    for record in records:
        if not is_blank(record.cells):
            return record
    raise FileRefused(
        f"{name} is empty: it has no header and no rows.",
        fix="Send a list whose first row names the columns.",
    )


def header_of(cells: Iterable[str]) -> tuple[str, ...]:
    """The names of the columns, as the partner wrote them."""
    header = unique_header(cells)
    if is_mended_rejects(header):
        return unique_header(map(restored, header))
    return header


def unique_header(cells: Iterable[str]) -> tuple[str, ...]:
    """Column names without the space around them; the second `name` becomes `name (2)`.

    A column without a name keeps the empty name: it is no payload, and comes back as it was.
    """
    taken: set[str] = set()
    # Where the count of a name goes on: a thousand equal ones are not counted from 2 each time.
    counts: dict[str, int] = {}
    names = []
    for cell in cells:
        name = stem = cell.strip().strip("\ufeff").strip()
        while name and name.casefold() in taken:
            counts[stem.casefold()] = count = counts.get(stem.casefold(), 1) + 1
            name = f"{stem} ({count})"
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def is_mended_rejects(header: tuple[str, ...]) -> bool:
    """A rejects file of ours that came back: its cells may have been defused by us."""
    return set(REJECT_COLUMNS) <= set(header)


@dataclass
class _Gathering:
    lines: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    damaged: dict[tuple[int, int], str] = field(default_factory=dict)
    characters: int = 0
    hidden: int = 0

    def add(self, record: Record, cells: list[str]) -> None:
        for column, sentence in (record.damaged or {}).items():
            self.damaged[len(self.lines), column] = sentence
        self.lines.append(record.line)
        self.cells.append(cells)
        self.hidden += record.hidden

    def batch(self) -> Batch:
        return Batch(lines=self.lines, cells=self.cells, damaged=self.damaged, hidden=self.hidden)


def batches(
    records: Iterator[Record], header: tuple[str, ...], name: str, max_rows: int
) -> Iterator[Batch]:
    """The rows after the header: blank ones dropped, short ones padded, counted."""
    width = len(header)
    comes_from_us = is_mended_rejects(header)
    gathering = _Gathering()
    rows = characters = 0
    for record in records:
        cells = record.cells
        if is_blank(cells):
            continue
        rows += 1
        if rows > max_rows:
            raise _too_many_rows(name, max_rows)
        if len(cells) != width:
            cells = fitted(cells, width)
        if comes_from_us:
            cells = [restored(cell) for cell in cells]
        gathering.add(record, cells)
        # A cell takes room also where it is empty: a row may have thousands beyond the header.
        size = len(cells) + sum(map(len, cells))
        gathering.characters += size
        characters += size
        if characters > MAX_CHARACTERS:
            raise _too_much_text(name, record.line)
        if len(gathering.lines) >= BATCH_ROWS or gathering.characters > BATCH_CHARACTERS:
            yield gathering.batch()
            gathering = _Gathering()
    if gathering.lines:
        yield gathering.batch()


def fitted(cells: list[str], width: int) -> list[str]:
    """Short rows padded (spreadsheets drop trailing delimiters), empty cells too many dropped.

    What is not empty stays: the row is ragged, and says so.
    """
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    if not any(cells[width:]):
        return cells[:width]
    kept = len(cells)
    while kept > width and not cells[kept - 1].strip():
        kept -= 1
    return cells[:kept]


def _too_many_rows(name: str, max_rows: int) -> FileRefused:
    return FileRefused(
        f"{name} has more than {max_rows:,} rows.",
        fix="Split it into several files, or raise files.max_rows.",
    )


def _too_much_text(name: str, line: int) -> FileRefused:
    return FileRefused(
        f"{name} holds more than {MAX_CHARACTERS:,} characters (reached at line {line:,}).",
        fix="Leave out the columns that the calls do not need, or split it into several files.",
    )
