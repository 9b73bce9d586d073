"""A copy that was made while the daemon was at work is put back later: nobody is called twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.copies import LedgerCopy
from tests.support.daemons import Daemon, eventually, running, told
from tests.support.databases import EVERY_DATABASE, fresh_database

EVERY_SECOND = {"every": "1s"}
FORTY = numbers(40)
ONCE_EACH = dict.fromkeys(FORTY, 1)


@pytest.fixture(params=EVERY_DATABASE)
def called(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[CallHouse, Vendor]]:
    """Slowly enough for a copy to be made in the middle."""
    with vendor(tmp_path / "vendor") as one, fresh_database(request.param, tmp_path) as database:
        house = call_house(tmp_path / "house", one, requests_per_minute=600)
        if request.param == "postgresql":
            house.database = database.url
        yield house, one


@contextmanager
def sending(house: CallHouse, taking: Vendor, phones: Sequence[str]) -> Iterator[Daemon]:
    """A daemon that has called some of them, and goes on."""
    partner = house.campaign(import_schedule=EVERY_SECOND)
    house.pass_the_test()
    partner.drop("list.csv", a_list(phones))
    with running(house) as daemon:
        eventually(lambda: taking.count_taken() >= 10, "some are called")
        yield daemon


def test_a_copy_made_while_the_daemon_stays_up_is_known_when_it_is_put_back(
    called: tuple[CallHouse, Vendor], tmp_path: Path
) -> None:
    house, taking = called
    with sending(house, taking, FORTY) as daemon:
        copy = LedgerCopy.of(house, tmp_path / "copy")
        eventually(lambda: taking.count_taken() == 40, "all are called")
        assert daemon.stop() == 0
    copy.put_back()

    # At once: the lease that came with the copy is nobody's.
    synced = house.sync()

    assert taking.taken_numbers() == ONCE_EACH
    assert house.states() == {"accepted": 40}
    assert synced.code == 1
    assert "restored from a backup" in synced.said
    assert "restored from a backup" in told(house)
    assert house.sync("--quiet").code == 0


def test_a_daemon_ends_when_its_ledger_is_put_back_under_it(
    called: tuple[CallHouse, Vendor], tmp_path: Path
) -> None:
    house, taking = called
    house.accounts["vendor"]["requests_per_minute"] = 200
    with sending(house, taking, FORTY) as daemon:
        copy = LedgerCopy.of(house, tmp_path / "copy")
        before = taking.count_taken()
        eventually(lambda: taking.count_taken() > before, "more are called")
        copy.put_back()
        assert daemon.process.wait(30) == 1
        assert "was replaced while it was in use" in daemon.log
        assert "systemctl restart sftp-sync" in daemon.log
    assert taking.count_taken() < 40

    house.sync("--quiet")

    assert taking.taken_numbers() == ONCE_EACH
    assert house.states() == {"accepted": 40}


def test_a_daemon_ends_when_another_content_is_written_into_its_ledger(
    tmp_path: Path,
) -> None:
    with vendor(tmp_path / "vendor") as taking:
        house = call_house(tmp_path / "house", taking, requests_per_minute=600)
        with sending(house, taking, FORTY) as daemon:
            copy = LedgerCopy.of(house, tmp_path / "copy")
            before = taking.count_taken()
            eventually(lambda: taking.count_taken() >= before + 4, "more are called")
            copy.put_back_in_place()
            assert daemon.process.wait(30) == 1
            assert "was replaced while it was in use" in daemon.log

        house.sync("--quiet")

        assert taking.taken_numbers() == ONCE_EACH
        assert house.states() == {"accepted": 40}


def test_nothing_is_sent_of_which_the_state_directory_cannot_be_told(
    called: tuple[CallHouse, Vendor],
) -> None:
    house, taking = called
    partner = house.campaign()
    house.pass_the_test()
    partner.drop("list.csv", a_list(FORTY[:5]))
    house.collect()
    claims = house.state / "claims"
    shutil.rmtree(claims, ignore_errors=True)
    claims.write_text("in the way")

    synced = house.dispatch()

    assert taking.taken() == []
    assert house.states() == {"pending": 5}
    assert synced.code == 1
    assert f"What was claimed cannot be written to {claims}" in synced.said
    assert f"df -h {claims}" in told(house)
    claims.unlink()
    assert house.dispatch("--quiet").code == 0
    assert taking.taken_numbers() == dict.fromkeys(FORTY[:5], 1)
    assert told(house) == ""
