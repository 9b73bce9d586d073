"""What a dry run asks the ledger, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.forecast import DueFile
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import Campaign, Claim, Idle, Limits, Suppression, Uncertain
from tests.support.builders import (
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
from tests.support.databases import written

TODAY = a_moment()
RENEWALS = a_campaign()
OTHERS = replace(RENEWALS, name="others")
FIRST, SECOND, THIRD = (a_phone(number) for number in range(1, 4))


def a_file(ledger: Ledger, lease: Lease, *phones: str, campaign: Campaign = RENEWALS) -> int:
    arrival = an_arrival(campaign, sha256=sha256_of(f"{campaign.name} {phones}"))
    return enter_file(ledger, lease, a_batch(*map(ARow, phones)), arrival=arrival)


def limited(**limits: int) -> Campaign:
    return replace(RENEWALS, limits=Limits(**limits))


def claimed(ledger: Ledger, campaign: Campaign = RENEWALS) -> Claim:
    with ledger.leases.hold("dispatch:talkover") as sending:
        claim = ledger.claims.claim(sending, campaign, TODAY)
    assert isinstance(claim, Claim)
    return claim


def test_files_come_in_their_order_with_what_their_limit_leaves(
    ledger: Ledger, lease: Lease
) -> None:
    first = a_file(ledger, lease, FIRST, SECOND)
    second = a_file(ledger, lease, THIRD)
    claimed(ledger)
    found = ledger.forecast.files(limited(calls_per_file=3), NOW)
    assert [(one.id, one.room, one.is_late) for one in found] == [
        (first, 2, False),
        (second, 3, False),
    ]
    assert ledger.forecast.numbers(RENEWALS, found[0]) == [SECOND]
    with written(ledger) as connection:
        connection.execute(update(files).values(limit_waived=True))
    late = replace(limited(calls_per_file=3), expires_after=timedelta(hours=1))
    assert ledger.forecast.files(late, NOW + timedelta(hours=2)) == [
        DueFile(first, found[0].name, None, is_late=True),
        DueFile(second, found[1].name, None, is_late=True),
    ]


def test_what_stops_a_campaign_is_told_as_claims_have_it(ledger: Ledger, lease: Lease) -> None:
    a_file(ledger, lease, FIRST, SECOND)
    told = ledger.forecast.prospect(RENEWALS, TODAY)
    assert (told.stopped, told.wants, told.calls_left, told.in_doubt) == (None, None, None, 0)
    ledger.settling.settle(claimed(ledger), Uncertain("502"), an_instant(), timedelta(0))
    told = ledger.forecast.prospect(limited(calls_per_day=1), TODAY)
    assert (told.stopped, told.calls_left, told.in_doubt) == (Idle.DAY_LIMIT, 0, 1)
    told = ledger.forecast.prospect(replace(RENEWALS, suppression=Suppression("/dnc")), TODAY)
    assert told.stopped == Idle.NO_LIST
    assert "No do-not-call list" in (told.wants or "")


def test_numbers_in_doubt_are_those_of_the_same_vendor_campaign(
    ledger: Ledger, lease: Lease
) -> None:
    a_file(ledger, lease, FIRST, SECOND)
    claimed(ledger)
    assert ledger.forecast.in_doubt(OTHERS, [FIRST, SECOND, THIRD]) == {FIRST}
    elsewhere = replace(RENEWALS, destination="another")
    assert ledger.forecast.in_doubt(elsewhere, [FIRST]) == set()


def test_numbers_that_a_restore_has_marked_are_told(ledger: Ledger, lease: Lease) -> None:
    file_id = a_file(ledger, lease, FIRST, SECOND)
    with written(ledger) as connection:
        marked = update(rows).where(rows.c.file_id == file_id, rows.c.phone == SECOND)
        connection.execute(marked.values(doubt_since=NOW))
    assert ledger.forecast.marked(RENEWALS) == {SECOND}
    assert ledger.forecast.marked(OTHERS) == set()


def test_numbers_that_another_campaign_is_about_to_call_are_told_unless_it_is_paused(
    ledger: Ledger, lease: Lease
) -> None:
    first = a_file(ledger, lease, FIRST, SECOND)
    second = a_file(ledger, lease, SECOND, THIRD)
    assert ledger.forecast.due_elsewhere(RENEWALS) == {}
    assert ledger.forecast.due_elsewhere(OTHERS) == {FIRST: first, SECOND: first, THIRD: second}
    ledger.campaigns.pause("renewals", paused=True)
    assert ledger.forecast.due_elsewhere(OTHERS) == {}
