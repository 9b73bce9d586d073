"""Delimited text: any delimiter, any encoding, streamed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules, Table, Understanding
from sftp_sync.tables.dialect import found_delimiter, named_delimiter
from sftp_sync.tables.encodings import encoding_of
from sftp_sync.tables.records import MAX_RECORD_CHARACTERS, records
from sftp_sync.tables.shape import batches, below_title, header_of

_SAMPLE_CHARACTERS = 131_072
_SPELLED = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class _Dialect:
    encoding: str
    delimiter: str
    has_sep_line: bool


@contextmanager
def open_csv(path: Path, name: str, rules: FileRules) -> Iterator[Table]:
    """The list as a table; its rows stream while the context is open."""
    dialect = _dialect(path, name, rules)
    with _text(path, dialect.encoding) as text:
        if dialect.has_sep_line:
            text.readline(MAX_RECORD_CHARACTERS)
        first_line = 2 if dialect.has_sep_line else 1
        rows = records(text, dialect.delimiter, name, first_line)
        top, rest = below_title(rows, name)
        header = header_of(top.cells)
        understanding = Understanding(
            format="csv",
            header=header,
            header_line=top.line,
            delimiter=dialect.delimiter,
            encoding=dialect.encoding.replace("utf-8-sig", "utf-8"),
        )
        yield Table(understanding, batches(rest, header, name, rules.max_rows))


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(path.open("rb"), encoding=encoding, newline="")


def _dialect(path: Path, name: str, rules: FileRules) -> _Dialect:
    encoding = encoding_of(path, name, rules.encoding)
    with _text(path, encoding) as text:
        sample = text.read(_SAMPLE_CHARACTERS)
    first_line = sample[: _end_of_first_line(sample)]
    named = named_delimiter(first_line)
    if rules.delimiter != "auto":
        return _Dialect(encoding, _fixed(rules.delimiter, name), named is not None)
    if named is not None:
        return _Dialect(encoding, named, has_sep_line=True)
    if len(sample) == _SAMPLE_CHARACTERS:
        sample = _whole_lines(sample)
    return _Dialect(encoding, found_delimiter(sample), has_sep_line=False)


def _fixed(delimiter: str, name: str) -> str:
    delimiter = _SPELLED.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise FileRefused(
            f'{name} was not read: files.delimiter "{delimiter}" is not one character.',
            fix="Set files.delimiter to auto, or to the character between the cells.",
            who="you",
        )
    return delimiter


def _end_of_first_line(sample: str) -> int:
    ends = [place for end in "\r\n" if (place := sample.find(end)) >= 0]
    return min(ends, default=len(sample))


def _whole_lines(sample: str) -> str:
    last_end = max(sample.rfind("\n"), sample.rfind("\r"))
    return sample[: last_end + 1] if last_end >= 0 else sample
