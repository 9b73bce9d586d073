"""The SFTP protocol's words, version 3: numbers, texts, attributes, as bytes and back."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal


class Kind(IntEnum):
    """What a packet is."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200


class Status(IntEnum):
    """What a server says of a request. Servers use words of later versions in version 3 too."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    UNSUPPORTED = 8
    NO_SUCH_PATH = 10
    FILE_ALREADY_EXISTS = 11
    WRITE_PROTECT = 12
    NO_SPACE = 14
    QUOTA_EXCEEDED = 15


class OpenFlag(IntEnum):
    """How a file is opened."""

    READ = 0x01
    WRITE = 0x02
    CREATE = 0x08
    TRUNCATE = 0x10


class BrokenConnectionError(Exception):
    """The session has ended: the server fell silent, hung up, or talks nonsense."""


class NonsenseError(BrokenConnectionError):
    """What the server says is no SFTP."""


def number(value: int) -> bytes:
    """Thirty-two bits."""
    return struct.pack(">I", value)


def long(value: int) -> bytes:
    """Sixty-four bits."""
    return struct.pack(">Q", value)


def string(value: bytes) -> bytes:
    """Bytes with their length before them."""
    return struct.pack(">I", len(value)) + value


NO_ATTRIBUTES = number(0)
SIZE, OWNER, PERMISSIONS, TIMES, EXTENDED = 0x01, 0x02, 0x04, 0x08, 0x80000000


def permissions(mode: int) -> bytes:
    """Attributes that hold nothing but the mode."""
    return number(PERMISSIONS) + number(mode)


@dataclass(frozen=True)
class Attributes:
    """What a server says of a file; None for what it does not say."""

    size: int | None = None
    mode: int | None = None
    modified_at: int | None = None

    @property
    def kind(self) -> Literal["file", "directory", "link", "other"] | None:
        """What sort of entry this is, by its mode."""
        if self.mode is None or stat.S_IFMT(self.mode) == 0:
            return None
        if stat.S_ISREG(self.mode):
            return "file"
        if stat.S_ISDIR(self.mode):
            return "directory"
        return "link" if stat.S_ISLNK(self.mode) else "other"


class Reader:
    """A packet's content, taken from the front."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._offset = 0

    def _take(self, size: int) -> bytes:
        piece = self._content[self._offset : self._offset + size]
        if len(piece) < size:
            raise NonsenseError("the server's bytes are no SFTP: a packet ends too early")
        self._offset += size
        return piece

    @property
    def is_at_end(self) -> bool:
        """Whether everything has been taken."""
        return self._offset >= len(self._content)

    def number(self) -> int:
        """Thirty-two bits."""
        return int.from_bytes(self._take(4), "big")

    def long(self) -> int:
        """Sixty-four bits."""
        return int.from_bytes(self._take(8), "big")

    def string(self) -> bytes:
        """Bytes with their length before them."""
        return self._take(self.number())

    def attributes(self) -> Attributes:
        """A file's attributes."""
        flags = self.number()
        size = self.long() if flags & SIZE else None
        if flags & OWNER:
            self._take(8)
        mode = self.number() if flags & PERMISSIONS else None
        modified_at = None
        if flags & TIMES:
            self._take(4)
            modified_at = self.number()
        if flags & EXTENDED:
            for _ in range(2 * self.number()):
                self.string()
        return Attributes(size, mode, modified_at)
