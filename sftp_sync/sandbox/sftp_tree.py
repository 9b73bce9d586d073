"""A user's directory as the sandbox serves it: bytes for names, and no way out of it."""

# pathlib holds no bytes, and names may be any:
# ruff: noqa: PTH105, PTH108, PTH116, PTH118, PTH123

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paramiko import SFTPAttributes

from sftp_sync.sandbox.quirks import GROWTH, Quirks


def wire(path: str) -> bytes:
    """A path as bytes, whatever they are."""
    return path.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Entry:
    """One line of a listing."""

    name: bytes
    attributes: SFTPAttributes
    mode: int

    @property
    def line(self) -> bytes:
        """As `ls -l` would print it."""
        size = self.attributes.st_size or 0
        return f"{stat.filemode(self.mode)} 1 user group {size} Jan 1 00:00 ".encode() + self.name


class Tree:
    """Paths of a user, turned into files of this machine."""

    def __init__(self, root: Path, quirks: Quirks) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self.quirks = quirks

    def place(self, path: str) -> bytes:
        """An entry itself; links of its folder may not lead out."""
        wanted = posixpath.normpath(b"/" + wire(path))
        folder, name = posixpath.split(wanted)
        inside = os.path.realpath(os.path.join(self._root, folder.lstrip(b"/")))
        if not self._is_inside(inside):
            raise PermissionError(errno.EACCES, "outside of the root")
        return os.path.join(inside, name) if name else inside

    def target(self, path: str) -> bytes:
        """What a path leads to, links followed as long as they stay inside."""
        found = os.path.realpath(self.place(path))
        if not self._is_inside(found):
            raise PermissionError(errno.EACCES, "outside of the root")
        return found

    def readable(self, path: str) -> bytes:
        """What may be read."""
        if _folder_of(path) in self.quirks.drop_boxes:
            raise PermissionError(errno.EACCES, "write-only")
        return self.target(path)

    def writable(self, path: str) -> bytes:
        """An entry that may be changed."""
        if _folder_of(path) in self.quirks.read_only_folders:
            raise PermissionError(errno.EACCES, "read-only")
        return self.place(path)

    def attributes(self, found: os.stat_result) -> SFTPAttributes:
        """What is told of a file, less what this server does not tell."""
        told = SFTPAttributes.from_stat(found)
        offset = self.quirks.clock_offset_seconds
        told.st_atime, told.st_mtime = int(found.st_atime) + offset, int(found.st_mtime) + offset
        if not self.quirks.tells_size:
            told.st_size = None
        if not self.quirks.tells_time:
            told.st_atime = told.st_mtime = None
        if not self.quirks.tells_mode:
            told.st_mode = None
        return told

    def entries(self, path: str) -> Iterator[Entry]:
        """A folder's entries, streamed."""
        folder = self.target(path)
        names = [b".", b".."]
        with os.scandir(folder) as found:
            for name in names:
                status = os.stat(os.path.join(folder, b"."))
                yield Entry(name, self.attributes(status), status.st_mode)
            for entry in found:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield Entry(entry.name, self.attributes(status), status.st_mode)
                if self.quirks.grows_at == "listing" and stat.S_ISREG(status.st_mode):
                    grow(os.path.join(folder, entry.name))

    def rename(self, path: str, new_path: str, *, may_replace: bool) -> None:
        """Another name; like OpenSSH a plain rename links, so that it cannot overwrite."""
        old, new = self.writable(path), self.writable(new_path)
        if may_replace or stat.S_ISDIR(os.lstat(old).st_mode):
            os.replace(old, new)
        else:
            os.link(old, new, follow_symlinks=False)
            os.unlink(old)

    def _is_inside(self, found: bytes) -> bool:
        return found == self._root or found.startswith(self._root.rstrip(b"/") + b"/")


def _folder_of(path: str) -> str:
    return posixpath.dirname(posixpath.normpath("/" + path.lstrip("/")))


def grow(path: bytes) -> None:
    """A sender still writing, whose tool keeps the old time."""
    before = os.stat(path)
    with open(path, "ab") as growing:
        growing.write(GROWTH)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
