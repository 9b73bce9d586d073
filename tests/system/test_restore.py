"""A day is lost: the ledger is put back from a backup, and nobody is called twice."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor


@pytest.fixture
def called(tmp_path: Path) -> Iterator[tuple[CallHouse, Vendor]]:
    with vendor(tmp_path / "vendor") as one:
        yield call_house(tmp_path / "house", one), one


def test_what_was_called_after_the_backup_is_found_and_the_rest_is_called_once(
    called: tuple[CallHouse, Vendor], tmp_path: Path
) -> None:
    house, vendor = called
    partner = house.campaign()
    house.pass_the_test()
    partner.drop("first.csv", a_list(numbers(8)))
    house.collect()
    made = house.run("backup", str(tmp_path / "copy.db"), "--json").json
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert made == {"path": str(tmp_path / "copy.db"), "bytes": made["bytes"]}
    # After the backup all are called, and so is another list that comes in.
    house.dispatch()
    partner.drop("second.csv", a_list(numbers(4, first=100)))
    house.collect()
    house.dispatch()
    taken = vendor.taken_numbers()
    assert set(taken.values()) == {1}
    assert len(taken) == 12

    # The disk is gone.
    for path in house.state.glob("ledger.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "copy.db", house.state / "ledger.db")
    assert house.states() == {"uncertain": 8}
    assert "restored from a backup" in " ".join(house.notices().values())

    house.collect()
    house.dispatch()

    assert vendor.taken_numbers() == taken
    assert house.states() == {"accepted": 12}


def test_what_was_not_called_before_the_loss_is_called_after_it(
    called: tuple[CallHouse, Vendor], tmp_path: Path
) -> None:
    house, vendor = called
    partner = house.campaign(limits={"calls_per_day": 3})
    house.pass_the_test()
    partner.drop("list.csv", a_list(numbers(8)))
    house.collect()
    house.run("backup", str(tmp_path / "copy.db"))
    house.dispatch()
    assert len(vendor.taken_numbers()) == 3

    for path in house.state.glob("ledger.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "copy.db", house.state / "ledger.db")
    house.change(limits={"calls_per_day": None})
    house.pass_the_test()
    house.dispatch()

    assert vendor.taken_numbers() == dict.fromkeys(numbers(8), 1)
    assert house.states() == {"accepted": 8}
