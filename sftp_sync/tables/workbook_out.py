"""The door to openpyxl: importing it costs a quarter of a second, so it opens where a workbook is
written and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sftp_sync.tables.text_writers import Value


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """A workbook with a frozen header, in constant memory.

    Text stays text: never a formula, never a number. Numbers are numbers, None an empty cell.
    """
    from sftp_sync.tables.xlsx_writer import write_workbook  # noqa: PLC0415 - see above

    write_workbook(path, header, rows)
