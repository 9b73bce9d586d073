"""Every row of a sheet leaves its reader whole, however it is written and wherever a piece ends."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.tables.xlsx.rows import SheetRow, sheet_rows
from sftp_sync.tables.xlsx.shared_texts import read_shared_texts
from tests.support.grids import FEW
from tests.support.lists import MAIN, read_list, sheet_xml, workbook

MANY = 60_000
ROWS = "".join(
    f'<row r="{row}"><c r="A{row}"><v>{2125500000 + row}</v></c>'
    f'<c r="B{row}" t="inlineStr"><is><t>Name {row}</t></is></c></row>'
    for row in range(2, MANY + 2)
)
HEADER = '<row r="1"><c t="str"><v>phone</v></c><c t="str"><v>name</v></c></row>'
PROLOG = '<?xml version="1.0" encoding="{}"?>'
WAYS = {
    "plain": sheet_xml(HEADER + ROWS).encode(),
    "a comment before the rows": sheet_xml(HEADER + ROWS, "<!-- made by hand -->").encode(),
    "a comment behind the rows": sheet_xml(HEADER + ROWS + "<!-- made by hand -->").encode(),
    "CDATA in the header": sheet_xml(HEADER.replace("name", "<![CDATA[name]]>") + ROWS).encode(),
    "UTF-16": sheet_xml(HEADER + ROWS, prolog=PROLOG.format("UTF-16")).encode("utf-16"),
    "UTF-16 without a mark": sheet_xml(HEADER + ROWS, prolog=PROLOG.format("UTF-16")).encode(
        "utf-16-be"
    ),
    "Windows": sheet_xml(HEADER + ROWS, prolog=PROLOG.format("windows-1252")).encode("cp1252"),
}


@pytest.mark.parametrize("way", WAYS)
def test_sixty_thousand_rows_come_with_all_their_cells(tmp_path: Path, way: str) -> None:
    book = workbook({"L": ""}, parts={"xl/worksheets/sheet1.xml": WAYS[way]})
    read = read_list(tmp_path, book)
    assert len(read.rows) == MANY
    assert read.lines == list(range(2, MANY + 2))
    assert all(
        cells == [str(2125500000 + line), f"Name {line}"]
        for line, cells in zip(read.lines, read.rows, strict=True)
    )


class Pieces(io.BytesIO):
    """Gives no more than so many bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(self._size)


SHEET = (
    f'<?xml version="1.0"?><!-- a --><x:worksheet xmlns:x="{MAIN}"><x:cols><x:col/></x:cols>'
    "<?b c?><x:sheetData>\n <x:row hidden='1' r='2'><x:c t='str' r='A2'><x:v>a&amp;b<![CDATA[<c>]]>"
    "é\U0001f4de</x:v></x:c><x:c><x:f>1+1</x:f></x:c></x:row><x:row/><x:row r='9'>"
    "<x:c t='inlineStr'><x:is><x:r><x:t>An</x:t></x:r><x:r><x:rPr><x:b/></x:rPr><x:t>n</x:t></x:r>"
    "<x:rPh sb='0' eb='1'><x:t>reading</x:t></x:rPh></x:is></x:c></x:row></x:sheetData>"
    "</x:worksheet>"
)
TEXTS = (
    f'<s:sst xmlns:s="{MAIN}"><s:si><s:t>a<!-- b -->c</s:t></s:si><s:si/><s:si><s:r><s:t>d</s:t>'
    "</s:r><s:r><s:t> é</s:t></s:r><s:rPh><s:t>e</s:t></s:rPh></s:si></s:sst>"
)


@FEW
@given(st.integers(1, 700), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
def test_a_piece_may_end_anywhere(size: int, encoding: str) -> None:
    rows = list(sheet_rows(Pieces(SHEET.encode(encoding), size)))
    assert rows == [
        SheetRow(
            "2",
            [
                ({"t": "str", "r": "A2"}, "a&b<c>é\U0001f4de", False, None),
                ({}, None, True, None),
            ],
            hidden=True,
        ),
        SheetRow("", []),
        SheetRow("9", [({"t": "inlineStr"}, None, False, "Ann")]),
    ]
    texts = read_shared_texts(Pieces(TEXTS.encode(encoding), size), "list.xlsx")
    assert list(texts) == ["ac", "", "d é"]
