"""What a file is, by its first bytes; and for what is no list, what to send instead."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from sftp_sync.errors import FileRefused
from sftp_sync.tables.xlsx.archive import refuse_huge_directory

_HEAD_BYTES = 4_096
_FIRST_PRINTABLE = 0x20
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE2_START_BYTES = 65_536
_OLE2_LARGEST_SHIFT = 12
_AS_TABLE = "Save it as XLSX or CSV and send that."
_UNPACKED = "Unpack it and send the list itself."

# First bytes → what it is, what to send instead.
_KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "Send the list as XLSX or CSV."),
    (b"\x1f\x8b", "compressed with gzip", _UNPACKED),
    (b"BZh", "compressed with bzip2", _UNPACKED),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACKED),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACKED),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACKED),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACKED),
    (_EMPTY_ZIP, "an empty zip archive", "Send the list itself."),
    (b"-----BEGIN PGP ", "encrypted or signed with PGP", "Decrypt it and send the list itself."),
    (b"{\\rtf", "an RTF document", "Send the list as XLSX or CSV."),
    (b"\x89PNG", "a picture", "Send the list as XLSX or CSV."),
    (b"\xff\xd8\xff", "a picture", "Send the list as XLSX or CSV."),
    (b"SQLite format 3\x00", "a database", "Export the list as CSV."),
    (b"PAR1", "a Parquet file", "Export the list as CSV."),
)
# Binary PGP: a public-key or passphrase session key packet of the lengths that occur.
_PGP_PACKETS = (b"\x84", b"\x85\x01", b"\x85\x02", b"\x85\x04", b"\xc1", b"\x8c\x0d", b"\xc3\x0d")
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<table", "a web page"),
    (b"<?xml", "an XML document"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
)
_VCARD = b"BEGIN:VCARD"
# Members of a zip archive → what it is.
_OFFICE: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
    ("Index/Document.iwa", "an Apple Numbers or Pages document"),
    ("content.xml", "an OpenDocument file (.ods)"),
)


def kind_of(path: Path, name: str) -> Literal["csv", "xlsx"]:
    """How to read it, whatever its extension says."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_ZIP):
        return _workbook(path, name)
    if head.startswith(_OLE2):
        raise _old_office(path, name)
    for start, what, instead in _KNOWN:
        if head.startswith(start):
            raise FileRefused(f"{name} is {what}.", fix=instead)
    if head.startswith(_PGP_PACKETS) and _is_binary(head):
        raise FileRefused(
            f"{name} is encrypted with PGP, or no text.", fix="Decrypt it and send the list itself."
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[: len(_VCARD)].upper() == _VCARD:
        raise FileRefused(
            f"{name} is a vCard (.vcf).", fix="Export the contacts as CSV and send that."
        )
    for start, what in _MARKUP:
        if text[: len(start)].lower() == start:
            raise FileRefused(f"{name} is {what}, whatever its name says.", fix=_AS_TABLE)
    return "csv"


def _is_binary(head: bytes) -> bool:
    controls = sum(byte < _FIRST_PRINTABLE and byte not in b"\t\r\n" for byte in head)
    return controls > len(head) // 50


def _workbook(path: Path, name: str) -> Literal["xlsx"]:
    refuse_huge_directory(path, name)
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise FileRefused(
            f"{name} is a damaged workbook or archive: it cannot be opened ({error}).",
            fix="Open it in a spreadsheet, save it again as XLSX, and send that.",
        ) from error
    for member, what in _OFFICE:
        if member in members:
            raise FileRefused(f"{name} is {what}.", fix=_AS_TABLE)
    if "[Content_Types].xml" in members or any(member.startswith("xl/") for member in members):
        return "xlsx"
    raise FileRefused(f"{name} is a zip archive.", fix=_UNPACKED)


def _old_office(path: Path, name: str) -> FileRefused:
    names = _ole2_names(path)
    if "EncryptedPackage".encode("utf-16-le") in names:
        return FileRefused(
            f"{name} is protected with a password.",
            fix="Save the workbook without a password and send that.",
        )
    if any(part.encode("utf-16-le") in names for part in ("Workbook", "Book")):
        return FileRefused(f"{name} is an old Excel workbook (.xls).", fix=_AS_TABLE)
    return FileRefused(f"{name} is an old Office document.", fix=_AS_TABLE)


def _ole2_names(path: Path) -> bytes:
    """The start of the file, and the first sector of its directory, which may lie far behind."""
    with path.open("rb") as file:
        start = file.read(_OLE2_START_BYTES)
        shift = min(int.from_bytes(start[0x1E:0x20], "little"), _OLE2_LARGEST_SHIFT)
        file.seek((int.from_bytes(start[0x30:0x34], "little") + 1) << shift)
        return start + file.read(1 << shift)
