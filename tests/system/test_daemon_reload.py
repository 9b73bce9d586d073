"""A new configuration while the daemon runs: taken over whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from sftp_sync.sandbox.talkover_faults import ALWAYS
from tests.support.calls import a_list, call_house, numbers, vendor
from tests.support.daemons import eventually, running, told
from tests.support.daily_life import House

EVERY_SECOND = {"every": "1s"}
POOLED = 10
FILES_OF_A_CONNECTION = 2  # the database and its log; what they share is one more


def general(house: House) -> str:
    """What `status` says beside the campaigns."""
    return " ".join(house.run("status", "--json").json["attention"])


HELD = {"hold": {"first_run_older_than": None}}


def test_a_broken_configuration_is_not_taken_over_and_status_says_so(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        good = house.config.read_text("utf-8")
        house.config.write_text(good.replace('"import_path"', '"imprt_path"'), "utf-8")
        daemon.reload()
        refused = daemon.events("configuration_refused")
        assert len(refused) == 1
        assert "imprt_path" in refused[0]["reason"]
        assert "\n" not in refused[0]["reason"]
        assert "check-config" in refused[0]["fix"]
        house.config.write_text(good, "utf-8")
        said = told(house)
        assert "was not taken over" in said
        assert "imprt_path" in said
        partner.drop("list.csv")
        eventually(lambda: partner.found(".receipt.json"), "it runs on with the old one")
        daemon.reload()
        assert "was not taken over" not in told(house)
        assert daemon.is_told("RELOADING=1", 2)
        assert any(line.startswith("MONOTONIC_USEC=") for line in daemon.told)


def test_a_file_that_was_changed_and_not_taken_up_is_told_until_it_is(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local()
    with running(house) as daemon:
        assert "has changed since" not in general(house)
        house.config.write_text(house.config.read_text("utf-8") + "# another one\n", "utf-8")
        moment = time.time() - 60
        os.utime(house.config, (moment, moment))
        said = eventually(lambda: general(house), "it is told")
        assert f"{house.config} has changed since. Type: systemctl reload sftp-sync" in said
        daemon.reload()
        eventually(lambda: not general(house), "it is told no more")


def test_a_secret_that_is_not_there_keeps_the_old_configuration(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        house.accounts["vendor"] = house.accounts["vendor"] | {"token": {"env": "NOT_THERE"}}
        house.write()
        daemon.reload()
        assert "NOT_THERE" in daemon.wait_for("configuration_refused")["reason"]


def test_another_ledger_takes_a_restart(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        text = house.config.read_text("utf-8")
        house.config.write_text(text.replace('state"', 'elsewhere"'), "utf-8")
        daemon.reload()
        assert "restart" in daemon.wait_for("configuration_refused")["fix"]
        house.config.write_text(text, "utf-8")
        assert "restart" in told(house)


def test_campaigns_come_and_go_with_a_reload(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = house.local("first", import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        first.drop("one.csv")
        eventually(lambda: first.found(".receipt.json"), "the first is served")
        second = house.local("second", import_schedule=EVERY_SECOND, account="vendor")
        gone = house.campaigns.pop("first")
        house.write()
        daemon.reload()
        assert daemon.wait_for("configuration_loaded")["campaigns"] == 1
        first.drop("two.csv", b"phone\n+12125550177\n")
        second.drop("one.csv")
        eventually(lambda: second.found(".receipt.json"), "the second is served")
        with house.ledger() as ledger:
            before = ledger.runs.all()["second", "collect"]
            assert ("first", "collect") not in ledger.runs.all()
            eventually(lambda: ledger.runs.all()["second", "collect"] != before, "one more run")
        assert len(first.found(".receipt.json")) == 1
        house.campaigns["first"] = gone
        house.write()
        daemon.reload()
        eventually(lambda: len(first.found(".receipt.json")) == 2, "the first is back")


def test_requests_in_flight_survive_a_reload(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        talkover.break_with(slow_answer=ALWAYS, slow_seconds=1.0)
        home = call_house(tmp_path / "home", talkover)
        phones = numbers(30)
        home.campaign(import_schedule=EVERY_SECOND).drop("list.csv", a_list(phones))
        with running(home) as daemon:
            for reloads in range(1, 4):
                eventually(lambda n=reloads: len(talkover.taken()) >= 4 * n, "requests in flight")
                daemon.reload()
            talkover.break_with()
            eventually(lambda: home.states()["accepted"] == 30, "all are sent")
            assert not daemon.events("rows_taken_over")
        assert talkover.taken_numbers() == dict.fromkeys(phones, 1)


def test_a_token_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as talkover:
        home = call_house(tmp_path / "home", talkover)
        token = tmp_path / "token"
        token.write_text("wrong", "utf-8")
        right = home.accounts["vendor"]["token"]
        home.accounts["vendor"] = home.accounts["vendor"] | {"token": {"file": str(token)}}
        home.campaign(import_schedule=EVERY_SECOND).drop("list.csv", a_list(numbers(3)))
        with running(home) as daemon:
            eventually(lambda: "token" in told(home).lower(), "status says that it is refused")
            token.write_text(right, "utf-8")
            daemon.reload()
            eventually(lambda: home.states()["accepted"] == 3, "it sends")
            eventually(lambda: told(home) == "", "nothing is left to say")


def test_many_reloads_leave_no_thread_and_no_descriptor_behind(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local(import_schedule=EVERY_SECOND)
    with running(house) as daemon:
        proc = Path(f"/proc/{daemon.process.pid}")

        def counts() -> tuple[int, int]:
            # The ledger's pool opens a connection when that many threads first need one at once.
            descriptors = [name for name in opened(proc) if "/ledger.db" not in name]
            return len(list((proc / "task").iterdir())), len(descriptors)

        for _ in range(3):
            daemon.reload()
        eventually(lambda: daemon.is_told("WATCHDOG=1", 2), "it has settled")
        threads, descriptors = counts()
        for _ in range(20):
            daemon.reload()
        eventually(
            lambda: counts()[0] <= threads + 2 and counts()[1] <= descriptors + 2,
            f"as before: {threads} threads, {descriptors} descriptors",
        )
        ledger = sum("/ledger.db" in name for name in opened(proc))
        assert ledger <= POOLED * FILES_OF_A_CONNECTION + 1, ledger


def opened(proc: Path) -> list[str]:
    """What a process has open, by name; what is closed meanwhile is left out."""
    names = []
    for link in (proc / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(str(link.readlink()))
    return names
