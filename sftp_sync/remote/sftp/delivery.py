"""An upload that nobody ever sees torn: written beside, checked, renamed, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from sftp_sync.errors import RemoteRefused
from sftp_sync.model import shown
from sftp_sync.remote.names import part_path, wire
from sftp_sync.remote.sftp.errors import MISSING, Doing, taken, translated
from sftp_sync.remote.sftp.listing import release
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.packets import (
    NO_ATTRIBUTES,
    Attributes,
    BrokenConnectionError,
    Kind,
    OpenFlag,
    Status,
    permissions,
    string,
)
from sftp_sync.remote.sftp.session import Session, StatusError
from sftp_sync.remote.sftp.transfer import WRITTEN_BYTES, upload

POSIX_RENAME = "posix-rename@openssh.com"
FSYNC = "fsync@openssh.com"
UNKNOWN = Attributes()


class Delivery:
    """One file on its way to one path."""

    def __init__(self, session: Session, login: SftpLogin, path: str) -> None:
        self._session = session
        self._login = login
        self._path = path
        self._target = wire(path)
        self._part = wire(part_path(path))
        self._writing = Doing("write_export", "write", path)
        self._renaming = Doing("rename_export", "give its final name to", path)
        # Once an older file has made room, the part is the only copy there and stays.
        self._part_is_precious = False

    def run(self, source: Path, *, may_replace: bool) -> None:
        """Write, check, rename, check."""
        with translated(self._login, self._writing):
            self._remove_part()
            if not may_replace and exists(self._session, self._target):
                raise taken(self._login, self._writing)
        try:
            written_bytes = self._write_part(source)
            with translated(self._login, self._renaming):
                was_seen = self._check_part(written_bytes)
                self._rename(written_bytes, may_replace=may_replace)
                self._check_target(written_bytes, part_was_seen=was_seen)
        except Exception:
            self._clean_up()
            raise

    def _write_part(self, source: Path) -> int:
        flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE
        mode = self._login.file_mode
        attributes = NO_ATTRIBUTES if mode is None else permissions(mode)
        with source.open("rb") as opened, translated(self._login, self._writing):
            handle = self._session.open(self._part, flags, attributes)
            try:
                written_bytes = upload(self._session, handle, _pieces(opened.read))
                self._settle(handle, mode)
            except Exception:
                release(self._session, handle)
                raise
            self._session.close_handle(handle)
        return written_bytes

    def _settle(self, handle: bytes, mode: int | None) -> None:
        """The mode, against a umask, and the disk; servers without either are served too."""
        with suppress(StatusError):
            if mode is not None:
                self._session.ask(Kind.FSETSTAT, string(handle), permissions(mode))
        if FSYNC in self._session.extensions:
            with suppress(StatusError):
                self._session.extended(FSYNC, string(handle))

    def _check_part(self, written_bytes: int) -> bool:
        """Whether the server shows what was written; an error where it shows something else."""
        found = look(self._session, self._part)
        if found is not None and found.size not in (None, written_bytes):
            raise RemoteRefused(
                f"{self._login.place} took {written_bytes} bytes for {shown(self._path)} and "
                f"stored {found.size}; the file was not given its name.",
                fix="A full disk or a quota is the usual reason: ask the partner.",
                step="write_export",
            )
        return found is not None

    def _rename(self, written_bytes: int, *, may_replace: bool) -> None:
        try:
            if may_replace:
                self._rename_over()
            else:
                self._rename_to_free_name()
        except StatusError:
            if not self._has_arrived(written_bytes):
                raise

    def _rename_to_free_name(self) -> None:
        # Looked at again right before: some servers overwrite in a plain rename.
        if exists(self._session, self._target):
            raise taken(self._login, self._renaming)
        try:
            self._session.ask(Kind.RENAME, string(self._part), string(self._target))
        except StatusError as error:
            if exists(self._session, self._target) and exists(self._session, self._part):
                raise taken(self._login, self._renaming) from error
            raise

    def _rename_over(self) -> None:
        if POSIX_RENAME in self._session.extensions:
            self._session.extended(POSIX_RENAME, string(self._part), string(self._target))
            return
        try:
            self._session.ask(Kind.RENAME, string(self._part), string(self._target))
        except StatusError:
            if not exists(self._session, self._target):
                raise
        else:
            return
        self._session.ask(Kind.REMOVE, string(self._target))
        # A crash here leaves the new content under the part's name; the next run sends it again.
        self._part_is_precious = True
        self._session.ask(Kind.RENAME, string(self._part), string(self._target))

    def _has_arrived(self, written_bytes: int) -> bool:
        """Whether a rename that was called a failure has happened all the same."""
        if look(self._session, self._part) is not None:
            return False
        found = look(self._session, self._target)
        if found is None or found is UNKNOWN:
            return False
        return found.size in (None, written_bytes)

    def _check_target(self, written_bytes: int, *, part_was_seen: bool) -> None:
        found = look(self._session, self._target)
        if found is None and not part_was_seen:
            raise RemoteRefused(
                f"{self._login.place} said that {shown(self._path)} was stored, but shows nothing "
                "there, before the renaming or after it.",
                fix=f"Ask the partner whether {self._login.username} may write there.",
                step="write_export",
            )
        if found is not None and found.size not in (None, written_bytes):
            raise RemoteRefused(
                f"{self._login.place} shows {found.size} bytes under {shown(self._path)}, but "
                f"{written_bytes} were delivered.",
                fix="Ask the partner what has become of the file.",
                step="rename_export",
            )

    def _remove_part(self) -> None:
        """What an earlier attempt has left."""
        with suppress(StatusError):
            self._session.ask(Kind.REMOVE, string(self._part))

    def _clean_up(self) -> None:
        if not self._session.is_broken and not self._part_is_precious:
            with suppress(BrokenConnectionError):  # what went wrong before is what matters
                self._remove_part()


def look(session: Session, path: bytes) -> Attributes | None:
    """What lies at a path; None where nothing does, nothing known where it may not be asked."""
    try:
        return session.look(path)
    except StatusError as error:
        if error.code in MISSING:
            return None
        if error.code in (Status.PERMISSION_DENIED, Status.UNSUPPORTED, Status.FAILURE):
            return UNKNOWN
        raise


def exists(session: Session, path: bytes) -> bool:
    """Whether a name is known to be taken."""
    found = look(session, path)
    return found is not None and found is not UNKNOWN


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(WRITTEN_BYTES):
        yield piece
