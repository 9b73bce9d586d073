"""OpenSSH's own server for tests, on loopback, with a configuration and keys of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sftp_servers import SftpServer, make_folders
from tests.support.ssh_keys import KeyPair, make_key

SSHD = "/usr/sbin/sshd"
SECONDS_TO_START = 10
AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("useradd") is None,
    reason="only root can make an account for a moment",
)


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
