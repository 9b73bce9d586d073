"""What goes wrong around a daemon: it keeps running, says so, and goes on when it can."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, update

from sftp_sync.ledger.schema import leases
from sftp_sync.sandbox.talkover import TalkoverSandbox
from sftp_sync.sandbox.talkover_faults import ALWAYS
from tests.support.api_servers import RawServer, deaf
from tests.support.calls import KNOWN, a_list, call_house, numbers, vendor
from tests.support.daemons import Daemon, eventually, running, told
from tests.support.daily_life import House, Partner
from tests.support.databases import fresh_database, written
from tests.support.disks import SmallDisk, small_disk
from tests.support.openssh import free_port
from tests.support.postgresql import postgresql
from tests.support.sftp_servers import sandbox_sftp

EVERY_SECOND = {"every": "1s"}


def next_receipt(partner: Partner, number: int) -> None:
    """A new list, and its receipt."""
    before = len(partner.found(".receipt.json"))
    partner.drop(f"list-{number}.csv", a_list(numbers(2, first=100 * number)))
    eventually(lambda: len(partner.found(".receipt.json")) > before, f"receipt {number}", 45)


@contextlib.contextmanager
def locked(house: House) -> Iterator[None]:
    """Somebody else writes to the ledger, and does not come to an end."""
    other = sqlite3.connect(house.state / "ledger.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@pytest.mark.slow
def test_a_ledger_that_is_locked_for_a_while_is_waited_for(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        next_receipt(partner, 1)
        with locked(house):
            # Nobody can write it down, so `status` sees it by the silence.
            eventually(lambda: "cannot write to the ledger" in told(house), "status says so")
            eventually(lambda: "cannot be used" in daemon.log, "the log says so", 60)
        next_receipt(partner, 2)
        assert told(house) == ""
        assert daemon.process.poll() is None
        assert daemon.stop() == 0


@pytest.mark.slow
def test_it_stops_in_time_also_while_the_ledger_is_locked(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon, locked(house):
        eventually(lambda: "cannot be used" in daemon.log, "it has noticed", 60)
        told_at = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - told_at < 10
    with running(house):
        assert told(house) == ""


@pytest.fixture
def house_on_a_small_disk(tmp_path: Path) -> Iterator[tuple[House, SmallDisk]]:
    """The ledger has a disk of its own; everything else has room."""
    with small_disk(tmp_path / "disk") as disk:
        if not disk.folder.is_mount():
            pytest.skip("no disk can be mounted here")
        yield House(tmp_path, database=f"sqlite:///{disk.folder}/ledger.db"), disk


@pytest.mark.slow
def test_a_full_disk_is_waited_for(house_on_a_small_disk: tuple[House, SmallDisk]) -> None:
    house, disk = house_on_a_small_disk
    partner = house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        next_receipt(partner, 1)
        with disk.filled():
            partner.drop("big.csv", a_list(numbers(2_000, first=5_000)))
            eventually(lambda: _is_in_trouble(daemon), "the log says so", 60)
        next_receipt(partner, 2)
        eventually(lambda: told(house) == "", "nothing is left to say")
        assert len(partner.found(".receipt.json")) == 3
        assert daemon.process.poll() is None


def _is_in_trouble(daemon: Daemon) -> bool:
    return bool(daemon.events("visit_failed") or daemon.events("step_failed"))


@contextlib.contextmanager
def read_only(database: str) -> Iterator[None]:
    """As after a failover to a standby: every connection is cut, and new ones may only read."""
    name = make_url(database).database
    with postgresql().administer() as administrator:
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        administrator.execute(cut, (name,))
        yield
        administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        administrator.execute(cut, (name,))


@pytest.mark.slow
def test_a_ledger_that_is_read_only_for_a_while_is_waited_for(tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as database:
        house = House(tmp_path, database=database.url)
        partner = house.local(import_schedule=EVERY_SECOND)
        with running(house) as daemon:
            next_receipt(partner, 1)
            with read_only(database.url):
                eventually(lambda: "read-only" in daemon.log, "the log says so", 60)
                eventually(lambda: "cannot write to the ledger" in told(house), "status says so")
            next_receipt(partner, 2)
            assert daemon.process.poll() is None


def test_a_partner_who_refuses_us_is_left_alone_and_the_others_run_on_time(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        house.served(server, "refused", import_schedule=EVERY_SECOND)
        house.campaigns["refused"]["sftp"]["password"] = "expired"
        house.pass_the_test("refused")
        partner = house.local(import_schedule=EVERY_SECOND)
        assert server.sandbox is not None
        with running(house):
            for number in range(1, 5):
                next_receipt(partner, number)
            said = told(house, "refused")
            assert "password" in said
            assert server.sandbox.journal.count("connected") == 1
            with house.ledger() as ledger:
                known = ledger.campaigns.get("refused")
                assert known.refused_sign_ins == 1
                assert known.not_before is not None
                runs = ledger.runs.all()
            assert runs["refused", "collect"].failures > 0
            assert runs["renewals", "collect"].failures == 0


def test_partners_that_do_not_answer_delay_nobody_else(tmp_path: Path) -> None:
    house = House(tmp_path)
    with RawServer(deaf) as silent, sandbox_sftp(tmp_path / "partner") as server:
        for number in range(20):
            name = f"silent-{number}"
            house.served(server, name, import_schedule=EVERY_SECOND, import_path=f"/{number}")
            house.campaigns[name]["sftp"] |= {"port": silent.port}
        house.pass_the_test()
        partner = house.local(import_schedule=EVERY_SECOND)
        with running(house) as daemon:
            eventually(lambda: len(daemon.events("step_failed")) >= 12, "many have failed", 60)
            began_at = time.monotonic()
            for number in range(1, 4):
                next_receipt(partner, number)
            assert time.monotonic() - began_at < 15
            eventually(lambda: "127.0.0.1" in told(house, "silent-3"), "status says so")


def test_one_that_was_taken_over_says_so_by_its_code_also_while_a_partner_hangs(
    tmp_path: Path,
) -> None:
    with (
        # Nobody ever answers what is let in here.
        socket.create_server(("127.0.0.1", 0)) as silent,
        sandbox_sftp(tmp_path / "partner") as server,
    ):
        house = House(tmp_path)
        house.served(server, import_schedule=EVERY_SECOND)
        hanging = {"port": silent.getsockname()[1], "timeout_seconds": 60}
        house.campaigns["renewals"]["sftp"] |= hanging
        house.pass_the_test()
        with running(house) as daemon, house.ledger() as ledger:
            eventually(lambda: ledger.runs.all()["renewals", "collect"].started_at, "a visit")
            with written(ledger) as connection:
                other = update(leases).where(leases.c.name == "daemon")
                connection.execute(other.values(holder="another", fence=leases.c.fence + 1))
            assert daemon.process.wait(30) == 75
            assert "taken over this ledger" in daemon.log
            assert not daemon.events("daemon_stopped")[-1]["is_all_over"]


def test_a_name_that_cannot_be_resolved_stops_nobody_else(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner") as server:
        house = House(tmp_path)
        house.served(server, "lost", import_schedule=EVERY_SECOND)
        house.campaigns["lost"]["sftp"]["host"] = "nowhere.invalid"
        house.pass_the_test("lost")
        partner = house.local(import_schedule=EVERY_SECOND)
        with running(house):
            next_receipt(partner, 1)
            eventually(lambda: "nowhere.invalid" in told(house, "lost"), "status says so")
            next_receipt(partner, 2)


def test_a_vendor_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover)
        phones = numbers(20)
        partner = home.campaign(import_schedule=EVERY_SECOND, results={"receipts": True})
        home.one_is_known(partner)
        talkover.break_with(server_error=ALWAYS)
        with running(home) as daemon:
            partner.drop("list.csv", a_list(phones))
            eventually(lambda: len(partner.found(".receipt.json")) == 2, "files still come in")
            eventually(lambda: "answers leave open" in told(home), "status says so")
            assert home.states()["uncertain"] < 10
            talkover.break_with()
            eventually(lambda: home.states()["accepted"] == 21, "all are sent", 90)
            eventually(lambda: told(home) == "", "nothing is left to say")
            assert daemon.process.poll() is None
        assert talkover.taken_numbers() == dict.fromkeys([KNOWN, *phones], 1)


def test_an_address_where_nobody_listens_is_tried_until_somebody_does(tmp_path: Path) -> None:
    port = free_port()
    with vendor(tmp_path / "vendor", port=port) as talkover:
        home = call_house(tmp_path / "home", talkover)
        home.campaign().drop("list.csv", a_list(numbers(5)))
        home.collect()
        talkover.sandbox.stop()
        with running(home) as daemon:
            eventually(lambda: daemon.is_told("WATCHDOG=1", 3), "some beats")
            assert home.states()["pending"] == 5
            talkover.sandbox = TalkoverSandbox(talkover.settings, talkover.folder)
            talkover.sandbox.start()
            eventually(lambda: home.states()["accepted"] == 5, "all are sent", 60)
            assert daemon.stop(signal.SIGTERM) == 0
