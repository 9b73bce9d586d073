"""What a running daemon does beside its work: it shows itself and tells people."""

from __future__ import annotations

import json
import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from sftp_sync.config import load
from sftp_sync.daemon.porter import Porter
from sftp_sync.ledger import Ledger
from sftp_sync.wiring.parts import nobody_watches, now, open_ledger, surroundings
from tests.support.daemons import eventually, running
from tests.support.daily_life import House
from tests.support.databases import written
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


@contextmanager
def a_porter(house: House) -> Iterator[tuple[Porter, Ledger]]:
    """Who looks after a house, asked for each round by hand."""
    config = load(house.config, os.environ)
    with open_ledger(config) as ledger:
        around = surroundings(config, ledger, nobody_watches, threading.Event())
        with Porter(ledger, around) as porter:
            porter.take_up(config)
            yield porter, ledger


def test_one_who_cannot_be_told_keeps_neither_the_others_nor_the_house_waiting(
    house: House,
) -> None:
    house.change("renewals", import_path="/elsewhere")
    with a_hook() as hook, mail_server(password="p\u00e4ss") as server:
        mail = {
            "email": "ops@example.com",
            "smtp": f"smtp://me:p%C3%A4ss@127.0.0.1:{server.port}",
        }
        configure(house, notify=[mail, {"webhook": hook.url}])
        with a_porter(house) as (porter, ledger):
            porter.look_after()
            assert hook.events == [("raised", "renewals", "connection_untested")]
            assert now() - ledger.retention.tidied_at() < timedelta(minutes=1)
            (notice,) = ledger.notices.all()
            assert notice.scope == "e-mail to ops@example.com"
    # Whose only way of being told is broken looks here.
    (told,) = house.run("status", "--json").json["attention"]
    assert told == f"{notice.message} {notice.fix}".strip()


def test_the_house_is_kept_also_where_it_cannot_be_seen_who_was_told(house: House) -> None:
    with a_porter(house) as (porter, ledger):
        with written(ledger) as connection:
            connection.execute(text("ALTER TABLE announcements RENAME TO gone"))
        porter.look_after()
        assert now() - ledger.retention.tidied_at() < timedelta(minutes=1)


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


def test_a_heartbeat_is_asked_while_all_is_well_and_what_needs_a_person_does_not_silence_it(
    house: House,
) -> None:
    with a_hook() as hook:
        house.environment |= {"PING_URL": hook.url}
        house.change("renewals", import_path="/elsewhere")
        configure(house, notify=[{"heartbeat": {"env": "PING_URL"}}])
        with running(house) as daemon:
            eventually(lambda: hook.beats, "it was asked", 40)
            log = daemon.log
    assert "very-secret" not in log


class TestTrying:
    """What `notify test` says."""

    def test_everybody_is_told_and_asked(self, house: House) -> None:
        with a_hook() as hook, mail_server() as server:
            house.environment |= {
                "HOOK_URL": hook.url,
                "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            }
            notify = [
                {"webhook": {"env": "HOOK_URL"}, "after": "5m"},
                {"email": "ops@example.com", "smtp": {"env": "SMTP_URL"}},
                {"heartbeat": {"env": "HOOK_URL"}},
            ]
            configure(house, notify=notify)
            said = house.run("notify", "test")
        assert said.code == 0, said.said
        assert [line.split()[0] for line in said.stdout.splitlines()] == ["ok", "ok", "ok"]
        host = socket.gethostname()
        assert [document.get("host") for document in hook.told] == [None, host]
        assert hook.beats == 1
        assert f"[sftp-sync {host}] test" in str(server.mails[0]["Subject"])

    def test_what_fails_is_said_of_each_with_what_to_do(self, house: House) -> None:
        with a_hook() as hook:
            hook.answers = [404, 503]
            house.environment |= {"HOOK_URL": hook.url}
            told = [{"heartbeat": {"env": "HOOK_URL"}}, {"webhook": {"env": "HOOK_URL"}}]
            configure(house, notify=told)
            said = house.run("notify", "test")
        assert said.code == 1
        assert "FAILED  heartbeat (env HOOK_URL): The heartbeat answered 404." in said.stderr
        assert "FAILED  webhook (env HOOK_URL): The webhook answered 503." in said.stderr
        assert "very-secret" not in said.said

    def test_where_nobody_is_to_be_told_it_says_so(self, house: House) -> None:
        configure(house, notify=[])
        said = house.run("notify", "test")
        assert (said.code, "has no `notify`" in said.stderr) == (1, True)
