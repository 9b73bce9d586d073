"""What a running daemon does beside its work: it shows itself and tells people."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.daemons import eventually, running
from tests.support.daily_life import House
from tests.support.hooks import a_hook
from tests.support.mail_servers import mail_server
from tests.support.openssh import free_port


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "house")
    made.home.mkdir()
    made.local(enabled=True)
    return made


def configure(house: House, **blocks: object) -> None:
    """Other blocks beside the campaigns."""
    document = json.loads(house.config.read_text("utf-8"))
    document.update(blocks)
    house.config.write_text(json.dumps(document), "utf-8")


def asked(port: int, path: str = "/") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_the_page_is_there_while_the_daemon_runs_and_moves_with_the_configuration(
    house: House,
) -> None:
    first, second = free_port(), free_port()
    configure(house, web={"listen": f"127.0.0.1:{first}"})
    with running(house) as daemon:
        eventually(lambda: asked(first, "/healthz")[0] == 200, "the page is there")
        assert asked(first, "/readyz")[0] == 200
        assert "renewals" in asked(first)[1]
        assert 'sftp_sync_campaign_ready{campaign="renewals"} 1.0' in asked(first, "/metrics")[1]
        configure(house, web={"listen": f"127.0.0.1:{second}"})
        daemon.reload()
        eventually(lambda: asked(second, "/healthz")[0] == 200, "the page has moved")
        assert asked(first, "/healthz")[0] == 0
        configure(house, web=None)
        daemon.reload()
        eventually(lambda: asked(second, "/healthz")[0] == 0, "the page is gone")
        assert daemon.stop() == 0


def test_a_page_that_cannot_be_shown_stops_nothing(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configure(house, web={"listen": f"127.0.0.1:{port}"})
        with running(house) as daemon:
            daemon.wait_for("daemon_started")
            told = house.run("status", "--json").json
            assert f"cannot listen on 127.0.0.1:{port}" in json.dumps(told)


def test_people_are_told_and_the_secret_is_in_no_log(house: House) -> None:
    with a_hook() as hook, mail_server() as server:
        house.environment |= {
            "HOOK_URL": hook.url,
            "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        }
        notify = [
            {"webhook": {"env": "HOOK_URL"}},
            {"email": "ops@example.com", "smtp": {"env": "SMTP_URL"}},
        ]
        house.change("renewals", import_path="/elsewhere")
        configure(house, notify=notify)
        with running(house) as daemon:
            eventually(lambda: hook.events and server.mails, "all were told", 40)
            log = daemon.log
    assert hook.events == [("raised", "renewals", "connection_untested")]
    assert "renewals: connection untested" in str(server.mails[0]["Subject"])
    assert "very-secret" not in log
    assert "announced" in log
