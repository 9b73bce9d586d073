"""A million rows do not need more memory than a thousand: measured over a whole process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.intake import measured, write_csv_list, write_workbook_list

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_million_rows_of_csv_stay_under_350_mb(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_csv_list(path, 1_000_000)
    figures = measured("ours", path)
    assert figures["rows"] == 1_000_000
    assert figures["peak_mb"] < 350


def test_a_full_sheet_stays_under_1_gb(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook_list(path, 1_048_575)
    figures = measured("ours", path)
    assert figures["rows"] == 1_048_575
    assert figures["peak_mb"] < 1_000
