"""The pace of the whole command against a vendor that counts any sixty seconds and refuses what is
too much: the budget of the minute is used, shared fairly, and never overrun.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.calls import ACCOUNT, a_list, call_house, numbers, vendor
from tests.support.vendors import CAMPAIGN, OTHER_CAMPAIGN, OTHER_TOKEN

A_MINUTE = 1000
MINUTE_OF_THE_OTHER = 240
SETTLED_SECONDS = 4.0
SECOND_CAMPAIGN = "770e8400-e29b-41d4-a716-446655440000"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_budget_is_used_and_shared_and_never_overrun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"renewals": 560, "reminders": 560, "surveys": 264}
    with vendor(
        tmp_path / "vendor",
        requests_per_minute=A_MINUTE,
        window="sliding",
        campaigns=(CAMPAIGN, SECOND_CAMPAIGN),
    ) as taking:
        house = call_house(tmp_path / "house", taking, requests_per_minute=A_MINUTE)
        other = {"token": OTHER_TOKEN, "requests_per_minute": MINUTE_OF_THE_OTHER}
        house.accounts["other"] = ACCOUNT | {"base_url": taking.base_url} | other
        at = {
            "renewals": {"campaign_id": CAMPAIGN},
            "reminders": {"campaign_id": SECOND_CAMPAIGN},
            "surveys": {"campaign_id": OTHER_CAMPAIGN, "account": "other"},
        }
        for place, (name, settings) in enumerate(at.items()):
            partner = house.campaign(name, **settings)
            partner.drop("list.csv", a_list(numbers(rows[name], first=1000 * place)))
        house.collect()

        with house.running("--only", "dispatch") as running:
            said = b"".join(running.communicate())

        assert running.returncode == 0, said.decode()
        requests = taking.sandbox.requests()
        assert {one["status"] for one in requests} <= {200, 201}
        assert taking.taken_numbers().total() == sum(rows.values())
        began = min(one["at"] for one in requests) + SETTLED_SECONDS
        minute = [one for one in requests if began <= one["at"] < began + 60]
        used = Counter(one["path"].split("/")[4] for one in minute)
        ours = used[CAMPAIGN] + used[SECOND_CAMPAIGN]
        assert ours > 0.98 * A_MINUTE
        assert abs(used[CAMPAIGN] - used[SECOND_CAMPAIGN]) <= 0.02 * ours
        assert used[OTHER_CAMPAIGN] > 0.98 * MINUTE_OF_THE_OTHER
    with capsys.disabled():
        print(f"\npace: {ours} of {A_MINUTE} used in a minute, shares {dict(used)}, no 429")  # noqa: T201 - asked for
