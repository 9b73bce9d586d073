"""Summaries as workbooks."""

from __future__ import annotations

import io

import pandas as pd

from sftp_sync.tables import summary_workbook


def opened(book: bytes, sheet: str) -> pd.DataFrame:
    return pd.read_excel(
        io.BytesIO(book), sheet_name=sheet, engine="openpyxl", keep_default_na=False
    )


def test_counts_are_summed_in_a_last_line_and_empty_columns_are_left_out() -> None:
    lines = [
        {"day": "2026-11-20", "accepted": 3, "refused": 0},
        {"day": "2026-11-21", "accepted": 4, "refused": 0},
    ]
    frame = opened(summary_workbook({"days": lines}), "days")
    assert frame.to_dict("records") == [
        {"day": "2026-11-20", "accepted": 3},
        {"day": "2026-11-21", "accepted": 4},
        {"day": "total", "accepted": 7},
    ]


def test_a_name_that_looks_like_a_formula_stays_a_name() -> None:
    book = summary_workbook({"files": [{"file": "=HYPERLINK(1).csv", "rows": 1}]})
    assert opened(book, "files")["file"].tolist()[0] != "=HYPERLINK(1).csv"
    assert "=HYPERLINK(1).csv" in opened(book, "files")["file"].tolist()[0]


def test_nothing_to_tell_is_an_empty_sheet() -> None:
    assert opened(summary_workbook({"days": []}), "days").empty
