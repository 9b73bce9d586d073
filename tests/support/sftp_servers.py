"""SFTP servers for tests: each over a directory, each started and stopped by a `with`.

    with sandbox_sftp(root) as server, connect(server.login()) as remote: ...

`server.path("/inbox")` is what the server calls root/inbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh

from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.sandbox.sftp import SftpSandbox
from sftp_sync.sandbox.sftp_door import SandboxUser
from tests.support.ssh_keys import KeyPair

USER = "partner"
PASSWORD = "correct horse"
SECONDS_TO_START = 10


@dataclass(frozen=True)
class SftpServer:
    """A running server and how to sign in there."""

    port: int
    root: Path
    host_key: str
    user: str = USER
    password: str | None = PASSWORD
    key: KeyPair | None = None
    base: str = ""
    host: str = "127.0.0.1"
    sandbox: SftpSandbox | None = field(default=None, compare=False)
    authorized_keys: Path | None = None
    process_id: int | None = None

    def path(self, path: str) -> str:
        """A path under the root, as this server names it."""
        return self.base + path

    def login(self) -> SftpLogin:
        """How to get in; `dataclasses.replace` makes it another."""
        login = SftpLogin(
            host=self.host,
            port=self.port,
            username=self.user,
            host_keys=(self.host_key,),
            timeout_seconds=5,
        )
        if self.password is not None:
            return replace(login, password=self.password)
        return login if self.key is None else replace(login, **signing_with(self.key))


def signed_in(login: SftpLogin) -> bool:
    with connect(login) as remote:
        return remote.seen["sign_in"].startswith(login.username)


def signing_with(key: KeyPair) -> dict[str, Any]:
    """What changes in a login that uses this key."""
    return {
        "auth_type": "private_key",
        "private_key": key.private,
        "passphrase": key.passphrase,
    }


@contextlib.contextmanager
def sandbox_sftp(
    root: Path, quirks: Quirks | None = None, key: KeyPair | None = None
) -> Iterator[SftpServer]:
    """Our own server, plain or with quirks."""
    make_folders(root)
    public_keys = () if key is None else (key.public,)
    users = [SandboxUser(USER, root, PASSWORD, public_keys)]
    with SftpSandbox(users, quirks=quirks) as sandbox:
        yield SftpServer(
            port=sandbox.port, root=root, host_key=sandbox.public_key, key=key, sandbox=sandbox
        )


@contextlib.contextmanager
def asyncssh_sftp(root: Path, options: dict[str, Any] | None = None) -> Iterator[SftpServer]:
    """Another make: asyncssh, in a thread of its own."""
    make_folders(root)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    served: dict[str, Any] = {
        "server_host_keys": [host_key],
        "server_factory": _AsyncsshDoor,
        "sftp_factory": lambda chan: asyncssh.SFTPServer(chan, chroot=os.fsencode(root)),
        **(options or {}),
    }

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen("127.0.0.1", 0, **served)

    with _loop_in_thread() as run:
        acceptor = run(listen())
        try:
            public = served["server_host_keys"][0].export_public_key().decode().strip()
            yield SftpServer(port=acceptor.get_port(), root=root, host_key=public)
        finally:
            run(_closed(acceptor))


async def _closed(acceptor: asyncssh.SSHAcceptor) -> None:
    acceptor.close()
    await acceptor.wait_closed()


class _AsyncsshDoor(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@contextlib.contextmanager
def _loop_in_thread() -> Iterator[Callable[[Any], Any]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(SECONDS_TO_START)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS_TO_START)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def make_folders(root: Path) -> None:
    for name in ("inbox", "inbox/archive", "outbox"):
        (root / name).mkdir(parents=True, exist_ok=True)
