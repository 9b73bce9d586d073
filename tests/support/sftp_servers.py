"""SFTP servers for tests: each over a directory, each started and stopped by a `with`.

    with sandbox_sftp(root) as server, connect(server.login()) as remote: ...

`server.path("/inbox")` is what the server calls root/inbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sftp_sync.remote.sftp import SftpLogin
from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.sandbox.sftp import SftpSandbox
from sftp_sync.sandbox.sftp_door import SandboxUser
from tests.support.ssh_keys import KeyPair, make_key

USER = "partner"
PASSWORD = "correct horse"
SSHD = "/usr/sbin/sshd"
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


@contextlib.contextmanager
def sshd(
    root: Path, *, options: tuple[str, ...] = (), host_key: KeyPair | None = None
) -> Iterator[SftpServer]:
    """OpenSSH on loopback, with a configuration, a host key and a user's key of its own."""
    require_program(SSHD)
    make_folders(root)
    with tempfile.TemporaryDirectory(prefix="sshd-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # authorized_keys is read in the name of whoever signs in
        key, host_key = make_key("ed25519"), host_key or make_key("ed25519")
        (home / "authorized_keys").write_text(key.public + "\n")
        (home / "host_key").write_text(host_key.private)
        (home / "host_key").chmod(0o600)
        port = free_port()
        (home / "config").write_text("\n".join(_sshd_config(home, port, options)) + "\n")
        with _running_sshd(home, port) as process_id:
            yield SftpServer(
                port=port,
                root=root,
                host_key=host_key.public,
                user=_own_name(),
                password=None,
                key=key,
                base=str(root),
                authorized_keys=home / "authorized_keys",
                process_id=process_id,
            )


def authorize(server: SftpServer, key: KeyPair) -> None:
    """Let another key in at a running sshd."""
    assert server.authorized_keys is not None
    with server.authorized_keys.open("a") as authorized:
        authorized.write(key.public + "\n")


@contextlib.contextmanager
def frozen(process_ids: list[int]) -> Iterator[None]:
    """Stopped where they stand: sockets stay open, nothing is read or answered."""
    for process_id in process_ids:
        os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        for process_id in process_ids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGCONT)


def descendants(process_id: int) -> list[int]:
    """The processes that a server has started for its clients."""
    listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [each for child in map(int, listed) for each in (child, *descendants(child))]


def require_program(name: str) -> None:
    """A laptop may lack it; the pipeline may not."""
    if shutil.which(name) is not None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: apt-get install openssh-server")
    pytest.skip(f"{name} is not installed")


def make_folders(root: Path) -> None:
    for name in ("inbox", "inbox/archive", "outbox"):
        (root / name).mkdir(parents=True, exist_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sshd_config(home: Path, port: int, options: tuple[str, ...]) -> list[str]:
    return [
        *options,  # the first word on a subject counts
        *(() if "Subsystem" in "".join(options) else ("Subsystem sftp internal-sftp",)),
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {home}/host_key",
        f"PidFile {home}/pid",
        f"AuthorizedKeysFile {home}/authorized_keys",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        "MaxStartups 100",
    ]


@contextlib.contextmanager
def _running_sshd(home: Path, port: int) -> Iterator[int]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # in memory; sshd insists on it
    log = home / "log"
    command = [SSHD, "-D", "-e", "-f", str(home / "config")]
    # Newer ones shut out an address after failed sign-ins; older ones do not know the word.
    merciful = [*command, "-o", "PerSourcePenalties=no"]
    if subprocess.run([*merciful, "-t"], capture_output=True, check=False).returncode == 0:
        command = merciful
    with log.open("wb") as written:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=written)
    try:
        _wait_until_listening(port, running, log)
        yield running.pid
    finally:
        running.terminate()
        running.wait(SECONDS_TO_START)


def _wait_until_listening(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    ends_at = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends_at and running.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    pytest.fail(f"sshd does not start: {log.read_text()}")


def _own_name() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def throwaway_user(name: str, password: str) -> Iterator[Path]:
    """A system account with a password, for as long as the block lasts. Root only."""
    home = Path(tempfile.mkdtemp(prefix="home-"))
    make_folders(home)
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    subprocess.run(["useradd", "-M", "-d", str(home), "-p", hashed, name], check=True)
    try:
        subprocess.run(["chown", "-R", name, str(home)], check=True)
        yield home
    finally:
        subprocess.run(["userdel", name], check=True)
        shutil.rmtree(home)
