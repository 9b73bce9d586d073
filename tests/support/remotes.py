"""Every implementation of a remote, made ready for the contract: seeded, connected, looked at."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_sftpserver.consts import (  # type: ignore[import-untyped]  # it has no types
    SERVER_KEY_PRIVATE,
)
from pytest_sftpserver.sftp.server import (  # type: ignore[import-untyped]  # it has no types
    SFTPServer as ToyServer,
)

from sftp_sync.model import RemoteFile
from sftp_sync.remote.base import Remote
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.remote.sftp.private_keys import read_private_key
from sftp_sync.sandbox.quirks import Quirks
from tests.support.openssh import sshd
from tests.support.sftp_servers import SftpServer, asyncssh_sftp, make_folders, sandbox_sftp

LIST = b"phone,name\r\n+12125550123,Ann\r\n"


@dataclass
class Place:
    """A remote, and the partner's view of the same files."""

    remote: Remote
    root: Path
    base: str = ""
    kind: str = ""

    def path(self, path: str) -> str:
        return self.base + path

    def clear(self) -> None:
        """Everything back to empty folders."""
        shutil.rmtree(os.fsencode(self.root))
        make_folders(self.root)

    def drop(self, path: str, content: bytes = b"phone\n+12125550123\n") -> None:
        """As the partner leaves a file."""
        (self.root / path.lstrip("/")).write_bytes(content)

    def content(self, path: str) -> bytes:
        return (self.root / path.lstrip("/")).read_bytes()

    def names(self, folder: str) -> set[str]:
        return {entry.name for entry in (self.root / folder.lstrip("/")).iterdir()}

    def fetched(self, path: str) -> bytes:
        received = io.BytesIO()
        count = self.remote.fetch(self.path(path), received)
        assert count == len(received.getvalue())
        return received.getvalue()

    def listed(self, folder: str) -> dict[str, RemoteFile]:
        return {file.name: file for file in self.remote.list(self.path(folder))}


@contextlib.contextmanager
def folder_place(root: Path) -> Iterator[Place]:
    make_folders(root)
    with FolderRemote(root) as remote:
        yield Place(remote, root)


def served_by(
    start: Callable[[Path], contextlib.AbstractContextManager[SftpServer]],
) -> Callable[[Path], contextlib.AbstractContextManager[Place]]:
    @contextlib.contextmanager
    def place(root: Path) -> Iterator[Place]:
        with start(root) as server, connect(server.login()) as remote:
            yield Place(remote, root, server.base)

    return place


def quirky(quirks: Quirks) -> Callable[[Path], contextlib.AbstractContextManager[Place]]:
    return served_by(lambda root: sandbox_sftp(root, quirks))


EVERY_REMOTE = {
    "folder": folder_place,
    "sandbox": served_by(sandbox_sftp),
    "no-posix-rename": quirky(Quirks(posix_rename=False)),
    "rename-overwrites": quirky(Quirks(rename_overwrites=True)),
    "rename-overwrites-no-posix": quirky(Quirks(rename_overwrites=True, posix_rename=False)),
    "no-setstat": quirky(Quirks(setstat=False)),
    "tells-no-size": quirky(Quirks(tells_size=False)),
    "tells-no-time": quirky(Quirks(tells_time=False)),
    "tells-no-mode": quirky(Quirks(tells_mode=False)),
    "tells-nothing": quirky(Quirks(tells_mode=False, tells_size=False, tells_time=False)),
    "other-zone": quirky(Quirks(clock_offset_seconds=7200)),
    "grows-while-looking": quirky(Quirks(grows_at="listing")),
    "asyncssh": served_by(asyncssh_sftp),
    "openssh": served_by(sshd),
}


@contextlib.contextmanager
def toy_server(content: Mapping[str, object]) -> Iterator[SftpLogin]:
    """pytest-sftpserver: a dictionary of small texts; any sign-in works, nothing is refused."""
    key = read_private_key(Path(SERVER_KEY_PRIVATE).read_text(), None)
    server = ToyServer()
    server.start()
    try:
        with server.serve_content(content):
            yield SftpLogin(
                host=server.host,
                port=server.port,
                username="anyone",
                password="anything",
                host_keys=(f"{key.get_name()} {key.get_base64()}",),
                timeout_seconds=5,
            )
    finally:
        server.shutdown()
        server.server_close()
        server.join()


def until(claim: Callable[[], bool], seconds: float = 5) -> bool:
    """Wait for something to become true; whether it did."""
    ends_at = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.01)
    return True
