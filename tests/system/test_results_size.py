"""Many results: followed and published in bounded memory, with requests in proportion."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select, update

from sftp_sync.ledger.schema import files, rows
from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.wiring.parts import now
from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.databases import written
from tests.support.homecomings import OVER_AT_ONCE, read_results
from tests.support.vendors import CAMPAIGN, TOKEN

MANY = 20_000
MEGABYTE = 1_000_000


def call_them_all(house: CallHouse, taking: Vendor) -> None:
    """Every row accepted, in the ledger and at the vendor, without a request for each."""
    state = taking.sandbox._states[TOKEN]
    campaign = state.campaigns[CAMPAIGN]
    with house.ledger() as ledger, written(ledger) as connection:
        found = connection.execute(select(rows.c.id, rows.c.phone)).all()
        ids = [
            state.accept(
                campaign, {"to": row.phone}, TalkoverFaults(over_at_once=True), time.time()
            ).id
            for row in found
        ]
        connection.execute(
            update(rows).where(rows.c.id == bindparam("row")).values(state="sending"),
            [{"row": row.id} for row in found],
        )
        connection.execute(
            update(rows)
            .where(rows.c.id == bindparam("row"))
            .values(
                state="accepted",
                call_id=bindparam("call"),
                queued_at=now(),
                id_source="answer",
            ),
            [{"row": row.id, "call": call} for row, call in zip(found, ids, strict=True)],
        )
        connection.execute(update(files).values(state="following"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_calls_come_home_in_bounded_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendor(tmp_path / "vendor", speed=1000.0) as taking:
        taking.break_with(**OVER_AT_ONCE)
        house = call_house(tmp_path / "home", taking, timeout_seconds=60)
        partner = house.campaign()
        partner.drop("many.csv", a_list(numbers(MANY)))
        house.collect()
        call_them_all(house, taking)
        words = ["sync", "--config", str(house.config), "--only", "follow", "--only", "publish"]
        script = (
            "import resource, subprocess, sys;"
            "code = subprocess.run([sys.executable, '-m', 'sftp_sync', *sys.argv[1:]]).returncode;"
            "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
        )
        code, kilobytes = done.stdout.split()[-2:]
        assert code == "0", done
        (path,) = partner.outbox.glob("*.results.csv")
        assert len(read_results(path)) == MANY
        requests = len(taking.sandbox.requests())
    with capsys.disabled():
        print(f"\n{MANY:,} results: {requests} requests, {int(kilobytes) // 1000} MB")  # noqa: T201 - asked for
    assert requests <= MANY // 100 * 2
    assert int(kilobytes) * 1024 < 500 * MEGABYTE
