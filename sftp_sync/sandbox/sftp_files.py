"""What the sandbox answers to each request on a path."""

# pathlib holds no bytes, and names may be any:
# ruff: noqa: PTH101, PTH102, PTH106, PTH108, PTH115, PTH116, PTH211

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from paramiko import ServerInterface, SFTPAttributes, SFTPHandle, SFTPServerInterface
from paramiko.sftp import SFTP_FAILURE, SFTP_OK, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED
from paramiko.sftp_server import SFTPServer

from sftp_sync.sandbox.sftp_handles import OpenFile, OpenFolder, SwallowedFile
from sftp_sync.sandbox.sftp_link import Link
from sftp_sync.sandbox.sftp_tree import Entry, Tree, grow, wire

H = TypeVar("H", bound=SFTPHandle)


class ServedFiles(SFTPServerInterface):
    """One user's files."""

    def __init__(self, server: ServerInterface, tree: Tree, link: Link) -> None:
        super().__init__(server)
        self._tree = tree
        self._link = link
        self._swallowed: set[str] = set()

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        """A handle for reading or writing."""
        is_written = bool(flags & (os.O_WRONLY | os.O_RDWR))
        self._link.write("write" if is_written else "read", path)
        if is_written and self._tree.quirks.swallows_uploads:
            self._swallowed.add(path)
            return SwallowedFile()
        return self._handle(lambda: self._opened(path, flags, attr, is_written=is_written))

    def open_folder(self, path: str) -> OpenFolder | int:
        """A handle for listing."""
        self._link.write("list", path)
        return self._handle(lambda: OpenFolder(self._listed(path)))

    def lstat(self, path: str) -> SFTPAttributes | int:
        """An entry itself."""
        self._link.fall_silent_at("look")
        if self._tree.quirks.hides_files:
            return SFTP_PERMISSION_DENIED
        return self._seen(lambda: os.lstat(self._tree.place(path)))

    def stat(self, path: str) -> SFTPAttributes | int:
        """What an entry leads to."""
        self._link.fall_silent_at("look")
        return self._seen(lambda: os.stat(self._tree.target(path)))

    def remove(self, path: str) -> int:
        """Delete a file."""
        self._link.fall_silent_at("remove")
        self._link.write("remove", path)
        return self._done(lambda: os.unlink(self._tree.writable(path)))

    def rename(self, oldpath: str, newpath: str) -> int:
        """Plain rename: refuses a taken name, unless this server is of the other sort."""
        self._link.fall_silent_at("rename")
        self._link.write("rename", newpath)
        may_replace = self._tree.quirks.rename_overwrites
        return self._renamed(oldpath, newpath, may_replace=may_replace)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """Rename that replaces."""
        self._link.fall_silent_at("rename")
        if not self._tree.quirks.posix_rename:
            return SFTP_OP_UNSUPPORTED
        self._link.write("rename", newpath)
        return self._renamed(oldpath, newpath, may_replace=True)

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        """Make a folder."""
        del attr
        return self._done(lambda: os.mkdir(self._tree.writable(path)))

    def rmdir(self, path: str) -> int:
        """Remove an empty folder."""
        return self._done(lambda: os.rmdir(self._tree.writable(path)))

    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        """Mode and times."""
        if not self._tree.quirks.setstat:
            return SFTP_OP_UNSUPPORTED
        return self._done(
            lambda: SFTPServer.set_file_attr(self._tree.target(self._checked(path)), attr)
        )

    def canonicalize(self, path: str) -> str:
        """The path from the user's root."""
        return posixpath.normpath("/" + path.lstrip("/"))

    def readlink(self, path: str) -> str | int:
        """Where a link points to."""
        try:
            found = os.readlink(self._tree.place(path))
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)
        return found.decode("utf-8", "surrogateescape")

    def symlink(self, target_path: str, path: str) -> int:
        """Make a link; where it leads out, it is not followed."""
        return self._done(lambda: os.symlink(wire(target_path), self._tree.writable(path)))

    def _opened(
        self, path: str, flags: int, attr: SFTPAttributes, *, is_written: bool
    ) -> SFTPHandle:
        tree = self._tree
        place = tree.target(self._checked(path)) if is_written else tree.readable(path)
        handle = OpenFile(self._tree, self._link, place, flags)
        if flags & os.O_CREAT and attr.st_mode is not None:
            os.chmod(place, attr.st_mode & 0o777)
        return handle

    def _checked(self, path: str) -> str:
        self._tree.writable(path)
        return path

    def _listed(self, path: str) -> Iterator[Entry]:
        os.close(os.open(self._tree.target(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        return self._tree.entries(path)

    def _renamed(self, old: str, new: str, *, may_replace: bool) -> int:
        if old in self._swallowed:
            self._swallowed.discard(old)
            return SFTP_OK
        if self._tree.quirks.renames_fail:
            return SFTP_FAILURE
        status = self._done(lambda: self._tree.rename(old, new, may_replace=may_replace))
        if status == SFTP_OK and self._tree.quirks.appends_to_uploads:
            grow(self._tree.place(new))
        if self._tree.quirks.rename_lies:
            return SFTP_FAILURE
        if status == SFTP_OK and self._tree.quirks.takes_uploads and old.endswith(".part"):
            with suppress(OSError):
                os.unlink(self._tree.place(new))
            self._link.write("taken", new)
        return status

    def _handle(self, make: Callable[[], H]) -> H | int:
        try:
            return make()
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def _seen(self, look: Callable[[], os.stat_result]) -> SFTPAttributes | int:
        try:
            return self._tree.attributes(look())
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def _done(self, act: Callable[[], None]) -> int:
        try:
            act()
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK
