"""Lists come in and go out without a cell changing, whatever they hold."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules
from sftp_sync.tables import open_table
from tests.support.grids import FEW, grids
from tests.support.lists import read_list


@FEW
@given(
    grid=grids(),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    how=st.sampled_from([("\n", True), ("\r\n", True), ("\r", True), ("\r\n", False)]),
)
def test_any_dialect_in_any_encoding_gives_back_the_rows(
    tmp_path: Path,
    grid: list[list[str]],
    delimiter: str,
    encoding: str,
    how: tuple[str, bool],
) -> None:
    line_end, all_quoted = how
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(grid)
    rules = FileRules(delimiter=delimiter, encoding=encoding)
    read = read_list(tmp_path, text.getvalue().encode(encoding), rules)
    assert list(read.header) == grid[0]
    assert read.rows == grid[1:]


@FEW
@given(
    grid=grids(st.text("abcÄé 0123+-'\"\n,;", max_size=8)),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
def test_delimiter_and_encoding_are_found_where_all_is_quoted(
    tmp_path: Path, grid: list[list[str]], delimiter: str, encoding: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(grid)
    read = read_list(tmp_path, text.getvalue().encode(encoding))
    assert list(read.header) == grid[0]
    assert read.rows == grid[1:]


@FEW
@given(grid=grids())
def test_every_record_knows_the_physical_line_it_starts_on(
    tmp_path: Path, grid: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    starts = []
    for row in grid:
        before = text.getvalue()
        starts.append(1 + before.count("\n") + before.count("\r") - before.count("\r\n"))
        writer.writerow(row)
    rules = FileRules(delimiter=",", encoding="utf-8")
    assert read_list(tmp_path, text.getvalue().encode(), rules).lines == starts[1:]


def test_rows_come_in_batches_and_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone\n" + "1\n" * 12_000)
    with open_table(path, "list.csv", FileRules()) as table:
        sizes = [len(batch.lines) for batch in table.batches]
        assert list(table.batches) == []
    assert sizes == [5_000, 5_000, 2_000]


def test_a_batch_of_huge_cells_is_a_small_one(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone,note\n" + f"1,{'x' * 100_000}\n" * 100)
    with open_table(path, "list.csv", FileRules()) as table:
        assert max(len(batch.lines) for batch in table.batches) <= 41


def test_a_name_from_outside_is_shown_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(FileRefused, match=r"^a\\nb\.csv is a PDF"):
        open_table(path, "a\nb.csv", FileRules())


def test_a_list_in_another_encoding_than_most_of_it_is_refused_not_garbled(tmp_path: Path) -> None:
    late = "phone,name\n" + "+1,Ann\n" * 100_000 + "+2,Müller\n"
    read = read_list(tmp_path, late.encode("cp1252"))
    assert read.rows[-1] == ["+2", "Müller"]
    assert read.how == ", cp1252"


@FEW
@given(st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", "x,y"]), max_size=40))
def test_broken_quoting_never_loses_a_line_without_a_word(
    tmp_path: Path, pieces: list[str]
) -> None:
    body = "".join(pieces)
    assume(not body.endswith("\r"))
    content = f"phone,name\n{body}\n+12125550100,last\n"
    try:
        read = read_list(tmp_path, content.encode())
    except FileRefused:
        # "A quotation mark is never closed" is a word.
        return
    physical = content.count("\n")
    assert read.lines == sorted(set(read.lines))
    assert all(2 <= line <= physical for line in read.lines)
    assert any("last" in cell for row in read.rows for cell in row)
