"""A partner's SFTP server, as the steps use it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from sftp_sync.model import RemoteFile
from sftp_sync.remote.base import Progress
from sftp_sync.remote.names import text, wire
from sftp_sync.remote.sftp.connection import Connection, open_connection
from sftp_sync.remote.sftp.delivery import Delivery, exists
from sftp_sync.remote.sftp.errors import MISSING, Doing, taken, translated
from sftp_sync.remote.sftp.listing import as_file, entries, release
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.packets import NO_ATTRIBUTES, Kind, OpenFlag, string
from sftp_sync.remote.sftp.session import StatusError
from sftp_sync.remote.sftp.transfer import Download


def connect(login: SftpLogin) -> SftpRemote:
    """Reach a server, check that it is the right one, and sign in."""
    return SftpRemote(open_connection(login))


class SftpRemote:
    """A connected server. One connection, used by one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session = connection.session
        self._login = connection.login

    @property
    def seen(self) -> Mapping[str, str]:
        """What was seen while connecting."""
        connection, login = self.connection, self._login
        how = "password" if login.auth_type == "password" else "private key"
        return {
            "resolve": f"{login.host} is {connection.address}",
            "connect": f"port {login.port} answers: {connection.server_version}",
            "host_key": f"{connection.host_key.fingerprint} ({connection.host_key.type})",
            "sign_in": f"{login.username}, by {how}",
        }

    def list(self, folder: str) -> Iterator[RemoteFile]:
        """Every entry of a folder, streamed."""
        with translated(self._login, Doing("list_import", "list", folder)):
            yield from entries(self._session, wire(folder))

    def stat(self, path: str) -> RemoteFile | None:
        """One entry, itself and not what a link points to."""
        with translated(self._login, Doing("list_import", "look at", path)):
            try:
                attributes = self._session.look(wire(path))
            except StatusError as error:
                if error.code in MISSING:
                    return None
                raise
        return as_file(text(wire(path).rpartition(b"/")[2]), attributes)

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
        """Upload beside, check, rename."""
        Delivery(self._session, self._login, path).run(source, may_replace=may_replace)

    def rename(self, path: str, new_path: str) -> None:
        """Give a file another name, never over another one."""
        old, new = wire(path), wire(new_path)
        with translated(self._login, Doing("archive", "move", path)):
            if exists(self._session, new):
                raise taken(self._login, Doing("archive", "move", new_path))
            try:
                self._session.ask(Kind.RENAME, string(old), string(new))
            except StatusError as error:
                if exists(self._session, new) and exists(self._session, old):
                    raise taken(self._login, Doing("archive", "move", new_path)) from error
                raise

    def remove(self, path: str) -> None:
        """Remove a file; no error where there is none."""
        with translated(self._login, Doing("delete_export", "delete", path)):
            try:
                self._session.ask(Kind.REMOVE, string(wire(path)))
            except StatusError as error:
                if error.code not in MISSING:
                    raise

    def close(self) -> None:
        """Let go of the connection, at once if the server is no longer there."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _chunks(self, path: str) -> Generator[bytes]:
        # Only what happens in here is the server's: a full disk of ours passes untouched.
        with translated(self._login, Doing("read_import", "read", path)):
            handle = self._session.open(wire(path), OpenFlag.READ, NO_ATTRIBUTES)
            try:
                attributes = self._session.look_at_handle(handle)
                size = None if attributes is None else attributes.size
                yield from Download(self._session, handle, size).chunks()
            finally:
                release(self._session, handle)
