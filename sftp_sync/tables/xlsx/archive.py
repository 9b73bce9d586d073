"""The zip archive around a workbook: looked at before anything in it is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.parsers import expat

from sftp_sync.errors import FileRefused

MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_SHARED_TEXT_BYTES = 512 * 1024**2
# Sheets pack 10 to 30 times smaller; a bomb packs a thousand times.
MAX_RATIO = 200
RATIO_MATTERS_BYTES = 16 * 1024**2
MAX_SMALL_PART_BYTES = 32 * 1024**2

MAX_DIRECTORY_BYTES = 4 * 1024**2
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_OF_DIRECTORY_64 = b"PK\x06\x06"
_LONGEST_END_BYTES = 66_000

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, NotImplementedError)
_DAMAGE_OF_VALUES = (KeyError, ValueError, IndexError, OverflowError, RuntimeError, OSError)


class Archive:
    """The parts of one workbook."""

    def __init__(self, file: zipfile.ZipFile, name: str) -> None:
        self._file = file
        self.name = name
        self._members = {member.filename.casefold(): member for member in file.infolist()}

    def has(self, part: str) -> bool:
        """Whether the workbook has this part; names differ in case between writers."""
        return part.casefold() in self._members

    def open(self, part: str, most_bytes: int = MAX_UNPACKED_BYTES) -> IO[bytes]:
        """A part as a stream. What it unpacks to is checked first; zipfile reads no more."""
        member = self._members[part.casefold()]
        if member.flag_bits & 0x1:
            raise FileRefused(
                f"{self.name} is protected with a password.",
                fix="Save the workbook without a password and send that.",
            )
        if member.file_size > most_bytes:
            raise _too_large(self.name, part, member.file_size)
        return self._file.open(member)

    def small(self, part: str) -> IO[bytes]:
        """A part that describes the others."""
        return self.open(part, MAX_SMALL_PART_BYTES)


def refuse_huge_directory(path: Path, name: str) -> None:
    """The size of the directory first: every entry in it will become an object in memory."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - _LONGEST_END_BYTES))
        tail = file.read()
    sizes = [0]
    if (at := tail.rfind(_END_OF_DIRECTORY)) >= 0:
        sizes.append(int.from_bytes(tail[at + 12 : at + 16], "little") % 0xFFFFFFFF)
    if (at := tail.rfind(_END_OF_DIRECTORY_64)) >= 0:
        sizes.append(int.from_bytes(tail[at + 40 : at + 48], "little"))
    if max(sizes) > MAX_DIRECTORY_BYTES:
        raise _too_many_parts(name)


@contextmanager
def open_archive(path: Path, name: str) -> Iterator[Archive]:
    """The archive, refused where it would unpack to more than any list is."""
    with refusing_damage(name), zipfile.ZipFile(path) as file:
        members = file.infolist()
        if len(members) > MAX_MEMBERS:
            raise _too_many_parts(name)
        for member in members:
            ratio = member.file_size / max(member.compress_size, 1)
            is_bomb = member.file_size > RATIO_MATTERS_BYTES and ratio > MAX_RATIO
            if is_bomb or member.file_size > MAX_UNPACKED_BYTES:
                raise _too_large(name, member.filename, member.file_size)
        yield Archive(file, name)


@contextmanager
def refusing_damage(name: str) -> Iterator[None]:
    """Turn what a broken archive or broken XML raises into one sentence."""
    try:
        yield
    except FileRefused:
        raise
    except (*_DAMAGE, *_DAMAGE_OF_VALUES) as error:
        raise FileRefused(
            f"{name} is a damaged workbook: {_said(error)}.",
            fix="Open it in a spreadsheet, save it again as XLSX, and send that.",
        ) from error


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _too_many_parts(name: str) -> FileRefused:
    return FileRefused(
        f"{name} is no plain workbook: it holds more than {MAX_MEMBERS:,} parts.",
        fix="Copy the list into a new workbook and send that.",
    )


def _too_large(name: str, part: str, size: int) -> FileRefused:
    return FileRefused(
        f"{name} was not unpacked: {part!r} would grow to {size / 1024**2:,.0f} MB.",
        fix="Copy the list alone into a new workbook, or send it as CSV.",
    )
