"""The rows of a sheet as they stand in its XML, each when its end has been read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, ClassVar, NamedTuple

from sftp_sync.tables.shape import MAX_COLUMNS
from sftp_sync.tables.xlsx.xml import Listener, WrittenText, is_true, parse_stream

Cell = tuple[Mapping[str, str], str | None, bool, str | None]
"""As it is written: its attributes, its value, whether it is a formula, the text inside it."""


class SheetRow(NamedTuple):
    """A row as it is written: its number if it says one, and whether a person sees it."""

    number: str
    cells: list[Cell]
    hidden: bool = False


def sheet_rows(stream: IO[bytes]) -> Iterator[SheetRow]:
    """Every row of the sheet, blank ones too."""
    sheet = _Sheet()
    for _ in parse_stream(sheet.parser, stream):
        sheet.refuse_too_wide()
        yield from sheet.rows
        sheet.rows.clear()


class _Sheet(Listener):
    """Gathers the rows that have ended."""

    ROOT = "worksheet"
    PARENTS: ClassVar = {
        "sheetData": ("worksheet",),
        "row": ("sheetData",),
        "c": ("row",),
        "v": ("c",),
        "f": ("c",),
        "is": ("c",),
        "r": ("is",),
        "t": ("is", "r"),
    }
    NOWHERE_ELSE = ("sheetData", "row", "c", "v")
    CLOSED: ClassVar = {
        "sheetData": (),
        "row": ("extLst",),
        "c": ("extLst",),
        "is": ("rPh", "phoneticPr"),
        "r": ("rPr",),
    }
    TEXTS = ("v", "t", "f")
    # Another reader counts whatever stands in a row as a cell.
    LISTS = ("row",)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[SheetRow] = []
        self._cells: list[Cell] = []
        self._row: Mapping[str, str] = {}
        self._cell: Mapping[str, str] = {}
        self._value: str | None = None
        self._formula = self._is_over = False
        self._inline: WrittenText | None = None

    def begin(self) -> None:
        """Names that are compared a million times."""
        self._row_name, self._cell_name, self._value_name = map(self.full, ("row", "c", "v"))
        self._sheet_name, self._inline_name = map(self.full, ("sheetData", "is"))
        self._text_name, self._run_name, self._formula_name = map(self.full, ("t", "r", "f"))

    def refuse_too_wide(self) -> None:
        """The row that is being read may have come a long way."""
        if len(self._cells) > MAX_COLUMNS:
            raise ValueError(f"a row has more than {MAX_COLUMNS:,} cells")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Nearly every element is a cell in a row, or a value in a cell."""
        if name == self._value_name and self.open == self._cell_name:
            if self._value is not None:
                raise ValueError("a cell has two values")
            self.open, self.text = name, ""
        elif name == self._cell_name and self.open == self._row_name:
            self.open = name
            self._cell, self._value, self._formula, self._inline = attributes, None, False, None
        elif self.enter(name):
            self._begin(name, attributes)

    def end(self, name: str) -> None:
        """The same in the other direction."""
        if name == self._value_name:
            self._value, self.open = self.text, self._cell_name
        elif name == self._cell_name:
            inline = None if self._inline is None else self._inline.whole()
            self._cells.append((self._cell, self._value, self._formula, inline))
            self.open = self._row_name
        else:
            self._finish(name)
            self.leave()

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == self._row_name:
            self._row, self._cells = attributes, []
        elif name == self._inline_name:
            if self._inline is not None:
                raise ValueError("a cell has two texts")
            self._inline = WrittenText()
        elif name == self._run_name and self._inline is not None:
            self._inline.begin_run()
        elif name == self._sheet_name and self._is_over:
            raise ValueError("it has rows in two places")

    def _finish(self, name: str) -> None:
        if name == self._text_name and self._inline is not None:
            self._inline.add(self.text)
        elif name == self._formula_name:
            self._formula = True
        elif name == self._row_name:
            self.refuse_too_wide()
            number, is_hidden = self._row.get("r", ""), is_true(self._row.get("hidden"))
            self.rows.append(SheetRow(number, self._cells, is_hidden))
            self._cells = []
        elif name == self._sheet_name:
            self._is_over = True
