"""A local directory as a remote: demos, tests, and partners whose files arrive by other means.

Paths are bytes throughout, so that neither a name nor the locale can make one unreadable.
"""

# pathlib holds no bytes, and names may be any:
# ruff: noqa: PTH104, PTH105, PTH108, PTH118, PTH120

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused, RemoteUnavailable
from sftp_sync.model import RemoteFile, shown
from sftp_sync.remote.base import Progress
from sftp_sync.remote.names import part_path, text, wire

PIECE_BYTES = 1024 * 1024
NO_LINKS_HERE = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
MISSING = (errno.ENOENT, errno.ENOTDIR)


class FolderRemote:
    """A directory. Nothing outside of it is ever reached, whatever a path or a link says."""

    def __init__(self, root: Path, *, file_mode: int | None = None) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self._file_mode = file_mode

    @property
    def seen(self) -> Mapping[str, str]:
        """There is nothing to connect to."""
        return dict.fromkeys(("resolve", "connect", "host_key", "sign_in"), "a local folder")

    def list(self, folder: str) -> Iterator[RemoteFile]:
        """Every entry of a folder, streamed."""
        with _translated("list_import", "list", folder), os.scandir(self._inside(folder)) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    yield _as_file(text(entry.name), entry.stat(follow_symlinks=False))

    def stat(self, path: str) -> RemoteFile | None:
        """One entry, itself and not what a link points to."""
        with _translated("list_import", "look at", path):
            try:
                return _as_file(posixpath.basename(path), os.lstat(self._entry(path)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def fetch(self, path: str, into: BinaryIO, progress: Progress | None = None) -> int:
        """The bytes of a file as they are now."""
        received_bytes = 0
        with closing(self._chunks(path)) as chunks:
            for chunk in chunks:
                into.write(chunk)
                received_bytes += len(chunk)
                if progress is not None:
                    progress(len(chunk))
        return received_bytes

    def put(self, source: Path, path: str, *, may_replace: bool = False) -> None:
        """Write beside, bring to disk, then give the final name in one step."""
        with source.open("rb") as opened, _translated("write_export", "write", path):
            target, part = self._entry(path), self._entry(part_path(path))
            with suppress(FileNotFoundError):
                os.unlink(part)
            if not may_replace and os.path.lexists(target):
                raise _taken(path)
            try:
                self._write(opened, part)
                if may_replace:
                    os.replace(part, target)
                else:
                    _move_to_free_name(part, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(part)
                raise
            _sync_folder(os.path.dirname(target))

    def rename(self, path: str, new_path: str) -> None:
        """Give a file another name, never over another one."""
        with _translated("archive", "move", path):
            old = self._entry(path)
            try:
                _move_to_free_name(old, self._entry(new_path))
            except FileExistsError as error:
                raise _taken(new_path) from error

    def remove(self, path: str) -> None:
        """Remove a file; no error where there is none."""
        with _translated("delete_export", "delete", path), suppress(FileNotFoundError):
            os.unlink(self._entry(path))

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _inside(self, path: str) -> bytes:
        """A path with its links resolved, which must still be inside."""
        wanted = posixpath.normpath(b"/" + wire(path)).lstrip(b"/")
        found = os.path.realpath(os.path.join(self._root, wanted))
        if found != self._root and not found.startswith(self._root.rstrip(b"/") + b"/"):
            raise RemoteRefused(
                f"{shown(path)} leads out of the folder.", fix="Use a path inside it.", who="you"
            )
        return found

    def _entry(self, path: str) -> bytes:
        """An entry itself: the links of its folder are resolved, its own is not."""
        folder, name = posixpath.split(posixpath.normpath("/" + path))
        return os.path.join(self._inside(folder), wire(name))

    def _write(self, opened: BinaryIO, part: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, 0o666), "wb") as written:
            shutil.copyfileobj(opened, written, PIECE_BYTES)
            if self._file_mode is not None:
                os.fchmod(written.fileno(), self._file_mode)
            written.flush()
            os.fsync(written.fileno())

    def _chunks(self, path: str) -> Generator[bytes]:
        with _translated("read_import", "read", path):
            # Without O_NONBLOCK opening a pipe that nobody writes to would never end.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(self._entry(path), flags), "rb") as opened:
                if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                while chunk := opened.read(PIECE_BYTES):
                    yield chunk


def _as_file(name: str, found: os.stat_result) -> RemoteFile:
    kind: Literal["file", "directory", "link", "other"] = "other"
    if stat.S_ISREG(found.st_mode):
        kind = "file"
    elif stat.S_ISDIR(found.st_mode):
        kind = "directory"
    elif stat.S_ISLNK(found.st_mode):
        kind = "link"
    return RemoteFile(name, found.st_size, int(found.st_mtime), kind)


def _move_to_free_name(old: bytes, new: bytes) -> None:
    """Linking refuses a taken name in the same instant; where there are no links, look first."""
    if stat.S_ISDIR(os.lstat(old).st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS_HERE:
            raise
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.rename(old, new)
    else:
        os.unlink(old)


def _sync_folder(folder: bytes) -> None:
    """The name, too, must survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(step: str, what: str, path: str) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in MISSING:
            raise RemoteMissing(
                f"There is no {shown(path)}: cannot {what} it.",
                fix="Correct the path in the configuration, or create the folder.",
                who="you",
                step=step,
            ) from error
        if error.errno == errno.EIO:
            raise RemoteUnavailable(
                f"Cannot {what} {shown(path)}: {reason}.", fix="Check the disk.", who="you"
            ) from error
        fix = "Make room on that disk." if error.errno in NO_ROOM else "Check owner and mode."
        raise RemoteRefused(
            f"Cannot {what} {shown(path)}: {reason}.", fix=fix, who="you", step=step
        ) from error


def _taken(path: str) -> RemoteExists:
    return RemoteExists(
        f"There already is {shown(path)}; nothing was overwritten.",
        fix="Move it away, or remove it.",
        who="you",
        step="write_export",
    )
