"""Calls that no row has: rows with their numbers look before they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.people import Traces
from sftp_sync.ledger.schema import rows, unheld_calls
from sftp_sync.ledger.unheld_calls import KEPT_FOR, Unheld
from sftp_sync.model import Accepted, Claim, Idle
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
from tests.support.databases import looked_at

ANN, BOB, CID = a_phone(1), a_phone(2), a_phone(3)
SENDING = "dispatch:talkover"
MINUTE = timedelta(minutes=1)
CALL = Unheld("a call", ANN, NOW - MINUTE)


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold(SENDING) as lease:
        yield lease


def enter(ledger: Ledger, lease: Lease, name: str, *phones: str) -> int:
    batch = a_batch(*(ARow(one) for one in phones))
    return enter_file(ledger, lease, batch, arrival=an_arrival(sha256=sha256_of(name)))


def claim(ledger: Ledger, sending: Lease) -> Claim | Idle:
    return ledger.claims.claim(sending, a_campaign(), a_moment())


def claimed(ledger: Ledger, sending: Lease, call_id: str = "ours") -> Claim:
    """A row is sent and accepted: something was called from here."""
    found = claim(ledger, sending)
    assert isinstance(found, Claim)
    ledger.settling.settle(found, Accepted(call_id), an_instant(), timedelta())
    return found


def states(ledger: Ledger) -> dict[str, str]:
    with looked_at(ledger) as connection:
        asked = select(rows.c.phone, rows.c.state).order_by(rows.c.id)
        return {one.phone: one.state for one in connection.execute(asked)}


def kept(ledger: Ledger) -> int:
    with looked_at(ledger) as connection:
        number: int = connection.execute(
            select(func.count()).select_from(unheld_calls)
        ).scalar_one()
        return number


@pytest.fixture
def begun(ledger: Ledger, lease: Lease, sending: Lease) -> Ledger:
    """One row was called from here, and Ann and Bob are due."""
    enter(ledger, lease, "first", CID)
    claimed(ledger, sending)
    enter(ledger, lease, "second", ANN, BOB)
    return ledger


def test_nothing_was_claimed_where_nothing_was(ledger: Ledger, lease: Lease) -> None:
    assert ledger.unheld_calls.last_claim(a_campaign()) is None
    enter(ledger, lease, "first", CID)
    assert ledger.unheld_calls.last_claim(a_campaign()) is None


def test_the_last_claim_is_told(begun: Ledger) -> None:
    assert begun.unheld_calls.last_claim(a_campaign()) == NOW


def test_a_row_that_is_due_looks_first_and_the_others_do_not(begun: Ledger, sending: Lease) -> None:
    assert begun.unheld_calls.keep(sending, a_campaign(), [CALL]) == 1
    found = claim(begun, sending)
    assert isinstance(found, Claim)
    assert found.phone == BOB
    assert states(begun) == {CID: "accepted", ANN: "uncertain", BOB: "sending"}
    begun.doubts.see(sending, a_campaign(), an_instant(), timedelta())
    (doubt,) = begun.doubts.due(a_campaign(), an_instant(NOW + MINUTE), timedelta())
    assert (doubt.phone, doubt.since) == (ANN, CALL.made_at)
    # Whoever looks has it now.
    assert kept(begun) == 0


def test_a_row_that_comes_in_later_looks_as_well(
    begun: Ledger, lease: Lease, sending: Lease
) -> None:
    dora = a_phone(4)
    begun.unheld_calls.keep(sending, a_campaign(), [Unheld("hers", dora, NOW - MINUTE)])
    enter(begun, lease, "third", dora)
    for _ in range(2):
        claimed(begun, sending, call_id=f"call {_}")
    assert claim(begun, sending) == Idle.JUDGING
    assert states(begun)[dora] == "uncertain"


def test_a_call_that_a_row_has_is_none(begun: Ledger, sending: Lease) -> None:
    assert begun.unheld_calls.keep(sending, a_campaign(), [Unheld("ours", CID, NOW)]) == 0


def test_nor_is_one_that_the_vendor_may_have_made_again(begun: Ledger, sending: Lease) -> None:
    again = Unheld("again", CID, NOW, is_retry=True)
    assert begun.unheld_calls.keep(sending, a_campaign(), [again]) == 0
    first = Unheld("again", ANN, NOW, is_retry=True)
    assert begun.unheld_calls.keep(sending, a_campaign(), [first]) == 1


def test_nor_is_one_whose_number_is_in_doubt(begun: Ledger, sending: Lease) -> None:
    found = claim(begun, sending)
    assert isinstance(found, Claim)
    assert begun.unheld_calls.keep(sending, a_campaign(), [CALL]) == 0


def test_one_that_a_row_takes_later_holds_up_nobody(begun: Ledger, sending: Lease) -> None:
    begun.unheld_calls.keep(sending, a_campaign(), [Unheld("taken", BOB, NOW)])
    assert claimed(begun, sending, call_id="taken").phone == ANN
    found = claim(begun, sending)
    assert isinstance(found, Claim)
    assert found.phone == BOB


def test_an_old_one_is_somebody_elses(begun: Ledger, sending: Lease) -> None:
    old = Unheld("old", ANN, NOW - KEPT_FOR)
    begun.unheld_calls.keep(sending, a_campaign(), [old])
    found = claim(begun, sending)
    assert isinstance(found, Claim)
    assert found.phone == ANN


def test_the_same_list_read_again_changes_nothing(begun: Ledger, sending: Lease) -> None:
    for _ in range(2):
        begun.unheld_calls.keep(sending, a_campaign(), [CALL])
    assert kept(begun) == 1


def test_one_of_another_campaign_is_none_here(begun: Ledger, lease: Lease, sending: Lease) -> None:
    other = a_campaign("reminders", destination="elsewhere")
    enter_file(
        begun, lease, a_batch(ARow(ANN)), arrival=an_arrival(other, sha256=sha256_of("others"))
    )
    begun.unheld_calls.keep(sending, other, [CALL])
    found = claim(begun, sending)
    assert isinstance(found, Claim)
    assert found.phone == ANN


def test_where_the_list_is_not_whole_all_that_is_due_looks_first(
    begun: Ledger, sending: Lease
) -> None:
    assert begun.unheld_calls.open_gap(sending, a_campaign(), NOW - MINUTE) == 2
    assert claim(begun, sending) == Idle.JUDGING
    assert states(begun) == {CID: "accepted", ANN: "uncertain", BOB: "uncertain"}


def test_an_erased_person_is_forgotten_here_too(begun: Ledger, sending: Lease) -> None:
    begun.unheld_calls.keep(sending, a_campaign(), [CALL])
    begun.people.erase(ANN, lambda text: ANN in text, Traces())
    assert kept(begun) == 0


def test_only_who_holds_the_lease_keeps_any(begun: Ledger) -> None:
    with begun.leases.hold("dispatch:another") as other:
        pass
    with pytest.raises(LeaseLost):
        begun.unheld_calls.keep(other, a_campaign(), [CALL])
    with pytest.raises(LeaseLost):
        begun.unheld_calls.open_gap(other, a_campaign(), NOW)
