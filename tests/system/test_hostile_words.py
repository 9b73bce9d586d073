"""What servers and vendors say is shown, and moves nothing on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sftp_sync.errors import NeedsOperator, printable
from tests.support import api_servers as servers
from tests.support.api_servers import RawServer, Visitor
from tests.support.crashing import run
from tests.support.vendors import CAMPAIGN, TOKEN

# Clears the screen, sets the title, rings; and the one-byte forms that some terminals know.
HOSTILE = "\x1b[2J\x1b]0;owned\x07 all is well \x9b2J\u202e"
MOVES = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


def greet(visitor: Visitor) -> None:
    visitor.say(f"{HOSTILE}\r\nSSH-2.0-{HOSTILE}\r\n".encode())
    visitor.read_request()


def refuse(visitor: Visitor) -> None:
    body = json.dumps({"success": False, "message": HOSTILE}).encode()
    while visitor.read_request():
        visitor.say(servers.answer(403, body))


@pytest.mark.parametrize("options", [(), ("--json",), ("--verbose",)])
def test_what_a_server_and_a_vendor_say_is_spelled_out(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with RawServer(greet) as partner, RawServer(refuse) as vendor:
        sftp = {"host": "127.0.0.1", "port": int(partner.url.rpartition(":")[2])}
        sftp |= {"username": "us", "password": "a-password", "timeout_seconds": 2}
        document = {
            "state_dir": str(tmp_path / "state"),
            "accounts": {
                "vendor": {"provider": "talkover", "token": TOKEN, "base_url": vendor.url}
            },
            "campaigns": {
                "renewals": {
                    "account": "vendor",
                    "campaign_id": CAMPAIGN,
                    "sftp": sftp,
                    "import_path": "/inbox",
                    "export_path": "/outbox",
                }
            },
        }
        config = tmp_path / "config.yaml"
        config.touch(0o600)
        config.write_text(json.dumps(document))
        words = ("test-connection", "--config", str(config), *options)
        done = run(*words, environment={"NO_COLOR": "1", "COLUMNS": "300"})

    assert done.code == 1, done.said
    assert "all is well" in done.said
    assert [sign for sign in MOVES if sign in done.said] == []


def test_every_message_of_ours_is_one_that_can_be_shown() -> None:
    error = NeedsOperator(f"It says {HOSTILE!s}.\nTwo lines.", fix=HOSTILE)
    assert error.message.count("\n") == 1
    assert [sign for sign in MOVES if sign in str(error)] == []
    assert printable("Grüße, 日本 😀") == "Grüße, 日本 😀"
