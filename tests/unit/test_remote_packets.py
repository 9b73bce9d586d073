from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.remote.sftp.listing import as_file
from sftp_sync.remote.sftp.packets import (
    Attributes,
    BrokenConnectionError,
    Reader,
    long,
    number,
    string,
)


@given(st.binary())
def test_no_bytes_can_do_worse_than_break_the_connection(content: bytes) -> None:
    reader = Reader(content)
    try:
        while not reader.is_at_end:
            reader.string()
            reader.attributes()
    except BrokenConnectionError:
        return
    assert reader.is_at_end


def test_what_goes_in_comes_out() -> None:
    reader = Reader(number(7) + long(1 << 40) + string(b"\xff"))
    assert (reader.number(), reader.long(), reader.string()) == (7, 1 << 40, b"\xff")
    assert reader.is_at_end


def test_attributes_with_everything_and_with_nothing_are_read() -> None:
    everything = (
        number(0x8000000F) + long(5) + number(1) * 2 + number(0o100644) + number(8) + number(9)
        + number(1) + string(b"acl@example.com") + string(b"x")
    )  # fmt: skip
    assert Reader(everything).attributes() == Attributes(5, 0o100644, 9)
    assert Reader(number(0)).attributes() == Attributes()


@pytest.mark.parametrize(
    ("mode", "line", "kind"),
    [
        (stat.S_IFREG | 0o644, "", "file"),
        (stat.S_IFDIR | 0o755, "", "directory"),
        (stat.S_IFLNK | 0o777, "", "link"),
        (stat.S_IFIFO | 0o644, "", "other"),
        (stat.S_IFSOCK | 0o644, "", "other"),
        (0o644, "drwxr-xr-x 1 u g 0 Jan 1 00:00 x", "directory"),
        (None, "drwxr-xr-x 1 u g 0 Jan 1 00:00 x", "directory"),
        (None, "lrwxr-xr-x 1 u g 0 Jan 1 00:00 x", "link"),
        (None, "prw-r--r-- 1 u g 0 Jan 1 00:00 x", "other"),
        (None, "-rw-r--r-- 1 u g 0 Jan 1 00:00 x", "file"),
        (None, "", "file"),
        (None, "01-01-26  10:00AM  <DIR>  x", "directory"),
    ],
)
def test_the_kind_comes_from_the_mode_or_else_from_the_line(
    mode: int | None, line: str, kind: str
) -> None:
    assert as_file("x", Attributes(mode=mode), line).kind == kind


def test_a_name_that_leads_elsewhere_is_never_a_file() -> None:
    regular = Attributes(mode=stat.S_IFREG | 0o644)
    for name in ("../../etc/passwd", "/etc/passwd", "a/b.csv", "a\0b.csv"):
        assert as_file(name, regular).kind == "other"
