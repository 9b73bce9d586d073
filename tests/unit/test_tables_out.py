"""Lists go out as they are, harmless in a spreadsheet, and come back the same."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.model import FileRules
from sftp_sync.tables import (
    REJECT_COLUMNS,
    RESULT_COLUMNS,
    defused,
    restored,
    write_csv,
    write_jsonl,
    write_xlsx,
)
from tests.support.grids import CELLS, FEW, grids
from tests.support.lists import read_list, workbook


@FEW
@given(grid=grids())
def test_a_csv_of_ours_reads_back_as_it_was(tmp_path: Path, grid: list[list[str]]) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, grid[0], grid[1:], spreadsheet_safe=False)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    read = read_list(tmp_path, path.read_bytes(), FileRules(delimiter=","))
    assert list(read.header) == grid[0]
    assert read.rows == grid[1:]


RISKY = st.text("=+-@'\t\r 01aA(.", max_size=10)


@FEW
@given(grid=grids(st.one_of(RISKY, CELLS)))
def test_defused_rejects_come_back_as_the_partner_wrote_them(
    tmp_path: Path, grid: list[list[str]]
) -> None:
    path = tmp_path / "rejects.csv"
    told = ["2", "invalid_number", "It is too short."]
    rows = [[*row, *told] for row in grid[1:]]
    write_csv(path, [*grid[0], *REJECT_COLUMNS], rows, spreadsheet_safe=True)
    read = read_list(tmp_path, path.read_bytes())
    assert read.rows == rows


@given(st.one_of(RISKY, CELLS))
def test_what_is_defused_can_be_restored(cell: str) -> None:
    assert restored(defused(cell)) == cell


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://x")', "=1+1", "@SUM(A1)", "+1+1", "-1+1", "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0", "\t=1", "\r=1", "+A1", "-A1", "+(1)", "-(A1)", "\uff1d1+1",
        "+1(A1)", "=", "@", "+1-800-FLOWERS",
    ],
)  # fmt: skip
def test_a_formula_is_made_harmless(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "+12125550100", "-5", "+3.2", "-1,5", "-1.000,50", "+49 (0)30 1234567", "+1 (212) 555-0100",
        "+44 20.7946.0000", "+49 30/1234567", "-5E-3", "", "Ann", "a=b", "1-2", "'s-Hertogenbosch",
    ],
)  # fmt: skip
def test_numbers_and_words_are_left_alone(cell: str) -> None:
    assert defused(cell) == cell


WRITABLE = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=12
).map(lambda text: text.replace("\r\n", "\n"))


@FEW
@given(grid=grids(WRITABLE))
def test_a_workbook_of_ours_reads_back_as_it_was(tmp_path: Path, grid: list[list[str]]) -> None:
    path = tmp_path / "out.xlsx"
    write_xlsx(path, grid[0], grid[1:])
    read = read_list(tmp_path, path.read_bytes())
    assert list(read.header) == grid[0]
    assert read.rows == grid[1:]


ROWS: list[list[str | int | float | None]] = [
    ["+12125550100", "=1+1", "007", 12, None],
    ["+49 30 1", "#N/A", "1e5", 1.5, ""],
]


def test_numbers_in_a_workbook_of_ours_are_intact_for_openpyxl_and_pandas(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    write_xlsx(path, ["phone", "a", "b", "n", "x"], ROWS)
    book = openpyxl.load_workbook(path)
    [sheet] = book.worksheets
    assert sheet.freeze_panes == "A2"
    assert [[cell.value for cell in row[:4]] for row in sheet.iter_rows(min_row=2)] == [
        row[:4] for row in ROWS
    ]
    assert {cell.data_type for row in sheet["A2:C3"] for cell in row} == {"s"}
    assert sheet.column_dimensions["A"].width == 14
    book.close()
    frame = pd.read_excel(path, engine="openpyxl", dtype=str, keep_default_na=False)
    assert list(frame["phone"]) == ["+12125550100", "+49 30 1"]
    assert list(frame["b"]) == ["007", "1e5"]


def test_a_text_longer_than_a_cell_holds_is_cut_visibly(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    write_xlsx(path, ["phone"], [["x" * 40_000]])
    [[text]] = read_list(tmp_path, path.read_bytes()).rows
    assert len(text) == 32_767
    assert text.endswith("x…")


def test_a_csv_of_ours_reads_in_pandas_with_numbers_intact(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, ["phone", "a"], [["+12125550100", "007"]], spreadsheet_safe=True)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert frame.to_dict("records") == [{"phone": "+12125550100", "a": "007"}]
    assert path.read_bytes().count(b"\r\n") == 2


def test_json_lines_name_every_column_once(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_jsonl(path, ["phone", "", "a", "a"], [["+1", "ü", "x", 5]])
    [line] = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"phone": "+1", "column_2": "ü", "a": "x", "a (2)": 5}
    assert "ü" in line


def test_json_lines_keep_the_names_of_our_columns_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    header = ["phone", "result_status", "result_status (2)", *RESULT_COLUMNS]
    write_jsonl(path, header, [["+1", "theirs", "too", *map(str, range(10))]])
    line = json.loads(path.read_text(encoding="utf-8"))
    assert line["result_status"] == "1"
    assert line["result_status (2)"] == "theirs"
    assert len(line) == len(header)
    assert list(line)[-len(RESULT_COLUMNS) :] == list(RESULT_COLUMNS)


DEFUSED = ("phone", "'=cmd", "''@x")
RESTORED = ("phone", "=cmd", "'@x")


def test_defused_names_of_columns_come_back_as_the_partner_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    row = ["+1", "a", "b", "2", "x", "y"]
    write_csv(path, [*RESTORED, *REJECT_COLUMNS], [row], spreadsheet_safe=True)
    assert read_list(tmp_path, path.read_bytes()).header == (*RESTORED, *REJECT_COLUMNS)
    saved = workbook({"List": [[*DEFUSED, *REJECT_COLUMNS], row]})
    assert read_list(tmp_path, saved).header == (*RESTORED, *REJECT_COLUMNS)


def test_names_of_columns_in_a_list_of_the_partner_are_left_alone(tmp_path: Path) -> None:
    assert read_list(tmp_path, ",".join(DEFUSED).encode()).header == DEFUSED
    assert read_list(tmp_path, workbook({"List": [DEFUSED, ["+1", "a", "b"]]})).header == DEFUSED


def test_two_names_that_differ_by_our_sign_alone_stay_two(tmp_path: Path) -> None:
    header = ("=a", "'=a", *REJECT_COLUMNS)
    read = read_list(tmp_path, ",".join(header).encode())
    assert read.header == ("=a", "=a (2)", *REJECT_COLUMNS)
