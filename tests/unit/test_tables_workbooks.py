"""What other programs write into a workbook is what comes out of it."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.model import FileRules
from tests.support.grids import FEW
from tests.support.lists import read_list

TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    max_size=10,
).filter(lambda text: not text.startswith(("=", "#")) and "_x" not in text)
WHOLE = st.integers(-(10**15) + 1, 10**15 - 1)
DAYS = st.dates(date(1900, 3, 1), date(9999, 12, 31))
VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(), TEXTS, WHOLE, st.booleans(), DAYS, st.floats(-1e6, 1e6).map(lambda n: round(n, 4))
)


def as_seen(value: object) -> str:
    """How a person writes down what the cell shows."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return format(value, ".15g")
        case date():
            return value.isoformat()
    return str(value)


@FEW
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=8))
def test_any_values_written_by_openpyxl(tmp_path: Path, rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["phone", "a", "b"])
    for row in rows:
        # openpyxl goes to the next row only where a cell is written.
        sheet.append(["x", *row])
    into = io.BytesIO()
    book.save(into)
    book.close()
    read = read_list(tmp_path, into.getvalue())
    assert read.rows == [["x", *map(as_seen, row[:2])] for row in rows]


def test_dates_times_formulas_and_merged_cells_of_openpyxl(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["B3"], sheet["C3"], sheet["D3"] = "contact", None, "when"
    sheet.merge_cells("B3:C3")
    sheet.append([None, "Ann", "+12125550100", datetime(2026, 11, 20, 6, 30)])  # noqa: DTZ001
    sheet.append([None, "Bob", "=1+1", time(6, 30)])
    sheet.append([None, "Eve", "+12125550102", date(2026, 11, 20)])
    hidden = book.create_sheet("Codes", 0)
    hidden.sheet_state = "hidden"
    book.active = 1
    into = io.BytesIO()
    book.save(into)
    book.close()
    read = read_list(tmp_path, into.getvalue())
    assert read.header == ("", "contact", "", "when")
    assert read.header_line == 3
    assert read.rows == [
        ["", "Ann", "+12125550100", "2026-11-20T06:30:00"],
        ["", "Bob", "", "06:30:00"],
        ["", "Eve", "+12125550102", "2026-11-20"],
    ]
    assert list(read.damaged) == [(5, 2)]


def test_a_frame_written_by_pandas(tmp_path: Path) -> None:
    into = io.BytesIO()
    frame = pd.DataFrame({"phone": [12125550100, 12125550101], "zip": ["00501", None]})
    frame.to_excel(into, index=False, sheet_name="Leads", engine="openpyxl")
    read = read_list(tmp_path, into.getvalue(), FileRules(sheet="leads"))
    assert read.rows == [["12125550100", "00501"], ["12125550101", ""]]
