"""Numbers that are not to be called are never claimed, whoever has said so, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import leases, listed_numbers, rows
from sftp_sync.model import (
    Campaign,
    Claim,
    Code,
    FileState,
    Idle,
    ListSource,
    RowState,
    Suppression,
    Uncertain,
)
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
from tests.support.databases import looked_at, written

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = a_moment()
LISTED = a_campaign(suppression=Suppression("/dnc", max_age=31 * DAY))
MINE, THEIRS, FREE = a_phone(1), a_phone(2), a_phone(3)


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:talkover") as lease:
        yield lease


def a_source(name: str = "dnc.csv", dated_at: datetime = NOW) -> ListSource:
    return ListSource(name, sha256_of(name), 120, int(dated_at.timestamp()), dated_at)


def take(ledger: Ledger, lease: Lease, *phones: str, **source: Any) -> None:
    """A partner's list, read and put in force."""
    generation = ledger.suppressions.begin(lease, "renewals")
    ledger.suppressions.write(lease, "renewals", generation, phones)
    ledger.suppressions.put_in_force(lease, "renewals", a_source(**source), NOW, 0)


def claimed(ledger: Ledger, sending: Lease, campaign: Campaign = LISTED) -> list[str]:
    """Every number that is claimed until nothing is left, and none twice."""
    found = []
    while isinstance(claim := ledger.claims.claim(sending, campaign, TODAY), Claim):
        found.append(claim.phone)
    assert claim == Idle.NOTHING
    return found


class TestAClaim:
    def test_passes_over_what_is_suppressed_by_hand_or_by_the_partners_list(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(ARow(MINE), ARow(THEIRS), ARow(FREE)))
        ledger.suppressions.add(MINE, "asked us to stop", NOW)
        take(ledger, lease, THEIRS)

        assert claimed(ledger, sending) == [FREE]

        found = {row.phone: row for row in ledger.rows.of_file(file_id)}
        assert found[MINE].state == found[THEIRS].state == RowState.SUPPRESSED
        assert found[MINE].code == found[THEIRS].code == Code.SUPPRESSED
        assert "do-not-call list here" in str(found[MINE].reason)
        assert "partner's" in str(found[THEIRS].reason)

    def test_of_another_campaign_goes_by_its_own_partners_list(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        surveys = a_campaign("surveys")
        enter_file(ledger, lease, a_batch(ARow(THEIRS)), arrival=an_arrival(surveys))
        take(ledger, lease, THEIRS)
        assert claimed(ledger, sending, surveys) == [THEIRS]

    def test_ends_a_file_of_which_all_is_suppressed_as_one_to_be_reported(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(ARow(MINE)))
        ledger.suppressions.add(MINE, "", NOW)
        assert claimed(ledger, sending, a_campaign()) == []
        assert ledger.files.get(file_id).state == FileState.FOLLOWING

    def test_takes_up_a_number_that_was_taken_off_in_time(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        enter_file(ledger, lease, a_batch(ARow(MINE)))
        ledger.suppressions.add(MINE, "", NOW)
        assert ledger.suppressions.remove(MINE)
        assert not ledger.suppressions.remove(MINE)
        assert claimed(ledger, sending, a_campaign()) == [MINE]


class TestWithoutAGoodList:
    @pytest.fixture(autouse=True)
    def due(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, a_batch(ARow(FREE)))

    def test_nothing_is_claimed_before_the_first_has_come(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        assert ledger.claims.claim(sending, LISTED, TODAY) == Idle.NO_LIST
        assert "has come in /dnc yet" in str(ledger.suppressions.wanting(LISTED, NOW))

        take(ledger, lease)
        assert ledger.suppressions.wanting(LISTED, NOW) is None
        assert claimed(ledger, sending) == [FREE]

    @pytest.mark.parametrize(("age", "is_good"), [(31 * DAY, True), (31 * DAY + HOUR, False)])
    def test_nothing_is_claimed_once_it_is_too_old(
        self, ledger: Ledger, lease: Lease, sending: Lease, age: timedelta, *, is_good: bool
    ) -> None:
        take(ledger, lease, dated_at=NOW - age)
        found = ledger.claims.claim(sending, LISTED, TODAY)
        assert isinstance(found, Claim) is is_good
        assert ("max_age" in str(ledger.suppressions.wanting(LISTED, NOW))) is not is_good

    def test_nothing_is_claimed_while_the_newest_cannot_be_read(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        take(ledger, lease, THEIRS)
        ledger.suppressions.refuse(lease, "renewals", "The newest is not a list.")

        assert ledger.claims.claim(sending, LISTED, TODAY) == Idle.NO_LIST
        assert ledger.suppressions.among("renewals", [THEIRS]) != {}
        ledger.suppressions.met_again(lease, "renewals", a_source())
        assert claimed(ledger, sending) == [FREE]

    def test_a_campaign_without_such_a_list_goes_on(self, ledger: Ledger, sending: Lease) -> None:
        assert claimed(ledger, sending, a_campaign()) == [FREE]


class TestARowInDoubt:
    @pytest.fixture
    def doubtful(self, ledger: Ledger, lease: Lease, sending: Lease) -> Any:
        enter_file(ledger, lease, a_batch(ARow(MINE)))
        claim = ledger.claims.claim(sending, a_campaign(), TODAY)
        assert isinstance(claim, Claim)
        ledger.settling.settle(claim, Uncertain("the connection broke"), an_instant(), HOUR)
        (doubt,) = ledger.doubts.due(a_campaign(), an_instant(NOW + HOUR), HOUR)
        return doubt

    def test_is_left_to_a_person_once_its_number_is_suppressed(
        self, ledger: Ledger, sending: Lease, doubtful: Any
    ) -> None:
        ledger.suppressions.add(MINE, "", NOW)
        assert ledger.doubts.claim(sending, a_campaign(), doubtful, TODAY) is None

        with looked_at(ledger) as connection:
            row = connection.execute(select(rows)).one()
        assert (row.state, row.next_look_at) == (RowState.UNCERTAIN, None)
        assert "a person decides" in row.reason
        assert ledger.doubts.due(a_campaign(), an_instant(NOW + 365 * DAY), HOUR) == []

    def test_waits_for_a_good_list(self, ledger: Ledger, sending: Lease, doubtful: Any) -> None:
        assert ledger.doubts.claim(sending, LISTED, doubtful, TODAY) is None
        assert ledger.doubts.due(LISTED, an_instant(NOW), HOUR) == []
        (again,) = ledger.doubts.due(LISTED, an_instant(NOW + HOUR), HOUR)
        assert again.attempt == doubtful.attempt


class TestAList:
    def test_replaces_the_one_before_it_as_a_whole(self, ledger: Ledger, lease: Lease) -> None:
        take(ledger, lease, MINE, THEIRS)
        take(ledger, lease, THEIRS, FREE, name="newer.csv")

        found = ledger.suppressions.current("renewals")
        assert found.source is not None
        assert (found.source.name, found.numbers) == ("newer.csv", 2)
        assert set(ledger.suppressions.among("renewals", [MINE, THEIRS, FREE])) == {THEIRS, FREE}
        with looked_at(ledger) as connection:
            kept = connection.execute(select(func.count()).select_from(listed_numbers))
            assert kept.scalar_one() == 2

    def test_counts_for_nothing_until_it_is_whole(self, ledger: Ledger, lease: Lease) -> None:
        take(ledger, lease, MINE)
        generation = ledger.suppressions.begin(lease, "renewals")
        ledger.suppressions.write(lease, "renewals", generation, [THEIRS])

        # Here a crash may come: the next run begins anew.
        assert set(ledger.suppressions.among("renewals", [MINE, THEIRS])) == {MINE}
        take(ledger, lease, THEIRS, FREE)
        assert set(ledger.suppressions.among("renewals", [MINE, THEIRS, FREE])) == {THEIRS, FREE}

    def test_is_renewed_when_its_very_bytes_are_met_again(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        take(ledger, lease, MINE, dated_at=NOW - 32 * DAY)
        assert ledger.suppressions.wanting(LISTED, NOW) is not None
        ledger.suppressions.met_again(lease, "renewals", replace(a_source(), dated_at=NOW))
        assert ledger.suppressions.wanting(LISTED, NOW) is None
        assert ledger.suppressions.current("renewals").numbers == 1

    def test_is_written_only_under_the_lease(self, ledger: Ledger, lease: Lease) -> None:
        with written(ledger) as connection:
            connection.execute(leases.update().values(fence=leases.c.fence + 1))
        for verb in (
            lambda: ledger.suppressions.write(lease, "renewals", 1, [MINE]),
            lambda: ledger.suppressions.put_in_force(lease, "renewals", a_source(), NOW, 0),
            lambda: ledger.suppressions.met_again(lease, "renewals", a_source()),
            lambda: ledger.suppressions.refuse(lease, "renewals", "no"),
        ):
            with pytest.raises(LeaseLost):
                verb()
        assert ledger.suppressions.lists() == []

    def test_and_what_was_added_by_hand_are_told_together(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        take(ledger, lease, MINE, THEIRS)
        ledger.suppressions.add(MINE, "first", NOW)
        ledger.suppressions.add(MINE, "second", NOW + HOUR)
        ledger.suppressions.add(FREE, "", NOW + HOUR)

        assert ledger.suppressions.numbers("renewals") == [MINE, THEIRS, FREE]
        assert ledger.suppressions.numbers("surveys") == [MINE, FREE]
        (first, _) = ledger.suppressions.by_hand()
        assert (first.phone, first.reason, first.since) == (MINE, "second", NOW)
