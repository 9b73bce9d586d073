"""What other programs write into a workbook is what comes out of it."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules
from sftp_sync.phones import PhoneFound, parse
from sftp_sync.tables import open_table
from tests.support.grids import FEW
from tests.support.lists import MAIN, read_list, rows_xml, sheet_xml, workbook

TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    max_size=10,
).filter(lambda text: not text.startswith(("=", "#")) and "_x" not in text)
WHOLE = st.integers(-(10**15) + 1, 10**15 - 1)
DAYS = st.dates(date(1900, 3, 1), date(9999, 12, 31))
VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(), TEXTS, WHOLE, st.booleans(), DAYS, st.floats(-1e6, 1e6).map(lambda n: round(n, 4))
)


def as_seen(value: object) -> str:
    """How a person writes down what the cell shows."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return format(value, ".15g")
        case date():
            return value.isoformat()
    return str(value)


@FEW
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=8))
def test_any_values_written_by_openpyxl(tmp_path: Path, rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["phone", "a", "b", "c"])
    for row in rows:
        # openpyxl goes to the next row only where a cell is written.
        sheet.append(["x", *row])
    into = io.BytesIO()
    book.save(into)
    book.close()
    read = read_list(tmp_path, into.getvalue())
    assert read.rows == [["x", *map(as_seen, row)] for row in rows]


def test_dates_times_formulas_and_merged_cells_of_openpyxl(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["B3"], sheet["C3"], sheet["D3"] = "contact", None, "when"
    sheet.merge_cells("B3:C3")
    sheet.append([None, "Ann", "+12125550100", datetime(2026, 11, 20, 6, 30)])  # noqa: DTZ001
    sheet.append([None, "Bob", "=1+1", time(6, 30)])
    sheet.append([None, "Eve", "+12125550102", date(2026, 11, 20)])
    hidden = book.create_sheet("Codes", 0)
    hidden.sheet_state = "hidden"
    book.active = 1
    into = io.BytesIO()
    book.save(into)
    book.close()
    read = read_list(tmp_path, into.getvalue())
    assert read.header == ("", "contact", "", "when")
    assert read.header_line == 3
    assert read.rows == [
        ["", "Ann", "+12125550100", "2026-11-20T06:30:00"],
        ["", "Bob", "", "06:30:00"],
        ["", "Eve", "+12125550102", "2026-11-20"],
    ]
    assert list(read.damaged) == [(5, 2)]


def test_a_frame_written_by_pandas(tmp_path: Path) -> None:
    into = io.BytesIO()
    frame = pd.DataFrame({"phone": [12125550100, 12125550101], "zip": ["00501", None]})
    frame.to_excel(into, index=False, sheet_name="Leads", engine="openpyxl")
    read = read_list(tmp_path, into.getvalue(), FileRules(sheet="leads"))
    assert read.rows == [["12125550100", "00501"], ["12125550101", ""]]


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("yyyy-mm-dd", "1", "1900-01-01"),
        ("yyyy-mm-dd", "59", "1900-02-28"),
        ("yyyy-mm-dd", "61", "1900-03-01"),
        ("m/d/yy h:mm", "45000.25", "2023-03-15T06:00:00"),
        ("[$-409]d. mmm yy;@", "45000", "2023-03-15"),
        ("yyyy-mm-dd", "-1", "-1"),
        ("yyyy-mm-dd", "9999999", "9999999"),
        ("yyyy-mm-dd", "2958465.9999999", "2958465.9999999"),
        ("h:mm", "0", "00:00:00"),
        ("h:mm", "0.25", "06:00:00"),
        ("[h]:mm", "1.5", "36:00:00"),
        ("[mm]:ss", "-0.5", "-12:00:00"),
        ("General", "45000", "45000"),
        ("0.00", "45000", "45000"),
        ("#,##0", "45000", "45000"),
        ('0 "days"', "5", "5"),
        ("[Red]-0", "5", "5"),
        ("0%", "0.5", "0.5"),
        ("0000", "-7", "-7"),
        ("0000", "7", "0007"),
        ("0000", "7.5", "7.5"),
        ("0#########", "301234567", "0301234567"),
        ('0#" "##', "12345", "12345"),
        ('0#" "##', "123", "0123"),
        ("00000\\-0000", "5010000", "005010000"),
        ("\\+0", "49301234567", "+49301234567"),
        ('"+44 "0', "2079460000", "+44 2079460000"),
        ("\\+44\\ 0", "2079460000", "+44 2079460000"),
        ('"+49"0', "301234567", "+49301234567"),
        ('"00"0', "49301234567", "0049301234567"),
        ('"0"#', "301234567", "0301234567"),
        ("[$+44-809] 0", "2079460000", "+44 2079460000"),
        ('"+44 "General', "2079460000", "+44 2079460000"),
        ("+1 (###) ###-####", "2125550100", "+1 (212) 555-0100"),
        ("+1 (###) ###-####", "12125550100", "+1 (1212) 555-0100"),
        ("+1 (###) ###-????", "12", "+1 () -  12"),
        ('"+49 "000_-0', "12", "+49 0012"),
        ("+0;-0;0", "5", "+5"),
        ("0.00E+00", "45000", "45000"),
        ('0.0" (2024)"', "5", "5"),
        ("0" * 255, "7", "7".zfill(255)),
        ("@", "007", "007"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(
    tmp_path: Path, code: str, number: str, text: str
) -> None:
    row = f'<row r="2"><c r="A2" s="1"><v>{number}</v></c></row>'
    content = workbook({"L": sheet_xml(rows_xml([["a"]]) + row)}, formats=[code])
    assert read_list(tmp_path, content).rows == [[text]]


@pytest.mark.parametrize(
    ("code", "cell", "text"),
    [
        ('0"00"0', "<v>212555010</v>", "212555010"),
        ('0"5"', "<v>212555010</v>", "212555010"),
        ('"+"#,##0', "<v>4930123456</v>", "4930123456"),
        ('"+49"0.0', "<v>301234567</v>", "301234567"),
        ('"+49"0', "<v>30123.5</v>", "30123.5"),
        ('0;"+49"0', "<v>-301234567</v>", "-301234567"),
        ('[<=9999999]###-####;"+1 "0', "<v>2125550100</v>", "2125550100"),
        ('"+49"@', "<v>301234567</v>", "301234567"),
    ],
)
def test_digits_that_a_format_adds_and_that_cannot_be_told_damage_the_cell(
    tmp_path: Path, code: str, cell: str, text: str
) -> None:
    row = f'<row r="2"><c r="A2" s="1">{cell}</c></row>'
    content = workbook({"L": sheet_xml(rows_xml([["a"]]) + row)}, formats=[code])
    read = read_list(tmp_path, content)
    assert read.rows == [[text]]
    assert "format of the cell adds" in read.damaged[2, 0]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" s="1" t="s"><v>0</v></c>',
        '<c r="A2" s="1" t="inlineStr"><is><t>030 1</t></is></c>',
    ],
)
def test_digits_that_a_format_adds_to_a_text_damage_it(tmp_path: Path, cell: str) -> None:
    sheet = sheet_xml(rows_xml([["a"]]) + f'<row r="2">{cell}</row>')
    for code, is_damaged in (('"+49 "@', True), ('"+49 "0', False), ('"+49 "0;;;@', False)):
        content = workbook({"L": sheet}, shared=["<t>030 1</t>"], formats=[code])
        read = read_list(tmp_path, content)
        assert read.rows == [["030 1"]]
        assert bool(read.damaged) is is_damaged


def test_a_country_code_that_only_the_format_shows_calls_nobody_else(tmp_path: Path) -> None:
    row = '<row r="2"><c r="A2" s="1"><v>2079460000</v></c></row>'
    for code in ('"+44 "0', '"011 44 "0', "\\+44\\ (###) #"):
        content = workbook({"L": sheet_xml(rows_xml([["phone"]]) + row)}, formats=[code])
        found = parse(read_list(tmp_path, content).rows[0][0], "US")
        assert isinstance(found, PhoneFound)
        assert found.e164 == "+442079460000"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A2" s="99"><v>5</v></c>', "5"),
        ('<c r="A2" t="n"><v>1e3</v></c>', "1000"),
        ('<c r="A2" t="n"><v>1.5e300</v></c>', "1.5e+300"),
        ('<c r="A2" t="d"><v>2023-03-15T06:30:00</v></c>', "2023-03-15T06:30:00"),
        ('<c r="A2" t="d"><v>soon</v></c>', "soon"),
        ('<c r="A2" t="str"><v>&#65;&#x42;&amp;</v></c>', "AB&"),
        ('<c r="A2" t="inlineStr"><is></is></c>', ""),
        ('<c r="A2" t="b"><v> true </v></c>', "TRUE"),
        ('<c r="A2"><v>\n 6\t</v></c>', "6"),
        ('<c r="A2" t="s"><v> 0 </v></c>', "shared"),
        ('<c r="A2"><v>6</v><extLst><ext><x/></ext></extLst></c>', "6"),
        ('<c r="A2"><other xmlns="urn:x"><v>7</v></other><v>6</v></c>', "6"),
    ],
)
def test_rare_cells(tmp_path: Path, cell: str, text: str) -> None:
    content = workbook(
        {"L": sheet_xml(rows_xml([["a", "b"]]) + f'<row r="2">{cell}<c><v>1</v></c></row>')},
        shared=["<t>shared</t>"],
    )
    assert read_list(tmp_path, content).rows == [[text, "1"]]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('<c r="A2"><v>+12125550100x</v></c>', "a cell for a number holds none"),
        ('<c r="A2"><v>1e999</v></c>', "a cell for a number holds none"),
        ('<c r="A2" t="s"><v>+12125550100x</v></c>', "a cell for a shared text holds no number"),
        ('<c r="A2"><v>1_000</v></c>', "a cell for a number holds none"),
        ('<c r="A2"><v>\u0661\u0662</v></c>', "a cell for a number holds none"),
        ('<c r="A2" s="-1"><v>5</v></c>', "holds no number"),
        ('<c r="A2" t="s"><v>-1</v></c>', "a cell for a shared text holds no number"),
        ('<c r="A2" t="b"><v>2</v></c>', "neither"),
        ('<c r="A2" t="str"><v>&#0;</v></c>', "invalid character"),
        ('<c r="A2" t="str"><v>&#xD800;</v></c>', "invalid character"),
        ('<c r="A2"><v>1</v></c><c r="A2"><v>2</v></c>', "cell A comes after cell A"),
        ('<c r="B2"><v>1</v></c><c r="A2"><v>2</v></c>', "cell A comes after cell B"),
        ('<c r="A3"><v>1</v></c>', "in row 2 stands a cell of 'A3'"),
        ('<c r="2"><v>1</v></c>', "in row 2 stands a cell of '2'"),
        ("<c><v>1</v><v>2</v></c>", "two values"),
        ("<c><is/><is/></c>", "two texts"),
        ('<c t="inlineStr"><v>1</v><is><t>2</t></is></c>', "stands where its kind has none"),
        ('<c t="inlineStr"><v>2</v></c>', "stands where its kind has none"),
        ("<c><is><t>2</t></is></c>", "stands where its kind has none"),
        ('<c t="str"><v>a<b/>c</v></c>', "'b' stands where no spreadsheet writes one"),
        ("<c><t>2</t></c>", "'t' stands where"),
        ("<c><f><v>2</v></f></c>", "'v' stands where"),
        ("<c><c/></c>", "'c' stands where"),
        (
            f'<c><z:a xmlns:z="urn:x"><c xmlns="{MAIN}"/></z:a></c>',
            "'c' stands where",
        ),
        ("</row></sheetData><sheetData><row>", "rows in two places"),
        (f'<c t="str"><v>{"x" * 32_768}</v></c>', "longer than any spreadsheet writes"),
        (f"<c xmlns:z='z'>{'<z:a>' * 101}{'</z:a>' * 101}</c>", "nested deeper"),
        (
            f"<c xmlns:z='z'>{''.join(f'<z:a{n}/>' for n in range(10_001))}</c>",
            "more kinds of elements",
        ),
        ("<a/>", "'a' stands where"),
        ("<z:a xmlns:z='z'/>", "'a' stands where"),
        ("<c><a/></c>", "'a' stands where"),
        ("<c t='inlineStr'><is><t>a</t><t>b</t></is></c>", "a text is written twice"),
        ("<c t='inlineStr'><is><r><t>a</t></r><t>b</t></is></c>", "a text is written twice"),
        (f'<a b="{"x" * 1_200_000}"/>', "piece of its markup"),
        ("<c/>" * 16_385, "more than 16,384 cells"),
        ('<c r="XFD2"/><c/>', "more than 16,384 cells"),
        (f'<c r="A2" t="str"><v>{"x" * 200_000}</v></c>', "longer than any spreadsheet writes"),
    ],
)
def test_a_cell_that_cannot_be_refuses_the_list_without_telling_what_it_held(
    tmp_path: Path, cell: str, says: str
) -> None:
    content = workbook(
        {"L": sheet_xml(rows_xml([["a"]]) + f'<row r="2">{cell}</row>')}, shared=["<t>x</t>"]
    )
    with pytest.raises(FileRefused, match=says) as caught:
        read_list(tmp_path, content)
    assert "2125550100" not in str(caught.value)


def test_a_shared_text_too_long_refuses_the_list(tmp_path: Path) -> None:
    content = workbook({"L": [["a"]]}, shared=[f"<t>{'x' * 200_000}</t>"])
    with pytest.raises(FileRefused, match="longer than any spreadsheet writes"):
        read_list(tmp_path, content)


@pytest.mark.parametrize(
    ("styles", "says"),
    [
        (
            f'<numFmts><numFmt numFmtId="200" formatCode="{"[" * 256}"/></numFmts>',
            "format is longer",
        ),
        (f"<cellXfs>{'<xf/>' * 65_491}</cellXfs>", "more than 65,490 cell formats"),
    ],
)
def test_styles_beyond_what_a_spreadsheet_writes_refuse_the_list(
    tmp_path: Path, styles: str, says: str
) -> None:
    part = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'.encode()
    content = workbook({"L": ROWS}, parts={"xl/styles.xml": part})
    with pytest.raises(FileRefused, match=says):
        read_list(tmp_path, content)


def test_a_format_of_conditional_formatting_is_no_format_of_cells(tmp_path: Path) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="200" formatCode="0"/></numFmts>'
        '<cellXfs><xf numFmtId="200"/></cellXfs><dxfs><dxf><numFmt numFmtId="200"'
        ' formatCode="yyyy-mm-dd"/></dxf></dxfs></styleSheet>'
    ).encode()
    sheet = sheet_xml(rows_xml([["a"]]) + '<row r="2"><c r="A2" s="0"><v>45000</v></c></row>')
    content = workbook({"L": sheet}, parts={"xl/styles.xml": styles})
    assert read_list(tmp_path, content).rows == [["45000"]]


ROWS = [["phone"], ["+12125550100"]]


@pytest.mark.parametrize(
    ("sheets", "hidden", "rules", "unread"),
    [
        ({"A": ROWS}, [], FileRules(), ()),
        ({"A": ROWS, "B": ROWS, "C": ROWS}, [], FileRules(), ("B", "C")),
        ({"A": ROWS, "B": ROWS, "C": ROWS}, ["B"], FileRules(), ("C",)),
        ({"A": ROWS, "B": ROWS}, [], FileRules(sheet="B"), ("A",)),
        (
            {"A": ROWS, "B": [["a header alone"]], "C": [], "D": [[None], [" "]]},
            [],
            FileRules(),
            (),
        ),
        ({"A": ROWS, "B": [[None]] * 10_000}, [], FileRules(), ()),
        ({"A": ROWS, "B": [[None]] * 10_001}, [], FileRules(), ("B",)),
        ({"A": ROWS, "B": "damaged"}, [], FileRules(), ("B",)),
        ({"A": ROWS} | {f"B{n}": [] for n in range(102)}, [], FileRules(), ("B100", "B101")),
    ],
)
def test_sheets_with_rows_that_were_not_read_are_named(
    tmp_path: Path,
    sheets: dict[str, str | list[list[object]]],
    hidden: list[str],
    rules: FileRules,
    unread: tuple[str, ...],
) -> None:
    path = tmp_path / "list"
    path.write_bytes(workbook(sheets, hidden=hidden))
    with open_table(path, "list.xlsx", rules) as table:
        assert table.understanding.other_sheets == unread


CELL = "<c><v>12</v></c>"


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        (f'<row r="2">{CELL}</row>', 0),
        (f'<row r="2" hidden="1">{CELL}</row>', 1),
        (f'<row r="2" spans="1:1" hidden="true" ht="15">{CELL}</row>', 1),
        (f'<row r="2" hidden="0">{CELL}</row><row r="3" hidden="false">{CELL}</row>', 0),
        (f'<row r="2" hidden="1">{CELL}</row><row r="3">{CELL}</row>', 1),
        (
            f'<row r="2" hidden="1"/><row r="3" hidden="1"><c/></row><row r="4">{CELL}</row>',
            0,
        ),
        # What follows goes to the parser, a row alone or the sheet from there on.
        (f"<row hidden='1' r='2'>{CELL}</row>", 1),
        (f'<row hidden="true">{CELL}</row><row hidden="0">{CELL}</row>', 1),
        (f'<row r="2" hidden="1"><c><v><![CDATA[12]]></v></c></row><row r="3">{CELL}</row>', 1),
        (f'<!-- --><row r="2">{CELL}</row><row r="3" hidden="1">{CELL}</row>', 1),
    ],
)
def test_rows_that_a_person_does_not_see_are_counted(
    tmp_path: Path, rows: str, hidden: int
) -> None:
    path = tmp_path / "list"
    path.write_bytes(workbook({"L": sheet_xml(rows_xml([["phone"]]) + rows)}))
    with open_table(path, "list.xlsx", FileRules()) as table:
        assert sum(batch.hidden for batch in table.batches) == hidden
