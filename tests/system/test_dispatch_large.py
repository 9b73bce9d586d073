"""Lists of a hundred thousand rows: killed and started again, sending at once, in one memory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.remotes import until

ROWS = 100_000
SECONDS_TO_START = 2.0
GROWTH_BYTES = 30_000_000


@dataclass(frozen=True)
class Start:
    """One start: until its first request, by the clock and by what it did itself; its memory."""

    seconds: float
    busy_seconds: float
    bytes_at_first: int
    bytes_at_last: int


def busy_seconds(running: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{running.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(running: subprocess.Popen[bytes]) -> int:
    pages = Path(f"/proc/{running.pid}/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def start(house: CallHouse, taking: Vendor) -> Start:
    """Start, send for a while, die."""
    before = taking.count_taken()
    began = time.time()
    with house.running("--only", "dispatch") as running:
        assert until(lambda: taking.count_taken() > before, 30)
        busy = busy_seconds(running)
        assert until(lambda: taking.count_taken() > before + 100, 30)
        at_first = resident_bytes(running)
        assert until(lambda: taking.count_taken() > before + 700, 60)
        at_last = resident_bytes(running)
        running.kill()
        running.communicate()
    waited = taking.taken()[before]["at"] - began
    return Start(waited, busy, at_first, at_last)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_large_list_goes_on_at_once_and_in_the_same_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendor(tmp_path / "vendor") as taking:
        house = call_house(tmp_path / "house", taking)
        house.campaign().drop("list.csv", a_list(numbers(ROWS)))
        house.collect()
        assert house.states() == {"pending": ROWS}
        starts = [start(house, taking) for _ in range(4)]
        assert max(taking.taken_numbers().values()) == 1
        assert house.states().total() == ROWS
    for one in starts:
        # Not by the clock: others may be at this machine's processors too.
        assert one.busy_seconds < SECONDS_TO_START
        assert one.bytes_at_last - one.bytes_at_first < GROWTH_BYTES
    with capsys.disabled():
        told = ", ".join(
            f"{one.seconds:.1f} s ({one.busy_seconds:.1f} s busy), {one.bytes_at_last / 1e6:.0f} MB"
            for one in starts
        )
        print(f"\n{ROWS:,} rows, killed and started again: {told}")  # noqa: T201 - asked for
