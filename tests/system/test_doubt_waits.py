"""No way round the wait: a request that was given up may still be handled, and nobody looks, asks
again or sends again before its time is over, whatever is typed and however the clock is set.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from sftp_sync.sandbox.talkover_faults import ALWAYS
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import EVERY_DATABASE, fresh_database, written
from tests.support.forking import COMMAND

WAIT = 600
KNOWN, ROWS = 2, 3
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as made:
        yield made


@pytest.fixture(params=EVERY_DATABASE)
def house(tmp_path: Path, taking: Vendor, request: pytest.FixtureRequest) -> Iterator[CallHouse]:
    """Two rows are called and over; of three more the vendor has the requests, and will handle them
    when their connections have long been broken.
    """
    made = call_house(tmp_path / "house", taking, uncertain_after_seconds=WAIT, in_flight=1)
    with ExitStack() as open_now:
        if request.param == "postgresql":
            database = open_now.enter_context(fresh_database(request.param, made.home))
            made.database = database.url
        partner = made.campaign()
        taking.break_with(over_at_once=True)
        partner.drop("known.csv", a_list(numbers(KNOWN, first=100)))
        made.collect()
        assert made.dispatch().code == 0
        partner.drop("list.csv", a_list(numbers(ROWS)))
        made.collect()
        taking.break_with(kept_for_later=ALWAYS, over_at_once=True)
        assert made.dispatch("--no-wait").code == 1
        assert made.states() == {"accepted": KNOWN, "uncertain": ROWS}
        taking.break_with(over_at_once=True)
        yield made


def the_clock_is_set(house: CallHouse, seconds: float) -> None:
    """As if the machine's clock had been set forward: what was written down before lies further
    back, and its boot clock knows nothing of it.
    """
    with house.ledger() as ledger, written(ledger) as connection:
        micros = int(seconds * 1_000_000)
        for column in ("given_up_at", "next_look_at", "doubt_since", "claimed_at", "queued_at"):
            connection.execute(text(f"UPDATE rows SET {column} = {column} - {micros}"))  # noqa: S608 - names and figures of ours


def each_once_in_the_end(house: CallHouse, taking: Vendor) -> None:
    """The requests are handled at last; when the wait is over the calls are found."""
    taking.sandbox.handle_kept()
    everybody = [*numbers(KNOWN, first=100), *numbers(ROWS)]
    assert taking.taken_numbers() == dict.fromkeys(everybody, 1)
    house.let_time_pass(WAIT)
    finished = house.dispatch()
    assert finished.code == 0, finished.said
    assert house.states() == {"accepted": KNOWN + ROWS}
    assert taking.taken_numbers() == dict.fromkeys(everybody, 1)


def test_a_row_that_a_person_refused_is_not_sent_again_before_its_time(
    house: CallHouse, taking: Vendor
) -> None:
    file_id = str(house.file("list.csv").id)
    assert house.run("resolve", "--file", file_id, "refused").code == 0
    retried = house.run("retry", file_id, "--state", "refused")
    house.dispatch("--no-wait")
    assert taking.taken_numbers() == dict.fromkeys(numbers(KNOWN, first=100), 1)
    assert retried.code == 2
    assert "may still be on its way" in retried.said
    taking.sandbox.handle_kept()
    house.let_time_pass(WAIT)
    assert house.run("retry", file_id, "--state", "refused").code == 0
    each_once_in_the_end(house, taking)


def test_nor_is_another_row_with_its_number(house: CallHouse, taking: Vendor) -> None:
    file_id = str(house.file("list.csv").id)
    assert house.run("resolve", "--file", file_id, "refused").code == 0
    (Path(house.campaigns["renewals"]["folder"]) / "inbox" / "more.csv").write_bytes(
        a_list([*numbers(ROWS)[:1], *numbers(1, first=50)])
    )
    house.collect()
    house.dispatch("--no-wait")
    called = [*numbers(KNOWN, first=100), *numbers(1, first=50)]
    assert taking.taken_numbers() == dict.fromkeys(called, 1)
    taking.sandbox.handle_kept()
    house.let_time_pass(WAIT)
    house.dispatch()
    assert taking.taken_numbers() == dict.fromkeys([*called, *numbers(ROWS)], 1)
    assert house.states() == {"accepted": KNOWN + 2, "refused": ROWS}


def test_resend_is_refused_for_as_long_as_it_may_be_handled(
    house: CallHouse, taking: Vendor
) -> None:
    file_id = str(house.file("list.csv").id)
    the_clock_is_set(house, 2 * WAIT)
    refused = house.run("resolve", "--file", file_id, "resend")
    assert refused.code == 2
    assert "may still be on its way" in refused.said
    each_once_in_the_end(house, taking)


@pytest.mark.parametrize("seconds", [WAIT + 1, 2 * 86_400])
def test_a_clock_that_is_set_forward_does_not_cut_it_short(
    house: CallHouse, taking: Vendor, seconds: float
) -> None:
    the_clock_is_set(house, seconds)
    looked = taking.statuses("GET")
    house.dispatch("--no-wait")
    assert taking.statuses("GET") == looked
    assert len(taking.taken()) == KNOWN
    assert house.states() == {"accepted": KNOWN, "uncertain": ROWS}
    each_once_in_the_end(house, taking)


@pytest.mark.parametrize("seconds", [3600, 2 * 86_400])
def test_a_clock_that_is_set_back_neither_hides_the_call_nor_stops_the_looks(
    house: CallHouse, taking: Vendor, seconds: float
) -> None:
    the_clock_is_set(house, -seconds)
    each_once_in_the_end(house, taking)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_process_that_sees_another_time_of_day_waits_as_long(
    house: CallHouse, taking: Vendor
) -> None:
    if FAKETIME is None:
        assert not os.environ.get("CI"), "CI installs faketime"
        pytest.skip("faketime is not installed")
    ahead = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"+{2 * WAIT}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    words = [str(COMMAND), "sync", "--config", str(house.config), "--only", "dispatch", "--no-wait"]
    done = subprocess.run(
        words, env={**os.environ, **ahead}, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert len(taking.taken()) == KNOWN
    assert house.states() == {"accepted": KNOWN, "uncertain": ROWS}
    each_once_in_the_end(house, taking)


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="makes a namespace of its own"
)
def test_after_another_boot_it_begins_anew(
    house: CallHouse, taking: Vendor, tmp_path: Path
) -> None:
    house.let_time_pass(WAIT)
    other = tmp_path / "boot_id"
    other.write_text("00000000-0000-4000-8000-000000000000\n")
    sync = f"{COMMAND} sync --config {house.config} --only dispatch --no-wait"
    inside = f"mount --bind {other} /proc/sys/kernel/random/boot_id && {sync}"
    words = ["unshare", "--mount", "sh", "-c", inside]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert len(taking.taken()) == KNOWN
    assert house.states() == {"accepted": KNOWN, "uncertain": ROWS}
    # Nor is it over where it began: what is seen anew is seen anew.
    house.dispatch("--no-wait")
    assert len(taking.taken()) == KNOWN
    each_once_in_the_end(house, taking)
