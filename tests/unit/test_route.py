"""The day that calls are counted on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sftp_sync.sending.route import Way
from tests.support.builders import a_campaign, an_instant


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2026-11-20T23:59:59", "2026-11-20"),
        ("America/New_York", "2026-11-20T04:59:59", "2026-11-19"),
        ("America/New_York", "2026-11-20T05:00:00", "2026-11-20"),
        # The day after the clocks went forward begins an hour earlier, after they went back later.
        ("America/New_York", "2026-03-08T04:59:59", "2026-03-07"),
        ("America/New_York", "2026-03-09T04:00:00", "2026-03-09"),
        ("America/New_York", "2026-11-01T04:00:00", "2026-11-01"),
        ("America/New_York", "2026-11-02T04:30:00", "2026-11-01"),
        # Where midnight itself does not exist, or comes twice.
        ("America/Santiago", "2026-09-06T03:59:59", "2026-09-05"),
        ("America/Santiago", "2026-09-06T04:00:00", "2026-09-06"),
        ("America/Havana", "2026-11-01T04:30:00", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-20T18:15:00", "2026-11-21"),
        ("Pacific/Kiritimati", "2026-11-20T10:00:00", "2026-11-21"),
    ],
)
def test_a_day_is_the_campaigns_own(zone: str, moment: str, day: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert Way(a_campaign(timezone=zone)).moment(an_instant(at)).day == day
