"""Lists of a few kilobytes that once took minutes or gigabytes: what each is, how it is made, and
the words that refuse it, or how many rows it has.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.lists import MAIN, OFFICE, rows_xml, sheet_xml, workbook

PHONES = [["phone"], ["+12125550100"]]
EMPTY_ROWS = ("<row>" + "<c/>" * 14_000 + "</row>") * 1_000


def sheet(rows: str, before: str = "") -> bytes:
    return workbook({"L": sheet_xml(rows_xml(PHONES) + rows, before)})


def csv(line: bytes, times: int = 20) -> bytes:
    return b"phone,name\n" + line * times


def styles(inner: str) -> bytes:
    part = f'<styleSheet xmlns="{MAIN}">{inner}</styleSheet>'.encode()
    return workbook({"L": PHONES}, parts={"xl/styles.xml": part})


def sheets(inner: str) -> bytes:
    part = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{inner}</sheets></workbook>'
    return workbook({"L": PHONES}, parts={"xl/workbook.xml": part.encode()})


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    (
        "a format code of a million brackets",
        lambda: workbook({"L": PHONES}, formats=["[" * 1_000_000]),
        "a number format is longer than any spreadsheet writes",
    ),
    (
        "a row of four million empty cells",
        lambda: sheet("<row>" + "<c/>" * 4_000_000 + "</row>"),
        "a row has more than 16,384 cells",
    ),
    (
        "a row of four million spaces and empty cells",
        lambda: sheet("<row>" + "<c/> " * 3_300_000 + "</row>"),
        "a row has more than 16,384 cells",
    ),
    ("fourteen million empty cells", lambda: sheet(EMPTY_ROWS), "would grow to"),
    (
        "a tag of sixteen megabytes",
        lambda: sheet(f'<row x="{"y" * 16_000_000}"/>'),
        "a piece of its markup is longer",
    ),
    (
        "a comment of sixteen megabytes",
        lambda: sheet(f"<!--{'y' * 16_000_000}-->"),
        "a piece of its markup is longer",
    ),
    (
        "five million elements in each other",
        lambda: sheet("<row><c><a xmlns='z'>" + "<a>" * 5_000_000),
        "nested deeper",
    ),
    (
        "a million kinds of elements",
        lambda: sheet("<row><c><a xmlns='z'>" + "".join(f"<a{n}/>" for n in range(1_000_000))),
        "more kinds of elements",
    ),
    ("a million cell formats", lambda: styles(f"<cellXfs>{'<xf/>' * 10**6}</cellXfs>"), "65,490"),
    (
        "three hundred thousand sheets that are one",
        lambda: sheets('<sheet name="a" r:id="rId1"/>' * 300_000),
        "more than 10,000 sheets",
    ),
    (
        "a cell of sixteen million characters",
        lambda: sheet(f'<row><c t="str"><v>{"y" * 16_000_000}</v></c></row>'),
        "a cell is longer than any spreadsheet writes",
    ),
    (
        "a cell of a million pieces",
        lambda: sheet(f'<row><c t="inlineStr"><is>{"<r><t>a</t></r>" * 10**6}</is></c></row>'),
        "a cell is longer than any spreadsheet writes",
    ),
]
READ: list[tuple[str, Callable[[], bytes], int]] = [
    (
        "16,383 equal names in a workbook",
        lambda: workbook({"L": [["phone", *["a"] * 16_383], ["+12125550100"]]}),
        1,
    ),
    (
        "16,383 equal names in a CSV",
        lambda: b"phone" + b",a" * 16_383 + b"\n+12125550100\n",
        1,
    ),
    (
        "a long head before thirty thousand odd rows",
        lambda: sheet(
            "<row><c ><v>2125550100</v></c></row>" * 30_000,
            f"<cols>{'<col/>' * 300_000}</cols>",
        ),
        30_001,
    ),
    ("a phone of blanks", lambda: csv(b'"2125550100' + b" " * 130_000 + b'x",Ann\n'), 20),
    ("a phone of commas", lambda: csv(b'"2125550100' + b", " * 60_000 + b'x",Ann\n'), 20),
    ("phones of some blanks", lambda: csv(b"2 x" + b" " * 240 + b"x,Ann\n", 20_000), 20_000),
    (
        "a phone of accents",
        lambda: csv(('"' + "\u0316\u0301" * 60_000 + '",Ann\n').encode()),
        20,
    ),
    (
        "a name of accents",
        ("phone," + "\u0316\u0301" * 60_000 + "\n+12125550100,Ann\n").encode,
        1,
    ),
    (
        "marks that swallow blanks, again and again",
        lambda: csv(b'"a,b\n' + b" " * 100_000 + b',b\nc",d\n'),
        20,
    ),
    (
        "marks opened in nearly every line",
        lambda: csv(b'"a b,c\n' * 80 + b'x"y,z\n', 500),
        40_500,
    ),
    (
        "other sheets of millions of empty cells",
        lambda: workbook(
            {"L": PHONES} | {f"S{n}": sheet_xml(EMPTY_ROWS[: 10**7]) for n in range(9)}
        ),
        1,
    ),
]
