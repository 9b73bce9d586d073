"""The sheets that are not read: whether anything would be lost with them."""

from __future__ import annotations

from functools import partial
from itertools import islice

from sftp_sync.errors import FileRefused
from sftp_sync.tables.xlsx.archive import Archive, refusing_damage
from sftp_sync.tables.xlsx.rows import Cell, SheetRow, sheet_rows
from sftp_sync.tables.xlsx.workbook import Sheet, Workbook

# To tell, no more is read: a sheet that is empty so far, or one sheet more, counts as filled.
_MAX_SHEETS = 100
_MAX_ROWS = 1_000


def other_sheets(archive: Archive, workbook: Workbook, chosen: Sheet) -> tuple[str, ...]:
    """The visible sheets beside the chosen one that hold rows below a header."""
    others = [sheet for sheet in workbook.sheets if sheet.is_visible and sheet.part != chosen.part]
    return tuple(
        sheet.name
        for number, sheet in enumerate(others)
        if number >= _MAX_SHEETS or _has_rows(archive, sheet.part)
    )


def _has_rows(archive: Archive, part: str) -> bool:
    filled = 0
    try:
        with refusing_damage(archive.name):
            rows = sheet_rows(partial(archive.open, part))
            for row in islice(rows, _MAX_ROWS):
                filled += _is_filled(row)
                if filled > 1:
                    return True
            return next(rows, None) is not None
    except FileRefused:
        # It is not the sheet that was asked for: its damage keeps nobody from reading that one.
        return True


def _is_filled(row: SheetRow) -> bool:
    return any(
        (cell := Cell(*written)).value.strip() or cell.inline.strip() for written in row.cells
    )
