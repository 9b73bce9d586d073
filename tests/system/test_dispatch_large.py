"""Lists of a hundred thousand rows: killed and started again, sending at once, in one memory."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.remotes import until

ROWS = 100_000
SECONDS_TO_START = 2.0
GROWTH_BYTES = 30_000_000


def resident_bytes(running: subprocess.Popen[bytes]) -> int:
    pages = Path(f"/proc/{running.pid}/statm").read_text("ascii").split()[1]
    return int(pages) * 4096


def sends_at_once(house: CallHouse, taking: Vendor) -> tuple[float, int, int]:
    """Start, send for a while, die; seconds until the first request, memory then and at the end."""
    before = len(taking.taken())
    began = time.time()
    with house.running("--only", "dispatch") as running:
        assert until(lambda: len(taking.taken()) > before, 30)
        waited = taking.taken()[before]["at"] - began
        assert until(lambda: len(taking.taken()) > before + 100, 30)
        at_first = resident_bytes(running)
        assert until(lambda: len(taking.taken()) > before + 700, 60)
        at_last = resident_bytes(running)
        running.kill()
        running.communicate()
    return waited, at_first, at_last


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
        runs = [sends_at_once(house, taking) for _ in range(4)]
        assert max(taking.taken_numbers().values()) == 1
        assert house.states().total() == ROWS
    for waited, at_first, at_last in runs:
        assert waited < SECONDS_TO_START
        assert at_last - at_first < GROWTH_BYTES
    with capsys.disabled():
        told = ", ".join(f"{waited:.1f} s, {last / 1e6:.0f} MB" for waited, _, last in runs)
        print(f"\n{ROWS:,} rows, killed and started again: {told}")  # noqa: T201 - asked for
