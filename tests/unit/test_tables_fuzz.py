"""Whatever bytes arrive: rows, or a refusal. Nothing else, and no memory without bound."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections import deque
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules
from sftp_sync.tables import open_table
from tests.support.examples import examples
from tests.support.lists import read_list, rows_xml, sheet_xml, workbook, zipped

MANY = settings(
    max_examples=examples(400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CSV = 'phone;name\r\n+12125550100;"Änn, \r\n""B"""\r\n\r\n030 123;x\r\n'.encode()
SHEET = sheet_xml(
    rows_xml([["phone", "name"], ["+12125550100", "Ä & B"], [2125550100, 0.5]])
    + '<row r="9"><c r="A9" t="s"><v>0</v></c><c r="B9" s="1"><v>45000</v></c></row>'
).encode()
PARTS = {"xl/sharedStrings.xml": b"<sst><si><t>a</t></si></sst>"}
BOOK = workbook({"List": SHEET.decode()}, formats=["yyyy-mm-dd"], parts=PARTS)
MOST_BYTES = 60 * 1024**2


def judged(folder: Path, content: bytes) -> None:
    refused = None
    tracemalloc.start()
    try:
        read = read_list(folder, content)
    except FileRefused as refusal:
        refused = refusal
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES
    if refused is not None:
        assert refused.fix.endswith(".")
    else:
        text = "".join(cell for row in read.rows for cell in row)
        assert "\0" not in text
        assert text.encode().decode() == text


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    """The original with some bytes overwritten, cut out, or repeated."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        end = start + draw(st.integers(0, 20))
        replacement = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b"<", b"\0", b"&#0;", b"/>"]))
        )
        content[start:end] = replacement * draw(st.sampled_from([1, 1, 1, 50]))
    return bytes(content)


@MANY
@given(st.binary(max_size=200))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    judged(tmp_path, content)


@MANY
@given(
    start=st.sampled_from(
        [
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xff\xfe\0\0",
            b"PK\3\4",
            b"sep=",
            b"\x1f\x8b",
        ]
    ),
    content=st.binary(max_size=60),
)
def test_random_bytes_after_a_known_start(tmp_path: Path, start: bytes, content: bytes) -> None:
    judged(tmp_path, start + content)


@MANY
@given(mutated(CSV), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_a_damaged_csv(tmp_path: Path, content: bytes, encoding: str) -> None:
    judged(tmp_path, content.decode("latin-1").encode(encoding, "replace"))


@MANY
@given(mutated(BOOK))
def test_a_damaged_archive(tmp_path: Path, content: bytes) -> None:
    judged(tmp_path, content)


@MANY
@given(part=st.sampled_from(sorted(zipfile.ZipFile(io.BytesIO(BOOK)).namelist())), draw=st.data())
def test_a_damaged_part_of_a_workbook(tmp_path: Path, part: str, draw: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(BOOK)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts[part] = draw.draw(mutated(parts[part]))
    judged(tmp_path, zipped(parts))


def test_a_cell_at_the_far_corner_costs_nothing(tmp_path: Path) -> None:
    corner = '<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>2</v></c></row>'
    judged(tmp_path, workbook({"L": sheet_xml(rows_xml([["phone"]]) + corner)}))


def test_rows_with_a_cell_at_the_far_side_come_in_small_batches(tmp_path: Path) -> None:
    path = tmp_path / "list"
    rows = "".join(f'<row r="{row}"><c r="XFD{row}"><v>2</v></c></row>' for row in range(2, 1_000))
    path.write_bytes(workbook({"L": sheet_xml(rows_xml([["phone"]]) + rows)}))
    with open_table(path, "list.xlsx", FileRules()) as table:
        sizes = [sum(map(len, batch.cells)) for batch in table.batches]
    assert sum(sizes) == 998 * 16_384
    assert max(sizes) < 4_100_000


def test_a_text_repeated_in_every_cell_ends_in_a_refusal(tmp_path: Path) -> None:
    row = '<row><c t="s"><v>0</v></c></row>'
    book = workbook(
        {"L": sheet_xml(rows_xml([["phone"]]) + row * 40_000)}, shared=[f"<t>{'x' * 32_767}</t>"]
    )
    path = tmp_path / "list"
    path.write_bytes(book)
    with (
        open_table(path, "list.xlsx", FileRules()) as table,
        pytest.raises(FileRefused, match="more than 1,073,741,824 characters"),
    ):
        deque(table.batches, maxlen=1)
