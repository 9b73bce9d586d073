"""At each limit of a list exactly, and one beyond it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.errors import FileRefused
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.model import FileRules, RemoteFile
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.spool import SPARE_BYTES, Spool
from tests.support.lists import read_list, workbook

HEADER = "phone,name\n"
ROW = "+12125550101,Bob\n"
MOST_BETWEEN = 100
LONGEST_CELL = 131_072
LONGEST_RECORD = 1_048_576
MOST_COLUMNS = 16_384


def refused(words: str, *, when: bool) -> AbstractContextManager[Any]:
    return pytest.raises(FileRefused, match=words) if when else nullcontext()


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("is_workbook", [False, True])
def test_so_many_rows_as_are_allowed_are_read(
    tmp_path: Path, *, more: int, is_workbook: bool
) -> None:
    rows = [["+12125550101", "Bob"]] * (3 + more)
    content = (HEADER + ROW * len(rows)).encode()
    if is_workbook:
        content = workbook({"List": [["phone", "name"], *rows]})
    with refused("has more than 3 rows", when=bool(more)):
        assert read_list(tmp_path, content, FileRules(max_rows=3)).rows == rows


def test_blank_rows_count_for_nothing(tmp_path: Path) -> None:
    content = (HEADER + ROW + "\n,\n" * 5 + ROW).encode()
    assert len(read_list(tmp_path, content, FileRules(max_rows=2)).rows) == 2


@pytest.mark.parametrize("more", [0, 1])
def test_quoting_that_breaks_goes_back_over_a_hundred_lines(tmp_path: Path, *, more: int) -> None:
    """A mark that is opened by mistake, and breaks at one further down."""
    rows = ROW * (MOST_BETWEEN - 1 + more)
    content = f'{HEADER}+12125550100,"Ann\n{rows}+12125550102,3" nails\n'
    with refused("opened at line 2 is never closed", when=bool(more)):
        read = read_list(tmp_path, content.encode())
        assert read.rows[0] == ["+12125550100", "Ann"]
        assert read.rows[-1] == ["+12125550102", '3" nails']
        assert read.lines == list(range(2, 2 + 1 + MOST_BETWEEN))


@pytest.mark.parametrize("more", [0, 1])
def test_a_mark_that_has_swallowed_rows_goes_back_over_a_hundred_lines(
    tmp_path: Path, *, more: int
) -> None:
    """A mark that is opened by mistake, and closed by another one."""
    rows = "Bob,+12125550101\n" * (MOST_BETWEEN - 1 + more)
    content = f'name,phone\n"Ann,+12125550100\n{rows}Zoe",+12125550102\n'
    last = 2 + MOST_BETWEEN + more
    with refused(f"swallows the rows up to line {last}", when=bool(more)):
        read = read_list(tmp_path, content.encode())
        assert read.rows[0] == ["Ann,+12125550100", ""]
        assert read.rows[1] == ["Bob", "+12125550101"]
        assert read.lines == list(range(2, last + 1))


@pytest.mark.parametrize("more", [0, 1])
def test_a_cell_is_so_long_and_no_longer(tmp_path: Path, *, more: int) -> None:
    text = "x" * (LONGEST_CELL + more)
    with refused("line 2 holds a cell longer than 131,072 characters", when=bool(more)):
        assert read_list(tmp_path, f"{HEADER}+1,{text}\n".encode()).rows == [["+1", text]]


@pytest.mark.parametrize("more", [0, 1])
def test_a_cell_with_a_stray_mark_is_so_long_and_no_longer(tmp_path: Path, *, more: int) -> None:
    text = '"x"' + "y" * (LONGEST_CELL - 3 - len("+1,") + more)
    with refused("line 2 holds a cell longer than 131,072 characters", when=bool(more)):
        read = read_list(tmp_path, f"{HEADER}+1,{text}\n".encode())
        assert read.rows == [["+1", f"x{text[3:]}"]]


@pytest.mark.parametrize("more", [0, 1])
def test_a_line_is_so_long_and_no_longer(tmp_path: Path, *, more: int) -> None:
    cells = ["x" * 99_999] * 10
    rest = LONGEST_RECORD - 1 - len("+1,") - len(",".join(cells)) - len(",\n") + more
    row = ["+1", *cells, "y" * rest]
    header = ",".join(["phone", *(f"c{number}" for number in range(len(cells) + 1))])
    with refused("line 2 holds a cell longer than .* or 1,048,576 in all", when=bool(more)):
        read = read_list(tmp_path, f"{header}\n{','.join(row)}\n".encode())
        assert read.rows == [row]


@pytest.mark.parametrize("more", [0, 1])
def test_a_line_has_so_many_cells_and_no_more(tmp_path: Path, *, more: int) -> None:
    header = ["phone", *(f"c{number}" for number in range(MOST_COLUMNS - 1 + more))]
    with refused("line 1 has more than 16,384 columns", when=bool(more)):
        read = read_list(tmp_path, f"{','.join(header)}\n+1,2\n".encode())
        assert len(read.header) == len(read.rows[0]) == MOST_COLUMNS


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("tells_size", [True, False])
def test_a_file_is_so_large_and_no_larger(tmp_path: Path, *, more: int, tells_size: bool) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/list.csv").write_bytes(b"x" * (1000 + more))
    remote, spool = FolderRemote(tmp_path), Spool(tmp_path / "spool", lambda _: 2 * SPARE_BYTES)
    found = remote.stat("/inbox/list.csv")
    assert found is not None
    source = found if tells_size else RemoteFile(found.name, None, found.modified_at)
    with refused("has 1,001 bytes or more, and 1,000 are allowed", when=bool(more)):
        make_room(spool, source, 1000)
        place = spool.place("renewals", "incoming")
        staged = fetch(remote, "/inbox", found, place, (1000, lambda *_: None))
        assert staged is not None
        assert staged.size == 1000


def test_a_file_that_fits_beside_what_is_left_free_is_taken(tmp_path: Path) -> None:
    source = RemoteFile("list.csv", 1000, 0)
    make_room(Spool(tmp_path, lambda _: SPARE_BYTES + 1000), source, 1000)
    with pytest.raises(Exception, match="67 MB are free, 68 needed"):
        make_room(Spool(tmp_path, lambda _: SPARE_BYTES + 999), source, 1000)
