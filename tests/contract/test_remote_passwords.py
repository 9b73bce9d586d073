"""Signing in by password: plain, in a dialogue, expired, and not enough."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp import connect
from sftp_sync.sandbox.quirks import Quirks
from tests.support.openssh import AS_ROOT, sshd, throwaway_user
from tests.support.sftp_servers import (
    PASSWORD,
    asyncssh_sftp,
    sandbox_sftp,
    signed_in,
)


class TestPasswords:
    def test_open_the_sandbox(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            assert signed_in(server.login())

    def test_open_another_make_of_server(self, tmp_path: Path) -> None:
        with asyncssh_sftp(tmp_path) as server:
            assert signed_in(server.login())

    def test_answer_a_dialogue(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(keyboard_interactive_only=True)) as server:
            assert signed_in(server.login())
            with pytest.raises(RemoteRefused, match="does not let"):
                connect(replace(server.login(), password="wrong"))

    def test_are_not_enough_where_a_code_is_asked_for(self, tmp_path: Path) -> None:
        with (
            asyncssh_sftp(tmp_path, {"server_factory": _CodeWanted}) as server,
            pytest.raises(RemoteRefused, match="wants more than a password") as caught,
        ):
            connect(server.login())
        assert "Verification code" in caught.value.message

    def test_that_have_expired_are_called_so(self, tmp_path: Path) -> None:
        with (
            asyncssh_sftp(tmp_path, {"server_factory": _NewPasswordWanted}) as server,
            pytest.raises(RemoteRefused, match="has expired") as caught,
        ):
            connect(server.login())
        assert caught.value.who == "partner"

    def test_that_are_wrong_are_tried_once_and_not_shown(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            login = replace(server.login(), password="a wrong one")
            with pytest.raises(RemoteRefused, match="does not let partner in") as caught:
                connect(login)
            assert server.sandbox is not None
            assert server.sandbox.journal.count("turned_away") == 1
        assert "a wrong one" not in str(caught.value)
        assert "a wrong one" not in repr(login)
        assert caught.value.who == "you"

    @AS_ROOT
    def test_open_openssh(self, tmp_path: Path) -> None:
        name = f"sftp-{secrets.token_hex(3)}"
        options = ("PasswordAuthentication yes", "KbdInteractiveAuthentication no")
        with (
            throwaway_user(name, PASSWORD) as home,
            sshd(tmp_path, options=options) as server,
        ):
            login = replace(server.login(), username=name, auth_type="password", password=PASSWORD)
            with connect(login) as remote:
                assert {file.name for file in remote.list(str(home))} == {"inbox", "outbox"}
            with pytest.raises(RemoteRefused, match="does not let"):
                connect(replace(login, password="wrong"))

    def test_that_are_not_set_are_missed_before_anything_is_sent(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            with pytest.raises(RemoteRefused, match=r"sftp\.password is not set"):
                connect(replace(server.login(), password=None))
            assert server.sandbox is not None
            assert server.sandbox.journal.count("connected") == 0


class _NewPasswordWanted(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, _username: str, _password: str) -> bool:
        raise asyncssh.PasswordChangeRequired("Your password has expired.")


class _CodeWanted(asyncssh.SSHServer):
    """Asks for the password, and then for a code from somebody's telephone."""

    def __init__(self) -> None:
        self._asked = 0

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(
        self, _username: str, _language: str, _submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(
        self, _username: str, responses: Sequence[str]
    ) -> bool | tuple[str, str, str, list[tuple[str, bool]]]:
        self._asked += 1
        if self._asked > 1:
            return False
        assert list(responses) == [PASSWORD]
        return "", "", "", [("Verification code: ", True)]
