"""Workbooks of five writers, and of one that writes whatever the format allows: openpyxl says what
is in them. A difference is a bug or a refusal, never silence. The same for CSV and Python's `csv`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sftp_sync.errors import FileRefused
from sftp_sync.tables.records import records
from tests.support.examples import examples
from tests.support.lists import sheet_xml, workbook
from tests.support.odd_workbooks import FORMATS, GRIDS, VALUES, Grid, OddWriter, mutant
from tests.support.workbook_judge import differences, is_same, ours, theirs
from tests.support.workbook_writers import LIBREOFFICE, STREAMS, WRITERS, Rows

OFTEN = settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SOMETIMES = settings(OFTEN, max_examples=30)
DATES = st.dates(date(1900, 3, 1), date(9999, 12, 30))
# openpyxl makes a formula of the one, an error of the other.
CELLS = st.one_of(VALUES, DATES).filter(lambda one: not str(one).startswith(("=", "#")))
Write = Callable[[Rows], bytes]


def judged(path: Path, content: bytes) -> int:
    """How many rows both readers see alike."""
    path.write_bytes(content)
    mine, said = ours(path), theirs(content)
    assert not isinstance(mine, FileRefused), mine
    assert not isinstance(said, Exception), said
    assert differences(mine, said) == []
    return sum(any(record.cells) for record in mine)


@OFTEN
@given(grid=GRIDS, seed=st.integers(0, 2**32))
def test_whatever_the_format_allows_is_read(tmp_path: Path, grid: Grid, seed: int) -> None:
    path = tmp_path / "list.xlsx"
    judged(path, OddWriter(Random(seed)).book(grid))  # noqa: S311 - not a secret
    mine = ours(path)
    assert not isinstance(mine, FileRefused)
    found = {record.line: record.cells for record in mine}
    for line, row in enumerate(grid, start=1):
        cells = [*found.get(line, []), *[""] * len(row)]
        assert all(map(is_same, cells, row)), (line, cells, row)
        assert not any(cells[len(row) :])


@OFTEN
@given(grid=GRIDS, seed=st.integers(0, 2**32))
def test_a_mutant_is_read_alike_or_refused(tmp_path: Path, grid: Grid, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - not a secret
    content = mutant(OddWriter(dice).book(grid), dice)
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    mine, said = ours(path), theirs(content)
    if isinstance(mine, FileRefused):
        assert mine.fix.endswith(".")
    elif not isinstance(said, Exception):
        assert differences(mine, said) == []


SERIALS = [
    -700_000,
    -341_000,
    -1,
    -0.25,
    0,
    0.25,
    1,
    59,
    60,
    61,
    45_000.123456,
    2_958_465,
    2_958_466,
]


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("style", range(len(FORMATS) + 1))
def test_a_number_is_a_date_to_both_or_to_none(tmp_path: Path, serial: float, style: int) -> None:
    cell = f"<row r='1'><c r='A1' s='{style}'><v>{serial}</v></c></row>"
    content = workbook({"List": sheet_xml(cell)}, shared=[], formats=FORMATS)
    assert judged(tmp_path / "list.xlsx", content) == 1


@pytest.mark.parametrize("write", WRITERS)
@SOMETIMES
@given(grid=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_what_other_programs_write_is_read(tmp_path: Path, write: Write, grid: Rows) -> None:
    judged(tmp_path / "list.xlsx", write([["phone", "name", "since"], *grid]))


@pytest.mark.parametrize("path", LIBREOFFICE, ids=lambda path: path.stem)
def test_what_libreoffice_writes_is_read(tmp_path: Path, path: Path) -> None:
    rows = judged(tmp_path / "list.xlsx", path.read_bytes())
    assert rows == {"one": 2, "mixed": 5, "many": 1_001}[path.stem]


def many_rows(number: int) -> Rows:
    since = datetime(2026, 11, 20)  # noqa: DTZ001 - a cell has no time zone
    rows = [[f"+1212{row:07}", f"Name {row} <é>", since, row, row / 7] for row in range(number)]
    return [["phone", "name", "since", "id", "sum"], *rows]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("number", [1, 2_000])
def test_all_rows_come(tmp_path: Path, write: Write, number: int) -> None:
    assert judged(tmp_path / "list.xlsx", write(many_rows(number))) == number + 1


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("write", STREAMS)
def test_a_hundred_thousand_rows_come(tmp_path: Path, write: Write) -> None:
    assert judged(tmp_path / "list.xlsx", write(many_rows(100_000))) == 100_001


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_odd_rows_come(tmp_path: Path) -> None:
    grid = [row[:2] for row in many_rows(100_000)]
    content = OddWriter(Random(3)).book(grid)  # type: ignore[arg-type]  # no dates here  # noqa: S311
    assert judged(tmp_path / "list.xlsx", content) == 100_001


PIECES = ["a", "b c", '"', '""', ",", ",", "\n", "\r\n", "\r", " ", "é", "\U0001f4de"]


@OFTEN
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_what_csv_reads_strictly_we_read_alike(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        said = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        # How it goes on behind a broken quotation is our affair.
        return
    assert [one.cells for one in records(io.StringIO(text, newline=""), ",", "list.csv")] == said
