from __future__ import annotations

import pytest

from sftp_sync.errors import (
    RemoteExists,
    RemoteMissing,
    RemoteRefused,
    RemoteUnavailable,
    SyncError,
)
from sftp_sync.remote.sftp import SftpLogin
from sftp_sync.remote.sftp.errors import Doing, translated
from sftp_sync.remote.sftp.session import StatusError

LOGIN = SftpLogin("sftp.example.com", "campaigns", password="hunter2")


def failing(code: int, words: str, step: str = "write_export") -> SyncError:
    with (
        pytest.raises(SyncError) as caught,
        translated(LOGIN, Doing(step, "write", "/outbox/result.csv")),
    ):
        raise StatusError(code, words)
    return caught.value


@pytest.mark.parametrize(
    ("code", "words", "kind", "says", "fix"),
    [
        (2, "No such file", RemoteMissing, "has no /outbox/result.csv", "create the folder"),
        (10, "", RemoteMissing, "has no /outbox/result.csv", "create the folder"),
        (3, "Permission denied", RemoteRefused, "does not permit it", "Ask the partner to allow"),
        (12, "", RemoteRefused, "does not permit it", "Ask the partner to allow"),
        (4, "Failure", RemoteRefused, "says only 'Failure'", "full disk"),
        (4, "", RemoteRefused, "says only ''", "full disk"),
        (4, "Quota exceeded for user", RemoteRefused, "no room left", "quota of campaigns"),
        (14, "", RemoteRefused, "no room left", "make room"),
        (15, "", RemoteRefused, "no room left", "make room"),
        (8, "", RemoteRefused, "does not support", "set up for it"),
        (11, "", RemoteExists, "already has", "move it away"),
        (6, "", RemoteUnavailable, "lost what lies behind it", "ask the partner"),
        (7, "", RemoteUnavailable, "lost what lies behind it", "ask the partner"),
        (99, "Virus found", RemoteRefused, "it says 'Virus found'", "Ask the partner"),
    ],
)
def test_each_status_becomes_a_sentence_that_helps(
    code: int, words: str, kind: type[SyncError], says: str, fix: str
) -> None:
    error = failing(code, words)
    assert type(error) is kind
    assert says in error.message
    assert fix.lower() in error.fix.lower()
    assert "/outbox/result.csv" in error.message
    assert "sftp.example.com" in error.message
    assert getattr(error, "step", None) == "write_export"


def test_a_failure_elsewhere_does_not_speak_of_disks() -> None:
    assert "disk" not in failing(4, "Failure", step="archive").fix


def test_names_are_shown_on_one_line() -> None:
    with (
        pytest.raises(SyncError) as caught,
        translated(LOGIN, Doing("read_import", "read", "/inbox/a\nb\udcff.csv")),
    ):
        raise StatusError(4, "Failure")
    assert r"/inbox/a\nb\xff.csv" in caught.value.message


def test_a_port_and_an_ipv6_address_are_shown_as_in_known_hosts() -> None:
    assert SftpLogin("sftp.example.com", "x").place == "sftp.example.com"
    assert SftpLogin("sftp.example.com", "x", 2222).place == "sftp.example.com:2222"
    assert SftpLogin("2001:db8::1", "x", 2222).place == "[2001:db8::1]:2222"


def test_no_secret_is_in_the_text_of_a_login() -> None:
    login = SftpLogin(
        "h", "u", password="hunter2", private_key="-----BEGIN", passphrase="swordfish"
    )
    for secret in ("hunter2", "-----BEGIN", "swordfish"):
        assert secret not in repr(login)
