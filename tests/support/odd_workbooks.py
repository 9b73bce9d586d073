"""Workbooks as the format allows them and hardly anybody writes them: comments, instructions and
CDATA anywhere, prefixes, any order of attributes, white space, missing references, rich and
phonetic text, any encoding. What is in the cells is known.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from tests.support.lists import MAIN, workbook, zipped

Value = str | int | float | bool | None
Grid = Sequence[Sequence[Value]]
Choice = TypeVar("Choice")

# No control characters, no halves of characters, nothing that XML or `_x000D_` takes for its own.
TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff_\u2028"
    ),
    max_size=12,
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    TEXTS,
    st.sampled_from(["+12125550100", " Ann ", "a\nb", "<&>\"'", "007", "NA"]),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 4)),
    st.booleans(),
)
# Of cells that a mutation gives a style to.
FORMATS = ("yyyy-mm-dd", "h:mm", "0.00")
GRIDS = st.lists(st.lists(VALUES, max_size=6), max_size=8)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "iso-8859-1", "us-ascii")


@dataclass
class OddWriter:
    """Writes one workbook, in whatever way its dice decide."""

    dice: Random
    _shared: list[str] = field(default_factory=list)
    _encoding: str = "utf-8"

    def book(self, grid: Grid) -> bytes:
        """The workbook, its one sheet called List."""
        self._encoding = self._any_of(*ENCODINGS)
        rows = self._rows(grid)
        head = self._any_of("", "<dimension ref='A1:C9'/>", "<cols><col min='1' max='2'/></cols>")
        tail = self._any_of("", "<pageMargins left='1'/>", "<extLst><ext uri='x'/></extLst>")
        sheet = f"<sheetData>{rows}</sheetData>"
        inner = f"{self._junk()}{head}{self._junk()}{sheet}{self._junk()}{tail}"
        parts = {
            "xl/worksheets/sheet1.xml": self._part("worksheet", inner),
            "xl/sharedStrings.xml": self._part("sst", "".join(self._shared) + self._junk()),
        }
        return workbook({"List": ""}, shared=[], formats=FORMATS, parts=parts)

    def _rows(self, grid: Grid) -> str:
        written, must_say = [], False
        for number, row in enumerate(grid, start=1):
            cells = list(row)
            while cells and cells[-1] is None and self._does():
                cells.pop()
            if not cells and self._does():
                must_say = True
                continue
            place = [("r", str(number))] if must_say or self._does() else []
            how = self._any_of((), (("spans", "1:9"),), (("ht", "15"), ("hidden", "0")))
            written.append(
                self._junk() + self._element("row", [*place, *how], self._cells(cells, number))
            )
            must_say = False
        return "".join(written) + self._junk()

    def _cells(self, cells: Sequence[Value], number: int) -> str:
        written, must_say = [], False
        for column, value in enumerate(cells):
            if value is None and self._does():
                must_say = True
                continue
            name = f"{'ABCDEF'[column]}{number}"
            place = [("r", name)] if must_say or self._does() else []
            written.append(self._blank() + self._cell(place, value))
            must_say = False
        return "".join(written) + self._blank()

    def _cell(self, place: list[tuple[str, str]], value: Value) -> str:
        formula = self._any_of("", "", "<f>A1&amp;1</f>", "<f t='shared' si='0'/>") + self._junk()
        match value:
            case None:
                return self._element("c", place, "")
            case bool():
                inner = formula + self._value(str(int(value)))
                return self._element("c", [*place, ("t", "b")], inner)
            case int() | float():
                kind = self._any_of((), (("t", "n"),))
                return self._element("c", [*place, *kind], formula + self._value(repr(value)))
        kind = self._any_of("s", "inlineStr", "str")
        if kind == "str":
            inner = formula + self._value(value)
        elif kind == "inlineStr":
            inner = self._element("is", [], self._text(value))
        else:
            self._shared.append(self._junk() + self._element("si", [], self._text(value)))
            inner = self._value(str(len(self._shared) - 1))
        return self._element("c", [*place, ("t", kind)], inner + self._junk())

    def _value(self, text: str) -> str:
        return self._element("v", [], self._pieces(text))

    def _text(self, text: str) -> str:
        """Plain or in runs, with how it is pronounced."""
        spoken = self._any_of("", "<rPh sb='0' eb='1'><t>ann</t></rPh><phoneticPr fontId='1'/>")
        kept = [("xml:space", "preserve")]
        if self._does():
            return self._element("t", kept, self._pieces(text)) + spoken
        half = len(text) // 2
        runs = [
            self._junk()
            + self._element(
                "r",
                [],
                self._any_of("", "<rPr><b/><sz val='9'/></rPr>")
                + self._element("t", kept, self._pieces(part)),
            )
            for part in (text[:half], text[half:])
        ]
        return "".join(runs) + spoken

    def _pieces(self, text: str) -> str:
        """The characters themselves, by their numbers, in CDATA, with a comment among them."""
        way = self._any_of("plain", "numbers", "cdata", "comment")
        if way == "numbers":
            return "".join(f"&#x{ord(char):x};" for char in text)
        if way == "cdata" and "<" not in text and ">" not in text and self._holds(text):
            return f"<![CDATA[{text}]]>"
        if way == "comment":
            half = len(text) // 2
            return f"{escape(text[:half])}<!-- 1 --><?a b?>{escape(text[half:])}"
        return escape(text)

    def _holds(self, text: str) -> bool:
        return text.encode(self._encoding, "ignore").decode(self._encoding) == text

    def _element(self, name: str, attributes: Sequence[tuple[str, str]], inner: str) -> str:
        order = self.dice.sample(attributes, len(attributes))
        mark, space, after = (
            self._any_of(*signs) for signs in ("'\"", (" ", "\n\t"), ("", " ", "\n"))
        )
        said = "".join(f"{space}{key}={mark}{value}{mark}" for key, value in order)
        if not inner and self._does():
            return f"<{name}{said}{after}/>"
        return f"<{name}{said}{after}>{inner}</{name}{after}>"

    def _part(self, root: str, inner: str) -> bytes:
        encoding = self._encoding
        prolog = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
        if encoding.startswith("utf-16-"):
            prolog = '<?xml version="1.0" encoding="UTF-16"?>'
        elif encoding.startswith("utf-") and self._does():
            prolog = ""
        junk = self._any_of("", "<!-- before -->", "<?x y?>\n") if prolog else ""
        whole = f"<{root} xmlns='{MAIN}' xmlns:z='urn:other' z:a='1'>{inner}</{root}>"
        if self._does():
            whole = re.sub(r"<(/?)(?=[a-zA-Z]+[\s/>])(?!z:)", r"<\1q:", whole)
            whole = whole.replace(" xmlns=", " xmlns:q=", 1)
        return f"{prolog}{junk}{whole}".encode(encoding, "xmlcharrefreplace")

    def _blank(self) -> str:
        return self._any_of("", "", "\n  ", "<!-- a > b & c -->", "<?odd c='d'?>")

    def _junk(self) -> str:
        foreign = "<z:c r='A1'><z:v>8</z:v></z:c>"
        return self._any_of(self._blank(), self._blank(), self._blank(), foreign)

    def _does(self) -> bool:
        return self.dice.random() < 0.5

    def _any_of(self, *choices: Choice) -> Choice:
        return self.dice.choice(choices)


NAMES = ("row", "c", "v", "f", "is", "t", "r", "rPh", "sheetData", "extLst", "cols", "si")
HAVE_SETTINGS = {f"{{{MAIN}}}{name}" for name in ("row", "c")}
SETTINGS = {
    "r": ("1", "2", "9", "A1", "B2", "C3", "XFD1", "A1048576", "2.0", " 3", "a1", "$A$1", ""),
    "t": ("s", "n", "b", "str", "inlineStr", "e", "d", "q", ""),
    "s": ("0", "1", "2", "3", "-1", "99", "x"),
    "hidden": ("1", "0", "true", "false", "yes"),
}
WRITTEN = ("0", "1", "-1", " 2 ", "7.5", "1e3", "true", "text", "45000", "0.25", "2026-11-20", "")


def mutant(content: bytes, dice: Random) -> bytes:
    """The workbook with a few elements of its sheet or its shared texts moved, doubled, lost,
    renamed or told otherwise: still XML, perhaps no sheet any more.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = dice.choice(["xl/worksheets/sheet1.xml"] * 4 + ["xl/sharedStrings.xml"])
    root = ET.fromstring(parts[name])  # noqa: S314 - of our own making
    for _ in range(dice.randint(1, 4)):
        _mutate(root, dice)
    encoding = dice.choice(["utf-8", "us-ascii", "utf-16"])
    parts[name] = ET.tostring(root, encoding, xml_declaration=True)
    return zipped(parts)


def _mutate(root: ET.Element, dice: Random) -> None:
    parents = [element for element in root.iter() if len(element)]
    if not parents:
        return
    parent = dice.choice(parents)
    place = dice.randrange(len(parent))
    chosen = parent[place]
    match dice.choice(["lose", "double", "move", "rename", "tell", "write", "unsay"]):
        case "lose":
            parent.remove(chosen)
        case "double":
            parent.insert(place, copy.deepcopy(chosen))
        case "move":
            dice.choice(parents).append(copy.deepcopy(chosen))
        case "rename":
            chosen.tag = f"{{{MAIN}}}{dice.choice(NAMES)}"
        case "tell":
            # openpyxl takes an attribute of a text for the text.
            chosen = dice.choice([one for one in root.iter() if one.tag in HAVE_SETTINGS] or [root])
            key = dice.choice(list(SETTINGS))
            chosen.set(key, dice.choice(SETTINGS[key]))
        case "write":
            chosen.text = dice.choice(WRITTEN)
        case "unsay" if chosen.attrib:
            del chosen.attrib[dice.choice(list(chosen.attrib))]
