"""The sandbox's server, seen by somebody else's client: it must be as strict as a real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.sandbox.sftp import SandboxUser, SftpSandbox
from tests.support.sftp_servers import make_folders


@contextmanager
def client_of(sandbox: SftpSandbox, user: str, password: str) -> Iterator[paramiko.SFTPClient]:
    with paramiko.Transport((sandbox.host, sandbox.port)) as transport:
        transport.connect(username=user, password=password)
        client = transport.open_sftp_client()
        assert client is not None
        yield client


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SftpSandbox]:
    users = []
    for name in ("ann", "bob"):
        make_folders(tmp_path / name)
        users.append(SandboxUser(name, tmp_path / name, f"{name}'s password"))
    with SftpSandbox(users) as sandbox:
        yield sandbox


@pytest.fixture
def ann(sandbox: SftpSandbox) -> Iterator[paramiko.SFTPClient]:
    with client_of(sandbox, "ann", "ann's password") as client:
        yield client


def test_each_user_sees_only_their_own_files(
    sandbox: SftpSandbox, ann: paramiko.SFTPClient, tmp_path: Path
) -> None:
    with ann.open("/inbox/of-ann.csv", "w") as written:
        written.write(b"phone\n")
    with client_of(sandbox, "bob", "bob's password") as bob:
        assert bob.listdir("/inbox") == ["archive"]
    assert (tmp_path / "ann/inbox/of-ann.csv").read_bytes() == b"phone\n"


def test_nobody_gets_in_with_the_password_of_another(sandbox: SftpSandbox) -> None:
    for user, password in (("ann", "bob's password"), ("eve", "ann's password"), ("ann", "")):
        with pytest.raises(paramiko.AuthenticationException), client_of(sandbox, user, password):
            pass
    assert sandbox.journal.count("turned_away") == 3


@pytest.mark.parametrize("path", ["/../bob/inbox", "../../etc", "/inbox/../../bob"])
def test_no_path_leads_out(ann: paramiko.SFTPClient, path: str) -> None:
    with pytest.raises(OSError, match=r"No such file|Permission"):
        ann.listdir(path)


def test_no_link_leads_out(ann: paramiko.SFTPClient, tmp_path: Path) -> None:
    ann.symlink(str(tmp_path / "bob"), "/inbox/bob")
    for act in (ann.listdir, ann.stat):
        with pytest.raises(OSError, match="Permission"):
            act("/inbox/bob")
    with pytest.raises(OSError, match="Permission"):
        ann.open("/inbox/bob/inbox/new.csv", "w")
    assert ann.readlink("/inbox/bob") == str(tmp_path / "bob")


def test_a_link_inside_is_followed(ann: paramiko.SFTPClient) -> None:
    with ann.open("/inbox/leads.csv", "w") as written:
        written.write(b"phone\n")
    ann.symlink("leads.csv", "/inbox/link.csv")
    with ann.open("/inbox/link.csv") as opened:
        assert opened.read() == b"phone\n"


def test_plain_rename_refuses_a_taken_name_and_posix_rename_does_not(
    ann: paramiko.SFTPClient,
) -> None:
    for name in ("a", "b"):
        with ann.open(f"/inbox/{name}.csv", "w") as written:
            written.write(name.encode())
    with pytest.raises(OSError, match="Failure"):
        ann.rename("/inbox/a.csv", "/inbox/b.csv")
    ann.posix_rename("/inbox/a.csv", "/inbox/b.csv")
    with ann.open("/inbox/b.csv") as opened:
        assert opened.read() == b"a"


def test_modes_times_and_folders_are_real(ann: paramiko.SFTPClient, tmp_path: Path) -> None:
    ann.mkdir("/inbox/new")
    with ann.open("/inbox/new/leads.csv", "w") as written:
        written.write(b"phone\n")
        written.chmod(0o600)
    ann.utime("/inbox/new/leads.csv", (1_700_000_000, 1_700_000_001))
    found = (tmp_path / "ann/inbox/new/leads.csv").stat()
    assert found.st_mode & 0o777 == 0o600
    assert found.st_mtime == 1_700_000_001
    ann.remove("/inbox/new/leads.csv")
    ann.rmdir("/inbox/new")
    assert ann.normalize("/inbox/../outbox") == "/outbox"
    assert ann.listdir("/inbox") == ["archive"]


def test_old_times_can_be_rehearsed(tmp_path: Path) -> None:
    make_folders(tmp_path)
    users = [SandboxUser("ann", tmp_path, "x")]
    with (
        SftpSandbox(users, quirks=Quirks(old_times=1_500_000_000)) as sandbox,
        client_of(sandbox, "ann", "x") as ann,
    ):
        with ann.open("/inbox/leads.csv", "w") as written:
            written.write(b"phone\n")
        assert ann.stat("/inbox/leads.csv").st_mtime == 1_500_000_000


def test_its_host_key_stays_the_same_where_it_is_kept(tmp_path: Path) -> None:
    keys = [SftpSandbox([], keys_folder=tmp_path / "keys").public_key for _ in range(2)]
    keys.append(SftpSandbox([]).public_key)
    assert keys[0] == keys[1] != keys[2]
    assert (tmp_path / "keys/host_key").stat().st_mode & 0o777 == 0o600


def test_several_clients_are_served_at_once_and_it_stops_under_them(tmp_path: Path) -> None:
    make_folders(tmp_path)
    users = [SandboxUser("ann", tmp_path, "x")]
    with SftpSandbox(users) as sandbox:
        login = SftpLogin(
            sandbox.host, "ann", sandbox.port, password="x", host_keys=(sandbox.fingerprint,)
        )
        remotes = [connect(login) for _ in range(3)]
        for remote in remotes:
            assert [file.name for file in remote.list("/inbox")] == ["archive"]
        assert sandbox.journal.open_now == 3
        assert sandbox.journal.most_open_at_once == 3
        port = sandbox.port
    for remote in remotes:
        remote.close()
    with SftpSandbox(users, port=port) as again:
        assert again.port == port


@pytest.mark.parametrize("kind", ["direct-tcpip", "x11"])
def test_it_serves_nothing_but_sftp(sandbox: SftpSandbox, kind: str) -> None:
    with paramiko.Transport((sandbox.host, sandbox.port)) as transport:
        transport.connect(username="ann", password="ann's password")
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel(kind, ("127.0.0.1", 22), ("127.0.0.1", 22))
