"""The daemon from its first moment to its last, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.calls import CallHouse, a_list, call_house, numbers, vendor
from tests.support.daemons import Daemon, eventually, is_running, running, told
from tests.support.freezing import freeze
from tests.support.sftp_servers import sandbox_sftp

EVERY_SECOND = {"every": "1s"}
TEN = numbers(10)


@pytest.fixture
def house(tmp_path: Path) -> CallHouse:
    """Where nobody answers at the vendor's."""
    return CallHouse(tmp_path)


def test_lists_are_collected_sent_and_reported_without_anybody_typing_anything(
    tmp_path: Path,
) -> None:
    with vendor(tmp_path / "vendor", speed=100) as talkover:
        home = call_house(tmp_path / "home", talkover)
        partner = home.campaign(import_schedule=EVERY_SECOND, results={"receipts": True})
        with running(home, is_installed=True) as daemon:
            partner.drop("list.csv", a_list(TEN))
            eventually(lambda: partner.found(".results.csv"), "results", 60)
            assert is_running(home)
            eventually(lambda: daemon.is_told("WATCHDOG=1"), "it says that it lives")
            assert daemon.stop() == 0
        assert not is_running(home)
        assert talkover.taken_numbers() == dict.fromkeys(TEN, 1)
        assert partner.found(".receipt.json")
        assert {"READY=1", "WATCHDOG=1", "STOPPING=1"} <= set(daemon.hear())
        assert any(line.startswith("STATUS=1 campaigns") for line in daemon.hear())


def test_status_says_when_each_campaign_runs_next(house: CallHouse) -> None:
    house.local(import_schedule="daily", daily_at="06:30", timezone="America/New_York")
    house.local("manual")
    house.local("disabled", import_schedule="hourly", enabled=False)
    assert house.status()["next_run"][11:] in {"10:30:00Z", "11:30:00Z"}
    assert house.status("manual")["next_run"] is None
    assert house.status("disabled")["next_run"] is None
    assert "next run 20" in house.run("status").stdout


def test_a_second_daemon_on_the_ledger_says_so_and_ends(house: CallHouse) -> None:
    house.local()
    with running(house) as first:
        second = house.run("daemon")
        assert second.code == 75
        assert "Another daemon runs on this ledger" in second.said
        assert first.process.poll() is None


def test_sync_beside_a_daemon_does_the_other_steps_and_says_so(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover)
        partner = home.campaign()
        with running(home):
            partner.drop("list.csv", a_list(TEN))
            beside = home.sync()
            assert beside.code == 0, beside.said
            assert "another process is sending" in beside.said
            eventually(lambda: len(talkover.taken()) == 10, "the daemon sends what sync collected")


def test_release_pause_and_resume_beside_a_daemon_take_effect_within_a_second(
    tmp_path: Path,
) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover)
        partner = home.campaign(hold={"rows_above": 5})
        partner.drop("list.csv", a_list(TEN))
        home.collect()
        with running(home) as daemon:
            daemon.wait_for("daemon_started")
            eventually(lambda: daemon.is_told("WATCHDOG=1", 2), "two beats with nothing to send")
            assert talkover.taken() == []
            assert home.run("pause", "renewals").code == 0
            assert home.run("release", "1").code == 0
            eventually(lambda: daemon.is_told("WATCHDOG=1", 4), "two more beats")
            assert talkover.taken() == []
            assert home.run("resume", "renewals").code == 0
            resumed_at = time.monotonic()
            eventually(talkover.taken, "it sends")
            assert time.monotonic() - resumed_at < 1.5
            eventually(lambda: len(talkover.taken()) == 10, "all of them")


def test_it_logs_json_and_no_secret(house: CallHouse) -> None:
    house.accounts["vendor"]["token"] = "a-token-that-nobody-may-see"
    house.local(import_schedule=EVERY_SECOND).drop("list.csv")
    with running(house) as daemon:
        daemon.wait_for("file_collected")
        daemon.stop()
    lines = daemon.log.splitlines()
    assert len(lines) > 3
    assert all({"event", "level", "timestamp"} <= set(json.loads(line[3:])) for line in lines)
    assert "a-token-that" not in daemon.log
    assert "2125550123" not in daemon.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_in_flight_end_and_nothing_is_doubled(
    tmp_path: Path, number: signal.Signals
) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        talkover.break_with(slow_answer=ALWAYS, slow_seconds=2.0)
        home = call_house(tmp_path / "home", talkover)
        partner = home.campaign()
        partner.drop("list.csv", a_list(TEN))
        home.collect()
        with running(home) as daemon:
            eventually(lambda: len(talkover.taken()) >= 2, "requests are in flight")
            told_at = time.monotonic()
            assert daemon.stop(number) == 0
            assert time.monotonic() - told_at < 10
        assert daemon.events("daemon_stopped")[-1]["is_all_over"]
        states = home.states()
        assert states["accepted"] == len(talkover.taken()) < 10
        assert states["sending"] == states["uncertain"] == 0
        talkover.break_with()
        with running(home):
            eventually(lambda: home.states()["accepted"] == 10, "the rest is sent")
        assert talkover.taken_numbers() == dict.fromkeys(TEN, 1)


def test_requests_that_do_not_end_in_time_are_looked_into_afterwards(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover, timeout_seconds=60, in_flight=2)
        talkover.break_with(slow_answer=ALWAYS, slow_seconds=30.0)
        home.campaign().drop("list.csv", a_list(TEN[:3]))
        home.collect()
        with running(home) as daemon:
            eventually(lambda: len(talkover.taken()) == 2, "requests are in flight")
            told_at = time.monotonic()
            assert daemon.stop() == 0
            assert 7 < time.monotonic() - told_at < 10
        talkover.break_with()
        with running(home):
            eventually(lambda: home.states()["accepted"] == 3, "all are settled", 60)
        assert talkover.taken_numbers() == dict.fromkeys(TEN[:3], 1)


def test_a_second_signal_hurries(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover, timeout_seconds=60)
        talkover.break_with(slow_answer=ALWAYS, slow_seconds=30.0)
        home.campaign().drop("list.csv", a_list(TEN))
        home.collect()
        with running(home) as daemon:
            eventually(talkover.taken, "a request is in flight")
            daemon.send(signal.SIGTERM)
            daemon.wait_for("daemon_stopping")
            assert daemon.stop(seconds=3) == 130


def test_killed_and_started_again_it_goes_on_at_once_and_doubles_nothing(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        talkover.break_with(slow_answer=When(every=3), slow_seconds=0.3, slow_accepts="last")
        home = call_house(tmp_path / "home", talkover)
        phones = numbers(60)
        home.campaign(import_schedule=EVERY_SECOND).drop("list.csv", a_list(phones))
        for kills in range(1, 4):
            with running(home) as daemon:
                enough = kills * 12
                eventually(lambda enough=enough: len(talkover.taken()) >= enough, "it sends")
                daemon.process.kill()
                daemon.process.wait()
            assert "The daemon has died" in told(home)
            assert not is_running(home)
        with running(home):
            eventually(lambda: home.states()["accepted"] == 60, "all are sent", 60)
        assert talkover.taken_numbers() == dict.fromkeys(phones, 1)


def test_a_run_that_was_cut_short_is_run_again_on_return(tmp_path: Path) -> None:
    with sandbox_sftp(tmp_path / "partner") as server:
        home = CallHouse(tmp_path)
        # Two looks ten seconds apart: time enough to die in between.
        partner = home.served(server, import_schedule="hourly", files={"settle_seconds": 10})
        partner.drop("list.csv")
        with running(home) as daemon:
            eventually(lambda: daemon.process and _began(home), "the first run has begun")
            daemon.process.kill()
        with home.ledger() as ledger:
            assert ledger.runs.all()["renewals", "collect"].finished_at is None
        home.change(files={"settle_seconds": 0})
        with running(home):
            eventually(lambda: partner.found(".receipt.json"), "a receipt")


def _began(home: CallHouse) -> bool:
    with home.ledger() as ledger:
        return ledger.runs.all()["renewals", "collect"].started_at is not None


@pytest.mark.slow
def test_one_that_was_stopped_past_its_lease_yields_to_the_one_that_took_over(
    tmp_path: Path,
) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        talkover.break_with(slow_answer=ALWAYS, slow_seconds=0.5)
        home = call_house(tmp_path / "home", talkover)
        phones = numbers(80)
        home.campaign(import_schedule=EVERY_SECOND).drop("list.csv", a_list(phones))
        with running(home) as first:
            eventually(lambda: len(talkover.taken()) >= 10, "it sends")
            freeze(first.process.pid, home.state / "ledger.db")
            eventually(lambda: "silent for" in told(home), "status says so")
            assert home.run("daemon").code == 75
            second = _second(home)
            first.send(signal.SIGCONT)
            assert first.process.wait(30) == 75
            assert "taken over this ledger" in first.log
            eventually(lambda: home.states()["accepted"] == 80, "the second sends the rest", 60)
            second.stop()
            second.close()
        assert talkover.taken_numbers() == dict.fromkeys(phones, 1)


def _second(home: CallHouse) -> Daemon:
    """Another daemon as systemd would start it, again and again until it may."""
    ends_at = time.monotonic() + 60
    while True:
        daemon = Daemon(home, home.home / "logs")
        eventually(
            lambda d=daemon: d.process.poll() is not None or d.is_told("READY=1"), "it decides"
        )
        if daemon.process.poll() is None:
            return daemon
        daemon.close()
        assert time.monotonic() < ends_at


@pytest.mark.slow
def test_two_hundred_idle_campaigns_cost_less_than_one_per_cent_of_a_core(house: CallHouse) -> None:
    house.accounts = {f"account-{each}": dict(house.accounts["vendor"]) for each in range(20)}
    house.local("campaign-0", account="account-0", import_schedule="daily", daily_at=_far_off())
    first = house.campaigns["campaign-0"]
    house.campaigns = {
        f"campaign-{each}": {
            **first,
            "account": f"account-{each % 20}",
            "campaign_id": str(each),
            "folder": f"{first['folder']}-{each}",
        }
        for each in range(200)
    }
    house.pass_the_test()
    with running(house) as daemon:
        eventually(lambda: daemon.is_told("WATCHDOG=1", 3), "it has settled")
        before, threads = _cpu_seconds(daemon), _count(daemon, "task")
        descriptors = _count(daemon, "fd")
        beats = daemon.hear().count("WATCHDOG=1")
        began_at = time.monotonic()
        eventually(lambda: daemon.is_told("WATCHDOG=1", beats + 10), "twenty seconds")
        share = (_cpu_seconds(daemon) - before) / (time.monotonic() - began_at)
        print(f"idle with 200 campaigns on 20 accounts: {share:.2%} of a core")  # noqa: T201 - a figure
        assert share < 0.01
        # The pool of the schedule begins with its first thread when something is due.
        eventually(lambda: _count(daemon, "task") <= threads + 1, "no thread is left behind")
        eventually(lambda: _count(daemon, "fd") <= descriptors, "no descriptor is left behind")


def _far_off() -> str:
    return time.strftime("%H:%M", time.gmtime(time.time() + 6 * 3600))


def _cpu_seconds(daemon: Daemon) -> float:
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _count(daemon: Daemon, what: str) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/{what}").iterdir()))


def test_an_account_without_its_token_stops_nobody_else(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover)
        home.accounts["other"] = home.accounts["vendor"] | {"token": {"env": "NOT_THERE"}}
        home.campaign(import_schedule=EVERY_SECOND).drop("list.csv", a_list(TEN))
        home.campaign("other", account="other", campaign_id="other")
        with running(home):
            eventually(lambda: len(talkover.taken()) == 10, "the account with a token sends")
            assert "NOT_THERE" in told(home, "other")
