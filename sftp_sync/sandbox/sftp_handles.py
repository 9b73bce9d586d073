"""Open files of the sandbox, with everything that can go wrong in one."""

# pathlib holds no bytes, and names may be any:

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from paramiko import SFTPAttributes, SFTPHandle
from paramiko.sftp import (
    SFTP_FAILURE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
)
from paramiko.sftp_server import SFTPServer

from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.sandbox.sftp_link import Link
from sftp_sync.sandbox.sftp_tree import Entry, Tree, grow

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

T = TypeVar("T")


class OpenFolder(SFTPHandle):
    """A listing under way."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        super().__init__()
        self.entries = entries

    def close(self) -> None:
        """Nothing more will be asked."""
        close = getattr(self.entries, "close", None)
        if close is not None:
            close()


class OpenFile(SFTPHandle):
    """A file under way, to us or from us."""

    def __init__(self, tree: Tree, link: Link, path: bytes, flags: int) -> None:
        super().__init__()
        self._tree = tree
        self._link = link
        self._path = path
        self._has_grown = False
        self._is_written = bool(flags & (os.O_WRONLY | os.O_RDWR))
        self._descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)

    @property
    def _quirks(self) -> Quirks:
        return self._tree.quirks

    def close(self) -> None:
        """The file is complete."""
        if self._descriptor < 0:
            return
        if self._is_written and self._quirks.old_times is not None:
            os.utime(self._descriptor, (self._quirks.old_times, self._quirks.old_times))
        os.close(self._descriptor)
        self._descriptor = -1

    def read(self, offset: int, length: int) -> bytes | int:
        """A piece for the client."""
        end = offset + length
        self._link.pass_bytes("download", end, length)
        if self._link.is_cut_at(self._quirks.disconnect_download_at, end):
            return SFTP_FAILURE
        if self._quirks.grows_at == "download" and not self._has_grown:
            self._has_grown = True
            grow(self._path)
        return _answered(lambda: os.pread(self._descriptor, length, offset))

    def write(self, offset: int, data: ReadableBuffer) -> int:
        """A piece from the client."""
        content = bytes(data)
        end = offset + len(content)
        self._link.pass_bytes("upload", end, len(content))
        if self._link.is_cut_at(self._quirks.disconnect_upload_at, end):
            return SFTP_FAILURE
        full_at = self._quirks.disk_full_at
        if full_at is not None and end > full_at:
            os.pwrite(self._descriptor, content[: max(0, full_at - offset)], offset)
            return SFTP_FAILURE
        stored = self._quirks.stores_only
        if stored is not None and end > stored:
            content = content[: max(0, stored - offset)]
            os.pwrite(self._descriptor, content, offset)
            return SFTP_OK
        written = _answered(lambda: os.pwrite(self._descriptor, content, offset))
        return SFTP_OK if written == len(content) else SFTP_FAILURE

    def stat(self) -> SFTPAttributes | int:
        """What it is by now."""
        return self._tree.attributes(os.fstat(self._descriptor))

    def chattr(self, attr: SFTPAttributes) -> int:
        """Mode and times."""
        if not self._quirks.setstat:
            return SFTP_OP_UNSUPPORTED
        SFTPServer.set_file_attr(self._path, attr)
        return SFTP_OK


class SwallowedFile(SFTPHandle):
    """Everything is said to be written; nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def write(self, offset: int, data: ReadableBuffer) -> int:
        """Gone."""
        self._size = max(self._size, offset + len(bytes(data)))
        return SFTP_OK

    def stat(self) -> SFTPAttributes | int:
        """As if it were there."""
        told = SFTPAttributes()
        told.st_size = self._size
        return told

    def chattr(self, attr: SFTPAttributes) -> int:
        """As if it were done."""
        del attr
        return SFTP_OK


def _answered(act: Callable[[], T]) -> T | int:
    try:
        return act()
    except OSError as error:
        return SFTPServer.convert_errno(error.errno or 0)
