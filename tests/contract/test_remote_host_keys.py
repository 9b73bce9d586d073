"""Host keys: nothing is trusted that is not pinned, in whatever form the pin was written."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.remote.sftp.host_keys import HostKey
from tests.support.openssh import require_program, sshd
from tests.support.sftp_servers import SftpServer, sandbox_sftp
from tests.support.ssh_keys import Kind, make_key

KINDS: tuple[Kind, ...] = ("rsa", "ecdsa", "ed25519")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with sandbox_sftp(tmp_path / "root") as server:
        yield server


def fingerprint(server: SftpServer) -> str:
    assert server.sandbox is not None
    return server.sandbox.fingerprint


def is_trusted(login: SftpLogin) -> bool:
    with connect(login) as remote:
        return remote.seen["host_key"].startswith("SHA256:")


class TestPins:
    def test_may_be_a_fingerprint(self, server: SftpServer) -> None:
        assert is_trusted(replace(server.login(), host_keys=(fingerprint(server),)))
        assert is_trusted(replace(server.login(), host_keys=(fingerprint(server) + "=",)))

    def test_may_be_a_public_key_with_or_without_a_comment(self, server: SftpServer) -> None:
        assert is_trusted(replace(server.login(), host_keys=(server.host_key,)))
        assert is_trusted(replace(server.login(), host_keys=(f"{server.host_key} root@sftp",)))

    def test_may_be_a_line_of_known_hosts(self, server: SftpServer) -> None:
        line = f"[127.0.0.1]:{server.port} {server.host_key}"
        assert is_trusted(replace(server.login(), host_keys=(line,)))

    def test_may_be_several_of_which_one_fits(self, server: SftpServer) -> None:
        next_key = make_key("ed25519").public
        assert is_trusted(replace(server.login(), host_keys=(next_key, server.host_key)))

    def test_that_cannot_be_read_are_named(self, server: SftpServer) -> None:
        for pin in ("SHA256:short", "ssh-ed25519 AAAA!", "nonsense", "ab:" * 15 + "ab"):
            with pytest.raises(RemoteRefused, match=r"sftp\.host_keys") as caught:
                connect(replace(server.login(), host_keys=(pin,)))
            assert caught.value.step == "host_key"


class TestAnUnknownKey:
    def test_is_refused_with_the_line_to_write(self, server: SftpServer) -> None:
        with pytest.raises(RemoteRefused, match="not known yet") as caught:
            connect(replace(server.login(), host_keys=()))
        assert caught.value.step == "host_key"
        assert fingerprint(server) in caught.value.message
        assert f'- "{fingerprint(server)}"' in caught.value.fix
        assert "Ask the partner" in caught.value.fix

    def test_gets_no_password(self, server: SftpServer) -> None:
        with pytest.raises(RemoteRefused):
            connect(replace(server.login(), host_keys=()))
        assert server.sandbox is not None
        assert server.sandbox.journal.count("signed_in") == 0
        assert server.sandbox.journal.count("turned_away") == 0


class TestAChangedKey:
    def test_is_refused_and_shows_old_and_new(self, server: SftpServer) -> None:
        old = make_key("ed25519").public
        with pytest.raises(RemoteRefused, match="another host key") as caught:
            connect(replace(server.login(), host_keys=(old,)))
        assert caught.value.who == "partner"
        assert fingerprint(server) in caught.value.message
        assert caught.value.message.count("SHA256:") == 2


class TestAKnownHostsFile:
    @pytest.fixture
    def known_hosts(self, tmp_path: Path) -> Path:
        return tmp_path / "known_hosts"

    def login(self, server: SftpServer, known_hosts: Path) -> SftpLogin:
        return replace(server.login(), host_keys=(), known_hosts=known_hosts)

    def test_names_the_host_with_its_port(self, server: SftpServer, known_hosts: Path) -> None:
        known_hosts.write_text(f"# ours\n\n[127.0.0.1]:{server.port} {server.host_key}\n")
        assert is_trusted(self.login(server, known_hosts))

    def test_may_be_hashed_by_openssh_itself(self, server: SftpServer, known_hosts: Path) -> None:
        require_program("ssh-keygen")
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        subprocess.run(["ssh-keygen", "-H", "-f", known_hosts], capture_output=True, check=True)
        assert known_hosts.read_text().startswith("|1|")
        assert is_trusted(self.login(server, known_hosts))

    def test_may_name_hosts_by_pattern(self, server: SftpServer, known_hosts: Path) -> None:
        known_hosts.write_text(f"sftp.example.com,[127.0.*]:{server.port} {server.host_key}\n")
        assert is_trusted(self.login(server, known_hosts))

    def test_of_another_host_or_port_trusts_nobody(
        self, server: SftpServer, known_hosts: Path
    ) -> None:
        known_hosts.write_text(f"127.0.0.1 {server.host_key}\nother {server.host_key}\n")
        with pytest.raises(RemoteRefused, match="not known yet"):
            connect(self.login(server, known_hosts))

    def test_may_revoke_a_key(self, server: SftpServer, known_hosts: Path) -> None:
        named = f"[127.0.0.1]:{server.port} {server.host_key}\n"
        known_hosts.write_text(f"{named}@revoked {named}")
        with pytest.raises(RemoteRefused, match="revoked"):
            connect(self.login(server, known_hosts))

    def test_with_only_an_authority_says_that_it_is_not_used(
        self, server: SftpServer, known_hosts: Path
    ) -> None:
        known_hosts.write_text(f"@cert-authority [127.0.0.1]:{server.port} {server.host_key}\n")
        with pytest.raises(RemoteRefused, match="@cert-authority"):
            connect(self.login(server, known_hosts))

    def test_that_is_missing_is_named(self, server: SftpServer, known_hosts: Path) -> None:
        with pytest.raises(RemoteRefused, match="known_hosts cannot be read") as caught:
            connect(self.login(server, known_hosts))
        assert caught.value.who == "you"
        assert "ssh-keyscan" in caught.value.fix


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_with_several_keys_is_asked_for_the_pinned_one(kind: Kind, tmp_path: Path) -> None:
    keys = {name: make_key(name) for name in KINDS}
    for name, key in keys.items():
        (tmp_path / name).write_text(key.private)
        (tmp_path / name).chmod(0o600)
    options = tuple(f"HostKey {tmp_path / name}" for name in keys)
    with sshd(tmp_path / "root", options=options) as server:
        assert is_trusted(replace(server.login(), host_keys=(keys[kind].public,)))
        # A bare fingerprint does not say which kind to ask for.
        bare = fingerprint_of(keys[kind].public)
        assert is_trusted(replace(server.login(), host_keys=(bare,)))
        other = fingerprint_of(make_key("ed25519").public)
        with pytest.raises(RemoteRefused, match="another host key"):
            connect(replace(server.login(), host_keys=(other,)))


def fingerprint_of(public: str) -> str:
    return HostKey("", base64.b64decode(public.split()[1])).fingerprint
