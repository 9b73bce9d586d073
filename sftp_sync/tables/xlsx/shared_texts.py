"""The table of texts that cells share, in one block of memory: a text object each would take
several times as much.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import IO, ClassVar

from sftp_sync.errors import FileRefused
from sftp_sync.tables.xlsx.archive import MAX_SHARED_TEXT_BYTES
from sftp_sync.tables.xlsx.xml import Listener, WrittenText, parse_stream, plain_text

_FEW = 1_000_000


class SharedTexts:
    """Text by its number. Kept as UTF-8, one after the other."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, text: str) -> None:
        """The next text. A lone surrogate, which XML can smuggle in, becomes a question mark."""
        self._block += plain_text(text).encode("utf-8", "replace")
        self._ends.append(len(self._block))

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self):
            raise IndexError(f"text {number} is not among the {len(self)} shared ones")
        return self._block[self._ends[number] : self._ends[number + 1]].decode()

    def ready(self) -> SharedTexts | list[str]:
        """The texts to read from: a list, five times quicker, where they are not too many."""
        return [self[number] for number in range(len(self))] if len(self) <= _FEW else self

    @property
    def size(self) -> int:
        """How many bytes the table takes."""
        return len(self._block) + self._ends.itemsize * len(self._ends)


def read_shared_texts(stream: IO[bytes], name: str) -> SharedTexts | list[str]:
    """All of them. What shows how a name is pronounced (`rPh`) is no part of the text."""
    table = _Table()
    for _ in parse_stream(table.parser, stream):
        if table.texts.size > MAX_SHARED_TEXT_BYTES:
            raise _too_many(name)
    return table.texts.ready()


class _Table(Listener):
    """Gathers the texts."""

    ROOT = "sst"
    PARENTS: ClassVar = {"si": ("sst",), "r": ("si",), "t": ("si", "r")}
    NOWHERE_ELSE = ("si",)
    CLOSED: ClassVar = {"sst": ("extLst",), "si": ("rPh", "phoneticPr"), "r": ("rPr",)}
    TEXTS = ("t",)

    def __init__(self) -> None:
        super().__init__()
        self.texts = SharedTexts()
        self._written = WrittenText()

    def begin(self) -> None:
        """Names that are compared a million times."""
        self._item_name, self._text_name, self._run_name = map(self.full, ("si", "t", "r"))

    def start(self, name: str, _: Mapping[str, str]) -> None:
        """An element begins."""
        if self.enter(name):
            if name == self._item_name:
                self._written = WrittenText()
            elif name == self._run_name:
                self._written.begin_run()

    def end(self, name: str) -> None:
        """An element ends."""
        if name == self._text_name:
            self._written.add(self.text)
        elif name == self._item_name:
            self.texts.add(self._written.whole())
        self.leave()


def _too_many(name: str) -> FileRefused:
    return FileRefused(
        f"{name} holds more text than {MAX_SHARED_TEXT_BYTES // 1024**2} MB.",
        fix="Leave out the columns that the calls do not need, or send the list as CSV.",
    )
