"""A network and a vendor that lie: calls that are accepted and not told, or told too late, or told
as something else. In the end every number was accepted once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import When
from tests.support.calls import KNOWN, a_list, call_house, numbers, vendor

SEED = 7
LIES = {
    "drop_after_accept": When(probability=0.05),
    "bad_gateway_after_accept": When(probability=0.02),
    "slow_answer": When(probability=0.02),
    "slow_seconds": 1.5,
    "reset_before_reading": When(probability=0.01),
    "too_many_requests": When(every=150),
    "retry_hint": "seconds",
    "retry_seconds": 1.0,
}
EVEN_WHEN_ASKED = {
    "reset_before_reading": When(probability=0.01, on="all"),
    "too_many_requests": When(every=150, on="all"),
}


def survive(folder: Path, rows: int, lies: Mapping[str, object]) -> str:
    """Send so many rows through it; what there is to tell."""
    with vendor(folder / "vendor", seed=SEED) as liar:
        house = call_house(folder / "house", liar, timeout_seconds=1, in_flight=16)
        partner = house.campaign()
        house.one_is_known(partner)
        liar.break_with(**lies)
        phones = numbers(rows)
        partner.drop("list.csv", a_list(phones))
        house.collect()
        began = time.monotonic()
        with house.running("--only", "dispatch") as running:
            said = b"".join(running.communicate()).decode()
        took = time.monotonic() - began

        assert liar.taken_numbers() == dict.fromkeys([KNOWN, *phones], 1), said
        assert house.states() == {"accepted": rows + 1}, said
        assert running.returncode == 0, said
        assert house.notices() == {}
        struck = liar.faults_met()
        assert {name for name in LIES if not name.startswith(("retry", "slow_s"))} <= set(struck)
        return f"{rows:,} rows in {took:.0f} s, met {dict(struck)}"


def test_of_300_rows_each_is_accepted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = survive(tmp_path, 300, LIES)
    with capsys.disabled():
        print(f"\nlying network: {told}")  # noqa: T201 - asked for


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_5_000_rows_each_is_accepted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = survive(tmp_path, 5_000, LIES | EVEN_WHEN_ASKED)
    with capsys.disabled():
        print(f"\nlying network: {told}")  # noqa: T201 - asked for
