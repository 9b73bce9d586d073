"""Delimited text into records, each with the physical line it starts on.

Python's csv module splits; this feeds it lines of bounded length and counts them. A quotation
mark that is never closed must not swallow the rows after it: where the quoting breaks, the first
physical line stands alone and reading goes on with the next one. So it is where the mark is met by
another one and has swallowed rows.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from sftp_sync.errors import FileRefused
from sftp_sync.tables.quoting import are_swallowed_rows
from sftp_sync.tables.shape import MAX_CELL_CHARACTERS, MAX_COLUMNS, Record, is_blank

MAX_RECORD_CHARACTERS = 1_048_576
# Quoting that breaks after so many lines is a damaged file, not a mistyped cell.
MAX_LINES_TO_GO_BACK = 100


class LineSource(Protocol):
    """A text stream opened with `newline=""`: it ends lines at LF, CR and CRLF, and keeps them."""

    def readline(self, size: int = ..., /) -> str:
        """The next line with its end, at most `size` characters; empty at the end."""


class _Feed:
    """Physical lines for the csv module, with those of the record at hand kept for going back."""

    def __init__(self, source: LineSource, name: str) -> None:
        self._source = source
        self._name = name
        self._waiting: deque[str] = deque()
        self.current: list[str] = []
        self.start_line = 1
        self._characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._waiting:
            line = self._waiting.popleft()
        else:
            line = self._source.readline(MAX_RECORD_CHARACTERS)
        if not line:
            if self.current:
                raise self._unclosed()
            raise StopIteration
        self.current.append(line)
        self._characters += len(line)
        if self._characters >= MAX_RECORD_CHARACTERS:
            raise self.too_long()
        return line

    def next_record(self) -> None:
        """What was read is a record: the next one starts on the line after it."""
        self.start_line += len(self.current)
        self.current.clear()
        self._characters = 0

    def go_back(self) -> str:
        """The first line of the broken record; those after it will be read again."""
        first, *rest = self.current
        if len(rest) > MAX_LINES_TO_GO_BACK:
            raise self._unclosed()
        self._waiting.extendleft(reversed(rest))
        self.current = [first]
        self._characters = 0
        return first

    def _unclosed(self) -> FileRefused:
        return self._quoting(f"opened at line {self.start_line} is never closed")

    def swallows(self) -> FileRefused:
        """The record at hand is rows."""
        end = self.start_line + len(self.current) - 1
        return self._quoting(f"opened at line {self.start_line} swallows the rows up to line {end}")

    def _quoting(self, what: str) -> FileRefused:
        return FileRefused(
            f"{self._name}: a quotation mark {what}.",
            fix='Close the quotation mark, or double it ("") where it belongs to the text.',
        )

    def too_long(self) -> FileRefused:
        """The record at hand is more than a list holds."""
        if len(self.current) > 1:
            return self._unclosed()
        return FileRefused(
            f"{self._name}: line {self.start_line} holds a cell longer than"
            f" {MAX_CELL_CHARACTERS:,} characters, or {MAX_RECORD_CHARACTERS:,} in all.",
            fix="Send a list with one contact a line; close every quotation mark.",
        )


def records(source: LineSource, delimiter: str, name: str, first_line: int = 1) -> Iterator[Record]:
    """Every record, blank ones too."""
    # The limit is global to the csv module and the same for every reader here.
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    feed = _Feed(source, name)
    feed.start_line = first_line
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    width = 0
    while True:
        try:
            cells = next(reader)
            if len(feed.current) > 1 and are_swallowed_rows(feed.current, delimiter, width):
                cells = _swallowing_line_alone(feed, delimiter)
        except StopIteration:
            return
        except csv.Error as error:
            if "larger than" in str(error):
                raise feed.too_long() from error
            cells = _first_line_alone(feed, delimiter)
        # Above the header may stand a title of one cell.
        if width <= 1 and not is_blank(cells):
            width = len(cells)
        if len(cells) > MAX_COLUMNS:
            raise _too_wide(name, feed.start_line)
        yield Record(feed.start_line, cells)
        feed.next_record()


def _swallowing_line_alone(feed: _Feed, delimiter: str) -> list[str]:
    if len(feed.current) - 1 > MAX_LINES_TO_GO_BACK:
        raise feed.swallows()
    return _first_line_alone(feed, delimiter)


def _first_line_alone(feed: _Feed, delimiter: str) -> list[str]:
    """Where quoting breaks: the line as it stands, its last quotation mark taken as closed."""
    text = feed.go_back().rstrip("\r\n")
    if len(text) > MAX_CELL_CHARACTERS:
        raise feed.too_long()
    return next(csv.reader([text], delimiter=delimiter, strict=False), [])


def _too_wide(name: str, line: int) -> FileRefused:
    return FileRefused(
        f"{name}: line {line} has more than {MAX_COLUMNS:,} columns.",
        fix="Send a list with one contact a line.",
    )
