"""Lists of a few kilobytes that once took minutes or gigabytes, each read in a process that may
have fifteen seconds of a processor and 600 MB: it says what became of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.apart import read_apart
from tests.support.hostile_lists import READ, REFUSED


@pytest.mark.parametrize(
    ("content", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_list_beyond_what_is_a_list_is_refused_soon(
    tmp_path: Path, content: Callable[[], bytes], says: str
) -> None:
    path = tmp_path / "list"
    path.write_bytes(content())
    came = read_apart(path)
    assert came.refusal is not None
    assert says in came.refusal


@pytest.mark.parametrize(
    ("content", "rows"), [case[1:] for case in READ], ids=[case[0] for case in READ]
)
def test_a_list_that_is_only_odd_is_read_soon(
    tmp_path: Path, content: Callable[[], bytes], rows: int
) -> None:
    path = tmp_path / "list"
    path.write_bytes(content())
    assert read_apart(path).rows == rows
