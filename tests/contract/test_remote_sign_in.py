"""Signing in: each form of key, and servers that know only old algorithms."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from sftp_sync.errors import ConfigError, RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.sandbox.quirks import Quirks
from tests.support.openssh import AS_ROOT, authorize, sshd, throwaway_user
from tests.support.sftp_servers import (
    PASSWORD,
    SftpServer,
    asyncssh_sftp,
    sandbox_sftp,
    signed_in,
    signing_with,
)
from tests.support.ssh_keys import Kind, make_key

KEY_FORMS = [
    (kind, form, passphrase)
    for kind in ("rsa", "ecdsa", "ecdsa384", "ecdsa521", "ed25519")
    for form in ("openssh", "pem", "pkcs8")
    for passphrase in (None, "correct horse")
    if (kind, form) != ("ed25519", "pem")  # there is no such form
]


@pytest.fixture(scope="module")
def openssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sshd(tmp_path_factory.mktemp("openssh")) as server:
        yield server


class TestKeys:
    @pytest.mark.parametrize(("kind", "form", "passphrase"), KEY_FORMS)
    def test_of_every_form_open_openssh(
        self, openssh: SftpServer, kind: Kind, form: str, passphrase: str | None
    ) -> None:
        key = make_key(kind, form, passphrase)
        authorize(openssh, key)
        assert signed_in(replace(openssh.login(), **signing_with(key)))

    @pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
    def test_open_the_sandbox(self, tmp_path: Path, kind: Kind) -> None:
        key = make_key(kind)
        with sandbox_sftp(tmp_path, key=key) as server:
            assert signed_in(replace(server.login(), **signing_with(key)))

    def test_of_somebody_else_are_turned_away_once(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, key=make_key("ed25519")) as server:
            login = replace(server.login(), **signing_with(make_key("ed25519")))
            with pytest.raises(RemoteRefused, match="private key") as caught:
                connect(login)
            assert server.sandbox is not None
            assert server.sandbox.journal.count("turned_away") == 1
        assert caught.value.step == "sign_in"
        assert "public half" in caught.value.fix

    def test_where_only_a_password_is_taken_name_the_setting(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            login = replace(server.login(), **signing_with(make_key("ed25519")))
            with pytest.raises(RemoteRefused, match="it takes: password") as caught:
                connect(login)
        assert "sftp.auth_type" in caught.value.fix

    @AS_ROOT
    def test_and_a_password_where_the_server_wants_both(self, tmp_path: Path) -> None:
        options = ("PasswordAuthentication yes", "AuthenticationMethods publickey,password")
        name = f"sftp-{secrets.token_hex(3)}"
        with throwaway_user(name, PASSWORD), sshd(tmp_path, options=options) as server:
            login = replace(server.login(), username=name)
            assert signed_in(replace(login, password=PASSWORD))
            with pytest.raises(RemoteRefused, match="it takes: password"):
                connect(login)


class TestOldServers:
    NAMES = ("diffie-hellman-group14-sha1", "ssh-rsa", "aes128-cbc", "hmac-sha1")

    def test_are_refused_with_the_very_line_to_write(self, tmp_path: Path) -> None:
        with (
            sandbox_sftp(tmp_path, Quirks(legacy_only=True)) as server,
            pytest.raises(RemoteRefused, match="outdated") as caught,
        ):
            connect(server.login())
        assert f"legacy_algorithms: [{', '.join(self.NAMES)}]" in caught.value.fix

    def test_are_spoken_to_where_named(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(legacy_only=True)) as server:
            assert signed_in(replace(server.login(), legacy_algorithms=self.NAMES))

    def test_that_need_one_more_name_are_told_with_those_already_there(
        self, tmp_path: Path
    ) -> None:
        with (
            sandbox_sftp(tmp_path, Quirks(legacy_only=True)) as server,
            pytest.raises(RemoteRefused) as caught,
        ):
            connect(replace(server.login(), legacy_algorithms=self.NAMES[:3]))
        assert f"legacy_algorithms: [{', '.join(self.NAMES)}]" in caught.value.fix

    @pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")  # the server's own
    def test_of_another_make_with_the_oldest_group(self, tmp_path: Path) -> None:
        options = {
            "server_host_keys": [asyncssh.generate_private_key("ssh-rsa")],
            "kex_algs": ["diffie-hellman-group1-sha1"],
            "encryption_algs": ["aes256-cbc"],
            "mac_algs": ["hmac-sha1"],
            "signature_algs": ["ssh-rsa"],
        }
        with asyncssh_sftp(tmp_path, options) as server:
            with pytest.raises(RemoteRefused, match="diffie-hellman-group1-sha1"):
                connect(server.login())
            names = ("diffie-hellman-group1-sha1", "ssh-rsa", "aes256-cbc", "hmac-sha1")
            assert signed_in(replace(server.login(), legacy_algorithms=names))

    def test_that_take_only_sha1_signatures_get_them_where_named(self, tmp_path: Path) -> None:
        key = make_key("rsa")
        with sandbox_sftp(tmp_path, Quirks(old_signatures=True), key=key) as server:
            login = replace(server.login(), **signing_with(key))
            with pytest.raises((RemoteRefused, RemoteUnavailable)) as caught:
                connect(login)
            assert "legacy_algorithms: [ssh-rsa]" in caught.value.fix
            assert signed_in(replace(login, legacy_algorithms=("ssh-rsa",)))

    def test_that_nothing_can_mend_are_told_apart(self, tmp_path: Path) -> None:
        with (
            sshd(tmp_path, options=("Ciphers chacha20-poly1305@openssh.com",)) as server,
            pytest.raises(RemoteRefused, match="no algorithm in common") as caught,
        ):
            connect(server.login())
        assert "chacha20-poly1305@openssh.com" in caught.value.message
        assert "legacy_algorithms" not in caught.value.fix

    def test_are_offered_nothing_old_unless_named(self, openssh: SftpServer) -> None:
        with connect(openssh.login()) as remote:
            transport = remote.connection.transport
            offered = (
                *transport.preferred_kex,
                *transport.preferred_keys,
                *transport.preferred_pubkeys,
                *transport.preferred_ciphers,
                *transport.preferred_macs,
            )
            assert transport.remote_cipher == "aes128-ctr"
        assert not [name for name in offered if "sha1" in name or "cbc" in name or "md5" in name]
        assert "ssh-rsa" not in offered

    def test_names_that_nobody_knows_are_a_mistake_in_the_configuration(self) -> None:
        login = SftpLogin(host="localhost", username="x", legacy_algorithms=("ssh-dss",))
        with pytest.raises(ConfigError, match="ssh-dss"):
            connect(login)
