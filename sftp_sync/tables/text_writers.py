"""Lists out as text: CSV for spreadsheets, JSON lines for programs. Row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from sftp_sync.tables.own_files import RESULT_COLUMNS
from sftp_sync.tables.spreadsheet_safe import defused

Value = str | int | float | None

# CRLF is what RFC 4180 says and every spreadsheet writes; the mark makes Excel read UTF-8.
_LINE_END = "\r\n"
_ENCODING = "utf-8-sig"


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    spreadsheet_safe: bool,
) -> None:
    """Comma, UTF-8 with mark, CRLF. `spreadsheet_safe` defuses what would run as a formula."""
    with path.open("w", encoding=_ENCODING, newline="") as file:
        writer = csv.writer(file, lineterminator=_LINE_END)
        # A row of one empty cell is quoted by the writer, so that it stays a row.
        writer.writerow(_safe(header) if spreadsheet_safe else header)
        writer.writerows(map(_safe, rows) if spreadsheet_safe else rows)


def _safe(cells: Sequence[str]) -> list[str]:
    return [defused(cell) for cell in cells]


def write_jsonl(path: Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """One object a line, in UTF-8. A column without a name is `column_3` by its place."""
    names = _keys(header)
    with path.open("w", encoding="utf-8", newline="") as file:
        for cells in rows:
            line = dict(zip(names, cells, strict=True))
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _keys(header: Sequence[str]) -> list[str]:
    """Keys that differ: an object has each but once. Ours, at the end, are never another's."""
    ours = {name: place for place, name in enumerate(header, start=1) if name in RESULT_COLUMNS}
    taken = set(ours)
    keys = []
    for place, name in enumerate(header, start=1):
        if ours.get(name) == place:
            keys.append(name)
            continue
        key = stem = name or f"column_{place}"
        count = 1
        while key in taken:
            count += 1
            key = f"{stem} ({count})"
        taken.add(key)
        keys.append(key)
    return keys
