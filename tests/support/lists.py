"""Lists as partners send them: workbooks built from plain values or from raw XML, and a reader
that tells what came out of a list in a form that a table of cases can state.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sftp_sync.model import FileRules
from sftp_sync.tables import open_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


ANN = ("+12125550100", "Ann")
BOB = ("+12125550101", "Bob")


@dataclass(frozen=True)
class Good:
    """A list that is read. `lines` where they are not 2, 3, …; `how` is what was understood."""

    what: str
    content: bytes
    rows: list[list[str]] = field(default_factory=lambda: [list(ANN), list(BOB)])
    lines: list[int] | None = None
    header: tuple[str, ...] = ("phone", "name")
    how: str | None = None
    rules: FileRules = field(default_factory=FileRules)
    damaged: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bad:
    """A list that is refused, and words of the sentence that says why and what to do."""

    what: str
    content: bytes
    says: tuple[str, ...]
    rules: FileRules = field(default_factory=FileRules)


@dataclass(frozen=True)
class Read:
    """What a list came to: header, the line of each row, the rows, what is damaged."""

    header: tuple[str, ...]
    header_line: int
    lines: list[int]
    rows: list[list[str]]
    damaged: dict[tuple[int, int], str] = field(default_factory=dict)
    how: str = ""


def read_list(folder: Path, content: bytes, rules: FileRules | None = None) -> Read:
    """The whole of a list; the name of the file says nothing of what it is."""
    path = folder / "list"
    path.write_bytes(content)
    lines: list[int] = []
    rows: list[list[str]] = []
    damaged: dict[tuple[int, int], str] = {}
    with open_table(path, "list.csv", rules or FileRules()) as table:
        for batch in table.batches:
            damaged |= {
                (batch.lines[row], column): why for (row, column), why in batch.damaged.items()
            }
            lines += batch.lines
            rows += [list(cells) for cells in batch.cells]
    understood = table.understanding
    how = " ".join(filter(None, (understood.delimiter, understood.encoding, understood.sheet)))
    return Read(understood.header, understood.header_line, lines, rows, damaged, how)


def cell(value: object, place: str = "", style: int = 0) -> str:
    """A cell in XML: text inline, numbers as numbers, None left empty."""
    at = (f' r="{place}"' if place else "") + (f' s="{style}"' if style else "")
    if value is None:
        return f"<c{at}/>"
    if isinstance(value, bool):
        return f'<c{at} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c{at}><v>{value}</v></c>"
    return f'<c{at} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def rows_xml(rows: Iterable[Sequence[object]], first: int = 1) -> str:
    """Rows in XML, without saying where the cells stand."""
    return "".join(
        f'<row r="{number}">{"".join(cell(value) for value in row)}</row>'
        for number, row in enumerate(rows, start=first)
    )


def sheet_xml(rows: str, before: str = "", prolog: str = '<?xml version="1.0"?>') -> str:
    """A sheet around rows in XML."""
    return f'{prolog}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'


def workbook(
    sheets: Mapping[str, str | Sequence[Sequence[object]]],
    *,
    hidden: Sequence[str] = (),
    shared: Sequence[str] | None = None,
    formats: Sequence[str] = (),
    dates_from_1904: bool = False,
    parts: Mapping[str, bytes] | None = None,
) -> bytes:
    """A workbook. A sheet is rows of values, or XML. `shared` are the shared texts in XML (`<t>`),
    `formats` the number formats of styles 1, 2, …; `parts` replace or add parts."""
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
        + (' state="hidden"' if name in hidden else "")
        + "/>"
        for number, name in enumerate(sheets, start=1)
    )
    flag = '<workbookPr date1904="1"/>' if dates_from_1904 else ""
    contents: dict[str, bytes] = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
            f"{flag}<sheets>{listed}</sheets></workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": _relations(
            {
                f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml")
                for number in range(1, len(sheets) + 1)
            }
            | {"rIdT": ("sharedStrings", "sharedStrings.xml"), "rIdS": ("styles", "/xl/styles.xml")}
        ),
        "xl/styles.xml": _styles(formats),
    }
    for number, sheet in enumerate(sheets.values(), start=1):
        xml = sheet if isinstance(sheet, str) else sheet_xml(rows_xml(sheet))
        contents[f"xl/worksheets/sheet{number}.xml"] = xml.encode("utf-8", "surrogatepass")
    if shared is not None:
        items = "".join(f"<si>{text}</si>" for text in shared)
        contents["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{items}</sst>'.encode()
    return zipped(contents | dict(parts or {}))


def _content_types(sheets: int) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {"workbook": "sheet.main", "sharedStrings": "sharedStrings", "styles": "styles"}
    parts |= {f"worksheets/sheet{number}": "worksheet" for number in range(1, sheets + 1)}
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{kind}.{what}+xml"/>'
        for part, what in parts.items()
    )
    return f'<Types xmlns="{PACKAGE}/content-types">{overrides}</Types>'.encode()


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """A zip archive of these members."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return into.getvalue()


def _relations(relations: Mapping[str, tuple[str, str]]) -> bytes:
    inner = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in relations.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'.encode()


def _styles(formats: Sequence[str]) -> bytes:
    own = "".join(
        f'<numFmt numFmtId="{200 + number}" formatCode={quoteattr(code)}/>'
        for number, code in enumerate(formats)
    )
    used = "".join(f'<xf numFmtId="{200 + number}"/>' for number in range(len(formats)))
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{own}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>'
    ).encode()
