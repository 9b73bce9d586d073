"""The sheets that are not read: whether anything would be lost with them."""

from __future__ import annotations

from sftp_sync.errors import FileRefused
from sftp_sync.tables.xlsx.archive import Archive, refusing_damage
from sftp_sync.tables.xlsx.rows import SheetRow, sheet_rows
from sftp_sync.tables.xlsx.workbook import Sheet, Workbook

# To tell, no more is read: a sheet that is empty so far, or one sheet more, counts as filled.
_MAX_SHEETS = 100
_MAX_CELLS = 20_000


def other_sheets(archive: Archive, workbook: Workbook, chosen: Sheet) -> tuple[str, ...]:
    """The visible sheets beside the chosen one that hold rows below a header."""
    others = [sheet for sheet in workbook.sheets if sheet.is_visible and sheet.part != chosen.part]
    return tuple(
        sheet.name
        for number, sheet in enumerate(others)
        if number >= _MAX_SHEETS or _has_rows(archive, sheet.part)
    )


def _has_rows(archive: Archive, part: str) -> bool:
    filled = cells = 0
    try:
        with refusing_damage(archive.name), archive.open(part) as stream:
            for row in sheet_rows(stream):
                filled += _is_filled(row)
                # A row without cells takes its time too.
                cells += 1 + len(row.cells)
                if filled > 1 or cells > _MAX_CELLS:
                    return True
    except FileRefused:
        # It is not the sheet that was asked for: its damage keeps nobody from reading that one.
        return True
    return False


def _is_filled(row: SheetRow) -> bool:
    return any(
        (value is not None and value.strip()) or (inline is not None and inline.strip())
        for _, value, _, inline in row.cells
    )
