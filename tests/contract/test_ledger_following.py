"""Who else has a number: every row that may own a call to it, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Accepted, AlreadyQueued, Campaign, Claim, Outcome, Uncertain
from tests.support.builders import (
    DESTINATION,
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_arrival,
    an_instant,
    enter_file,
    sha256_of,
)

HOUR = timedelta(hours=1)
TODAY = a_moment()
PHONE, OTHER = a_phone(1), a_phone(2)


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:talkover") as sending:
        yield sending


def test_namesakes_are_all_that_were_called_or_may_have_been(
    ledger: Ledger, lease: Lease, sending: Lease
) -> None:
    def send(campaign: Campaign, *outcomes: Outcome | None, phone: str = PHONE) -> list[int]:
        """A list of this number, sent with these answers, or none yet; the rows."""
        batch = a_batch(*(ARow(phone) for _ in outcomes))
        arrival = an_arrival(campaign, sha256=sha256_of(f"{campaign.name}{phone}{outcomes}"))
        enter_file(ledger, lease, batch, arrival=arrival)
        claims = []
        for outcome in outcomes:
            claim = ledger.claims.claim(sending, campaign, TODAY)
            assert isinstance(claim, Claim)
            claims.append(claim.row_id)
            if outcome is not None:
                ledger.settling.settle(claim, outcome, an_instant(NOW + HOUR), HOUR)
        return claims

    ours = a_campaign(allow_duplicates=True)
    theirs = a_campaign("winback", allow_duplicates=True)
    elsewhere = a_campaign("surveys", destination="https://elsewhere.example/api#1")
    first, second = send(ours, Accepted("c1"), AlreadyQueued("c0"))
    (in_doubt,) = send(theirs, Uncertain("502"))
    send(elsewhere, Accepted("c1"))
    (on_its_way,) = send(ours, None, phone=OTHER)

    found = ledger.following.namesakes(DESTINATION, [PHONE, OTHER, a_phone(3)])
    assert {phone: sorted(rows) for phone, rows in found.items()} == {
        PHONE: [(first, "c1", NOW + HOUR), (second, "c0", NOW + HOUR), (in_doubt, None, NOW)],
        OTHER: [(on_its_way, None, NOW)],
    }
