"""Summaries as a workbook: pandas brings counts into the shape that a spreadsheet's owner sorts,
filters and sums. Imported where one is written, because pandas takes its time.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from sftp_sync.tables.spreadsheet_safe import defused

Line = Mapping[str, str | int | float | None]
TOTAL = "total"
WIDEST = 60


def summary_workbook(sheets: Mapping[str, Sequence[Line]]) -> bytes:
    """A workbook with a sheet for each summary: text first, then counts, then their sums."""
    import pandas as pd  # noqa: PLC0415 - see above

    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        for title, lines in sheets.items():
            frame = pd.DataFrame([_safe(line) for line in lines])
            counts = frame.select_dtypes("number")
            # A column that counts nothing anywhere says nothing.
            frame = frame.drop(columns=counts.columns[(counts.sum() == 0).to_numpy()])
            if len(frame.index) and len(frame.columns):
                sums = frame.select_dtypes("number").sum()
                frame.loc[len(frame.index)] = {**dict.fromkeys(frame.columns, ""), **sums}
                frame.iloc[-1, 0] = TOTAL
            frame.to_excel(writer, sheet_name=title, index=False, freeze_panes=(1, 1))
            for column in writer.sheets[title].columns:
                width = max(len(str(cell.value or "")) for cell in column) + 2
                dimension = writer.sheets[title].column_dimensions[column[0].column_letter]
                dimension.width = min(width, WIDEST)
    return book.getvalue()


def _safe(line: Line) -> dict[str, str | int | float | None]:
    return {
        name: defused(value) if isinstance(value, str) else value for name, value in line.items()
    }
