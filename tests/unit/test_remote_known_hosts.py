from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp import SftpLogin
from sftp_sync.remote.sftp.host_keys import Pins, pins_of
from sftp_sync.remote.sftp.known_hosts import lines_for, parsed_line
from tests.support.ssh_keys import make_key

KEY = make_key("ed25519").public


@pytest.mark.parametrize(
    ("hosts", "host", "port", "is_named"),
    [
        ("sftp.example.com", "sftp.example.com", 22, True),
        ("sftp.example.com", "SFTP.Example.com", 22, True),
        ("SFTP.example.com", "sftp.example.com", 22, True),
        ("sftp.example.com", "sftp.example.com", 2222, False),
        ("[sftp.example.com]:2222", "sftp.example.com", 2222, True),
        ("[sftp.example.com]:2222", "sftp.example.com", 22, False),
        ("a,sftp.example.com,b", "sftp.example.com", 22, True),
        ("*.example.com", "sftp.example.com", 22, True),
        ("*.example.com,!sftp.example.com", "sftp.example.com", 22, False),
        ("sftp?.example.com", "sftp1.example.com", 22, True),
        ("example.com", "sftp.example.com", 22, False),
        ("2001:db8::1", "2001:db8::1", 22, True),
        ("|1|AAAA|BBBB", "sftp.example.com", 22, False),
        ("|1|nonsense", "sftp.example.com", 22, False),
    ],
)
def test_a_line_names_a_host_or_not(hosts: str, host: str, port: int, is_named: bool) -> None:  # noqa: FBT001 - a column of the table
    assert bool(lines_for(f"{hosts} {KEY}\n", host, port)) == is_named


@pytest.mark.parametrize(
    "line", ["", "# a comment", "host ssh-ed25519", "host type !!!", "@odd a b c"]
)
def test_what_is_no_line_is_passed_over(line: str) -> None:
    assert parsed_line(line) is None


@given(st.text())
def test_no_pin_can_do_worse_than_be_refused(pin: str) -> None:
    for text in (pin, f"ssh-ed25519 {pin}", f"host ssh-ed25519 {pin}", f"@revoked {pin}"):
        with suppress(RemoteRefused):
            assert isinstance(pins_of(SftpLogin("host", "x", host_keys=(text,))), Pins)
