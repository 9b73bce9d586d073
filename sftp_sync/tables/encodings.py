"""In which encoding a text file is written: told by its first bytes, by being valid UTF-8, or by
the letters that come out. The whole file is decoded once before a row is read, so that a bad byte
refuses the file with its place instead of breaking off in the middle.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from sftp_sync.errors import FileRefused
from sftp_sync.tables.code_pages import found_code_page, holds_utf8_words

SAMPLE_BYTES = 262_144
_CHUNK_BYTES = 1_048_576
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Even a list in Chinese has delimiters, line ends and digits, each with its zero byte.
_ZERO_BYTE_IN = 20
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")


def encoding_of(path: Path, name: str, wanted: str) -> str:
    """The encoding that reads the whole file, or `FileRefused` with the place where it does not."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if wanted != "auto":
        encoding = _fixed(wanted, start, name)
    else:
        encoding = _by_mark(start) or _by_zeros(start, name) or "utf-8"
    bad_byte = _first_bad_byte(path, name, encoding)
    if bad_byte is not None and wanted == "auto" and encoding == "utf-8":
        encoding = _legacy(path, name, bad_byte)
        bad_byte = _first_bad_byte(path, name, encoding)
    if bad_byte is not None:
        raise _undecodable(path, name, encoding, bad_byte)
    return encoding


def _by_mark(start: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def _fixed(wanted: str, start: bytes, name: str) -> str:
    """The encoding that was set. A mark at the start is no part of the first column's name."""
    try:
        "a".encode(wanted)
        encoding = codecs.lookup(wanted).name
    except LookupError as error:
        raise FileRefused(
            f'{name} was not read: files.encoding "{wanted}" is no encoding.',
            fix="Set files.encoding to auto, or to a name like utf-8, utf-16 or cp1252.",
            who="you",
        ) from error
    family = encoding.removesuffix("-le").removesuffix("-be").removesuffix("-sig")
    marked = _by_mark(start)
    if marked is not None and marked.removesuffix("-sig") == family:
        return marked
    # Python's utf-16 demands a mark; without one it is what Windows writes.
    return f"{encoding}-le" if encoding in {"utf-16", "utf-32"} else encoding


def _by_zeros(start: bytes, name: str) -> str | None:
    """UTF-16 or UTF-32 without a mark shows in zero bytes that stand at regular places."""
    if b"\0" not in start:
        return None
    zeros_are_many = start.count(0) >= len(start) // _ZERO_BYTE_IN
    for encoding in _WIDE if zeros_are_many else ():
        width = 4 if "32" in encoding else 2
        text = start[: len(start) // width * width].decode(encoding, "replace")
        letters = sum(char.isprintable() or char in "\r\n\t" for char in text)
        common = sum(char in " ,;\t|\r\n0123456789+" for char in text)
        if text and letters >= 0.99 * len(text) and common >= 0.05 * len(text):
            return encoding
    raise _holds_nul(name)


def _first_bad_byte(path: Path, name: str, encoding: str) -> int | None:
    """Where the file is not in this encoding. A NUL character is no text in any."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return read - waiting + error.start
            if "\0" in text:
                raise _holds_nul(name)
            if not chunk:
                return None
            read += len(chunk)


def _holds_nul(name: str) -> FileRefused:
    return FileRefused(
        f"{name} holds NUL bytes: it is damaged, or no text.",
        fix="Send the list again, as CSV or XLSX.",
    )


def _legacy(path: Path, name: str, bad_byte: int) -> str:
    sample = _telling_lines(path)
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = sum(char > "\x7f" for char in text) - broken
    if good > 4 * broken:
        raise _undecodable(path, name, "utf-8", bad_byte)
    page = found_code_page(sample)
    if holds_utf8_words(sample, page):
        raise _undecodable(path, name, "utf-8", bad_byte)
    return page


def _telling_lines(path: Path) -> bytes:
    """Lines that hold more than ASCII, from anywhere in the file."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < SAMPLE_BYTES and (line := file.readline(SAMPLE_BYTES)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


def _line_of(path: Path, byte: int) -> int:
    """The line a byte stands on, for encodings where a line ends as it does in ASCII."""
    ends = 0
    previous = b""
    with path.open("rb") as file:
        while byte > 0:
            chunk = file.read(min(_CHUNK_BYTES, byte))
            if not chunk:
                break
            byte -= len(chunk)
            ends += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
            ends -= previous == b"\r" and chunk.startswith(b"\n")
            previous = chunk[-1:]
    return ends + 1


def _undecodable(path: Path, name: str, encoding: str, byte: int) -> FileRefused:
    label = encoding.removesuffix("-sig").upper()
    place = f"byte {byte:,}"
    if not encoding.startswith(("utf-16", "utf-32")):
        place = f"line {_line_of(path, byte)} ({place})"
    return FileRefused(
        f"{name} cannot be read as {label}: it breaks at {place}.",
        fix="Save the list as CSV UTF-8, or set files.encoding to the encoding it is in.",
    )
