"""The rows of a sheet as they stand in its XML, streamed.

Nearly every row is written in one plain form, which a pattern reads five times faster than a
parser calls back. A row that is not wholly of that form goes to the parser, alone; a sheet that
is not (prefixed names, comments, CDATA, another encoding) goes to the parser from there on.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import IO, NamedTuple

from sftp_sync.tables.xlsx.xml import local, new_parser, unescaped

_CHUNK_CHARACTERS = 1_048_576
# Head and row of a sheet are never that long; without a bound a bomb would gather here.
_MAX_PIECE_CHARACTERS = 64 * 1024**2

_SHEET_ROWS = re.compile(r"<sheetData(?:\s[^<>]*)?>")
_OTHER_ENCODING = re.compile(rb"""encoding=["'](?!utf-?8)""", re.IGNORECASE)
_ROW = re.compile(r'\s*<row(?: r="([0-9]+)"(?: [^<>]*[^<>/])?)?>\s*')
_HIDDEN = re.compile(r"""\shidden\s*=\s*["'](?:1|true)["']""")
_EMPTY_ROWS = re.compile(r"(?:\s*<row(?: [^<>]*)?/>)+")
_CELL = re.compile(
    r'(<c(?: r="([A-Z]+)[0-9]+")?(?: s="([0-9]+)")?(?: t="([A-Za-z]+)")?'
    r"(?:/>|>(<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
    r'(?:<v>([^<]*)</v>|<v/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?</c>)\s*)',
)


class Cell(NamedTuple):
    """A cell as it is written: empty text where something is not there."""

    whole: str
    column: str
    style: str
    type: str
    formula: str
    value: str
    inline: str


class SheetRow(NamedTuple):
    """A row as it is written: its number if it says one, and whether a person sees it."""

    number: str
    cells: list[tuple[str, str, str, str, str, str, str]]
    hidden: bool = False


def sheet_rows(open_part: Callable[[], IO[bytes]]) -> Iterator[SheetRow]:
    """Every row of the sheet, blank ones too."""
    with open_part() as stream:
        if not _is_utf8(stream.read(256)):
            stream.seek(0)
            yield from _parsed(iter(lambda: stream.read(_CHUNK_CHARACTERS), b""))
            return
    with open_part() as stream:
        # XML knows one line end, so all become LF.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline=None)
        yield from _plain(iter(lambda: text.read(_CHUNK_CHARACTERS), ""))


def _is_utf8(start: bytes) -> bool:
    declaration = start.partition(b"?>")[0]
    return not start.startswith((b"\xff\xfe", b"\xfe\xff")) and not _OTHER_ENCODING.search(
        declaration
    )


def _plain(chunks: Iterator[str]) -> Iterator[SheetRow]:
    head, text = _head(chunks)
    if head is None:
        yield from _parsed(chain([text], chunks))
        return
    for chunk in chain([""], chunks):
        text += chunk
        if "<!" in text or "\0" in text:
            yield from _parsed(chain([head, text], chunks))
            return
        *rows, text = text.split("</row>")
        for row in rows:
            yield from _rows_in(row, head)
        _bounded(text)
    yield from _parsed([head, text])


def _head(chunks: Iterator[str]) -> tuple[str | None, str]:
    """The sheet up to its rows, and what was read after it. None where this is no plain sheet."""
    text = ""
    for chunk in chunks:
        text += chunk
        if match := _SHEET_ROWS.search(text):
            head = text[: match.end()]
            is_plain = "<!" not in head and not head.endswith("/>")
            return (head, text[match.end() :]) if is_plain else (None, text)
        _bounded(text)
    return None, text


def _bounded(piece: str) -> None:
    if len(piece) > _MAX_PIECE_CHARACTERS:
        raise ValueError("a row is longer than any spreadsheet writes")


def _rows_in(text: str, head: str) -> Iterator[SheetRow]:
    """One row without its end, and the empty ones before it."""
    row = _ROW.match(text)
    if row is None and (empty := _EMPTY_ROWS.match(text)):
        yield from _parsed([head, empty.group(0)], is_whole=False)
        text = text[empty.end() :]
        row = _ROW.match(text)
    if row is not None:
        cells = _CELL.findall(text, row.end())
        # Every character belongs to a cell of the plain form: then nothing was passed over.
        if row.end() + sum([len(cell[0]) for cell in cells]) == len(text):
            if "&" in text:
                cells = [tuple(map(unescaped, cell)) for cell in cells]
            tag = row.group(0)
            hidden = " hidden" in tag and _HIDDEN.search(tag) is not None
            yield SheetRow(row.group(1) or "", cells, hidden)
            return
    yield from _parsed([head, text, "</row>"], is_whole=False)


def _parsed(chunks: Iterable[str | bytes], *, is_whole: bool = True) -> Iterator[SheetRow]:
    collector = _Collector()
    for chunk in chunks:
        collector.parser.Parse(chunk, False)
        yield from collector.rows
        collector.rows.clear()
    if is_whole:
        collector.parser.Parse(b"", True)
        yield from collector.rows


class _Collector:
    """Gathers rows from a parser's calls."""

    def __init__(self) -> None:
        self.rows: list[SheetRow] = []
        self.parser = new_parser(self._start, self._end)
        self._inside_rows = False
        self._cell: Mapping[str, str] = {}
        self._text: dict[str, list[str]] = {}
        self._pronunciations = 0

    def _start(self, element: str, attributes: Mapping[str, str]) -> None:
        name = local(element)
        if name == "sheetData":
            self._inside_rows = True
        if not self._inside_rows:
            return
        match name:
            case "row":
                hidden = attributes.get("hidden") in {"1", "true"}
                self.rows.append(SheetRow(attributes.get("r", ""), [], hidden))
            case "c":
                self._cell = attributes
                self._text = {"v": [], "t": [], "f": []}
            case "f":
                # A shared formula is empty where it is not written out.
                self._text["f"].append("=")
            case "rPh":
                self._pronunciations += 1
            case "v" | "t" if not self._pronunciations and self._text:
                self.parser.CharacterDataHandler = self._text[name].append

    def _end(self, element: str) -> None:
        match local(element):
            case "sheetData":
                self._inside_rows = False
            case "v" | "t":
                self.parser.CharacterDataHandler = None
            case "rPh":
                self._pronunciations -= 1
            case "c" if self._inside_rows and self.rows:
                self.rows[-1].cells.append(self._as_cell())

    def _as_cell(self) -> Cell:
        pieces = {name: "".join(parts) for name, parts in self._text.items()}
        return Cell(
            whole="",
            column=self._cell.get("r", "").rstrip("0123456789"),
            style=self._cell.get("s", ""),
            type=self._cell.get("t", ""),
            formula=pieces["f"],
            value=pieces["v"],
            inline=pieces["t"],
        )
