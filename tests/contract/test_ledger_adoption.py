"""Rows that move to the destination that their campaign has now, on every database: what may, what
stays, and what a crash in the middle leaves behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger, former_rows
from sftp_sync.ledger.former_rows import Former
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import destinations, files, launches, leases, rows, unheld_calls
from sftp_sync.model import (
    Accepted,
    Campaign,
    Claim,
    Launch,
    NotNow,
    Outcome,
    Start,
    Terms,
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

AFTER = timedelta(seconds=120)
TODAY = a_moment()
OLD = a_campaign()
NEW = a_campaign(destination="https://app.talkover.ai/api/v1#other")
SURVEYS = a_campaign("surveys", destination=NEW.destination)
TERMS = Terms({"assistant_id": "asst_1", "phone_number_id": "pn_1"})


class Moving:
    """A ledger of a campaign whose destination has changed."""

    def __init__(self, ledger: Ledger, lease: Lease, sending: Lease) -> None:
        self.ledger, self.lease, self.sending = ledger, lease, sending

    def list(self, *phones: str, campaign: Campaign = OLD, name: str = "leads") -> int:
        arrival = an_arrival(campaign, sha256=sha256_of(name))
        batch = a_batch(*(ARow(phone) for phone in phones))
        return enter_file(self.ledger, self.lease, batch, arrival=arrival)

    def claim(self, campaign: Campaign = OLD) -> Claim:
        found = self.ledger.claims.claim(self.sending, campaign, TODAY)
        assert isinstance(found, Claim), found
        return found

    def settle(self, outcome: Outcome, campaign: Campaign = OLD) -> None:
        self.ledger.settling.settle(self.claim(campaign), outcome, TODAY.instant, AFTER)

    @property
    def former(self) -> Former:
        (found,) = self.ledger.former_rows.places(NEW)
        return found

    def move(self, *, is_same: bool) -> int:
        moved = self.ledger.former_rows
        return moved.move(self.lease, NEW, self.former, NOW, is_same=is_same)

    def left(self) -> list[str]:
        """The rows that are still in the former place, by state and number."""
        asked = (
            select(rows.c.state, rows.c.phone)
            .join(destinations, destinations.c.id == rows.c.destination_id)
            .where(destinations.c.identity == OLD.destination)
        )
        with looked_at(self.ledger) as connection:
            found = connection.execute(asked.order_by(rows.c.id)).all()
        return [f"{state} {int(str(phone)[-4:])}" for state, phone in found]

    def files_in(self, campaign: Campaign) -> set[int]:
        asked = (
            select(files.c.id)
            .join(destinations, destinations.c.id == files.c.destination_id)
            .where(destinations.c.identity == campaign.destination)
        )
        with looked_at(self.ledger) as connection:
            return set(connection.execute(asked).scalars())


@pytest.fixture
def moving(ledger: Ledger, lease: Lease) -> Iterator[Moving]:
    with ledger.leases.hold("dispatch:talkover") as sending:
        yield Moving(ledger, lease, sending)


class TestWhatIsKnownToBeTheSame:
    def test_moves_whole_with_its_file(self, moving: Moving) -> None:
        first = moving.list(*(a_phone(number) for number in range(1, 6)))
        moving.settle(Accepted("c1"))
        moving.settle(Uncertain("502"))
        moving.settle(NotNow("429"))
        assert moving.move(is_same=True) == 5
        assert moving.left() == []
        assert moving.files_in(NEW) == {first}
        assert moving.ledger.former_rows.places(NEW) == []
        assert len(moving.ledger.doubts.due(NEW, an_instant(NOW + AFTER), AFTER)) == 1
        assert moving.ledger.claims.count_due([NEW]) == 3

    def test_leaves_what_would_be_there_twice_and_what_is_being_sent(self, moving: Moving) -> None:
        moving.list(*(a_phone(number) for number in (1, 2, 3, 4)))
        moving.settle(Uncertain("502"))
        moving.settle(Accepted("c2"))
        moving.claim()
        moving.list(a_phone(1), a_phone(7), campaign=SURVEYS, name="surveys")
        moving.settle(Uncertain("502"), SURVEYS)
        moving.settle(Accepted("c2"), SURVEYS)
        assert moving.move(is_same=True) == 1
        assert moving.left() == ["uncertain 1", "accepted 2", "sending 3"]
        assert moving.files_in(OLD) == {1}

    def test_leaves_due_rows_of_bytes_that_were_imported_there_too(self, moving: Moving) -> None:
        moving.list(a_phone(1), a_phone(2))
        moving.settle(Accepted("c1"))
        moving.list(a_phone(1), campaign=SURVEYS)
        assert moving.move(is_same=True) == 1
        assert moving.left() == ["pending 2"]

    def test_brings_what_is_known_of_the_vendor(self, moving: Moving) -> None:
        moving.list(a_phone(1))
        moving.list(a_phone(2), campaign=NEW, name="new")
        with written(moving.ledger) as connection:
            here = destinations.c.identity == OLD.destination
            told = update(destinations).where(here)
            connection.execute(told.values(ids_agree=True, claimed_at=NOW))
            call = {"destination_id": 1, "call_id": "x", "phone": "+1", "made_at": NOW}
            connection.execute(insert(unheld_calls).values(**call))
        moving.move(is_same=True)
        assert moving.ledger.doubts.ids_agree(NEW.destination)
        with looked_at(moving.ledger) as connection:
            assert connection.execute(select(unheld_calls.c.destination_id)).scalars().all() == [
                1,
                2,
            ]
            asked = select(destinations.c.claimed_at).order_by(destinations.c.id)
            assert list(connection.execute(asked).scalars()) == [NOW, NOW]

    def test_moves_a_start_in_doubt_together_or_not_at_all(self, moving: Moving) -> None:
        moving.list(a_phone(1), a_phone(2))
        planned = moving.ledger.launches.plan(moving.sending, OLD, TERMS, TODAY)
        assert isinstance(planned, Launch)
        drafted = moving.ledger.launches.drafted(moving.sending, planned, "v1")
        start = moving.ledger.launches.claim(moving.sending, OLD, drafted, TERMS, TODAY)
        assert isinstance(start, Start)
        moving.ledger.launches.settle(start, Uncertain("lost"), TODAY.instant, AFTER)
        moving.list(a_phone(2), campaign=SURVEYS, name="surveys")
        moving.settle(Uncertain("502"), SURVEYS)
        assert moving.move(is_same=True) == 0
        assert moving.left() == ["uncertain 1", "uncertain 2"]
        with written(moving.ledger) as connection:
            there = (rows.c.phone == a_phone(2)) & rows.c.launch_id.is_(None)
            connection.execute(update(rows).where(there).values(state="refused"))
        assert moving.move(is_same=True) == 2
        assert moving.ledger.departures.due(NEW, an_instant(NOW + AFTER), AFTER) is not None


class TestWhatIsNotKnownToBeTheSame:
    def test_moves_only_rows_of_numbers_that_were_never_claimed(self, moving: Moving) -> None:
        moving.list(*(a_phone(number) for number in range(1, 7)))
        moving.settle(Accepted("c1"))
        moving.settle(Uncertain("502"))
        moving.settle(NotNow("429"))
        moving.list(a_phone(1), a_phone(2), a_phone(9), name="again")
        with written(moving.ledger) as connection:
            call = {"destination_id": 1, "call_id": "x", "phone": a_phone(6), "made_at": NOW}
            connection.execute(insert(unheld_calls).values(**call))
            marked = update(rows).where(rows.c.phone == a_phone(5))
            connection.execute(marked.values(doubt_since=NOW))
        assert moving.move(is_same=False) == 2
        left = ["accepted 1", "uncertain 2", "pending 3", "pending 5", "pending 6"]
        assert moving.left() == [*left, "pending 1", "pending 2"]
        assert moving.ledger.claims.count_due([NEW]) == 2
        assert moving.files_in(NEW) == set()

    def test_leaves_a_draft_behind_and_frees_its_contacts(self, moving: Moving) -> None:
        moving.list(a_phone(1))
        planned = moving.ledger.launches.plan(moving.sending, OLD, TERMS, TODAY)
        assert isinstance(planned, Launch)
        moving.ledger.launches.drafted(moving.sending, planned, "v1")
        assert moving.move(is_same=False) == 1
        with looked_at(moving.ledger) as connection:
            assert connection.execute(select(launches.c.state)).scalars().all() == ["stale"]
        assert isinstance(moving.ledger.launches.plan(moving.sending, NEW, TERMS, TODAY), Launch)


class TestRecognising:
    def test_takes_the_id_and_the_number_of_an_accepted_call(self, moving: Moving) -> None:
        moving.list(a_phone(1), a_phone(2))
        moving.settle(Accepted("c1"))
        moving.settle(Uncertain("502"))
        known = moving.ledger.former_rows.knows_any
        assert known(moving.former, {"x": a_phone(2), "c1": a_phone(1)})
        assert not known(moving.former, {"c1": a_phone(2)})
        assert not known(moving.former, {"c2": a_phone(1)})
        assert not known(moving.former, {})


def test_needs_the_lease_of_the_campaign(moving: Moving) -> None:
    moving.list(a_phone(1))
    with written(moving.ledger) as connection:
        connection.execute(update(leases).values(fence=leases.c.fence + 1))
    with pytest.raises(LeaseLost):
        moving.move(is_same=True)
    assert moving.left() == ["pending 1"]


class PowerCut(Exception):
    """Nothing more is executed, and nothing is committed."""


@pytest.mark.parametrize("is_same", [True, False])
def test_killed_anywhere_it_is_taken_up_again_and_no_due_row_goes_before_its_calls(
    moving: Moving, monkeypatch: pytest.MonkeyPatch, *, is_same: bool
) -> None:
    monkeypatch.setattr(former_rows, "AT_ONCE", 2)
    moving.list(*(a_phone(number) for number in range(1, 10)))
    for number in (1, 2, 3):
        moving.settle(Accepted(f"c{number}"))
    moving.settle(Uncertain("502"))
    moving.list(a_phone(1), a_phone(4), name="again")
    engine, left = moving.ledger._engine, [0]

    def burn(*_: Any) -> None:
        # Whoever renews leases meanwhile is not counted.
        if threading.current_thread() is not threading.main_thread():
            return
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", burn)
    for point in range(1, 200):
        left[0] = point
        try:
            moving.move(is_same=is_same)
        except PowerCut:
            left[0] = 0
            called = {one.split()[1] for one in moving.left() if one.startswith("accepted")}
            due = {one.split()[1] for one in moving.left() if one.startswith("pending")}
            # The second row of a called number has not gone ahead of the call.
            assert "1" not in called or "1" in due
            continue
        break
    event.remove(engine, "before_cursor_execute", burn)
    assert point > 5
    assert moving.ledger.claims.count_due([NEW]) == (7 if is_same else 5)
    stays = [] if is_same else ["accepted 1", "accepted 2", "accepted 3", "uncertain 4"]
    assert moving.left() == stays + ([] if is_same else ["pending 1", "pending 4"])
