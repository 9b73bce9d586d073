"""What needs a person is told once per target and cause, again when it changes, and once over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from sftp_sync.announce import Announcer, Letter, Target
from sftp_sync.announce.decide import BETWEEN_CHANGES
from sftp_sync.attention import Concern, Expectation
from sftp_sync.errors import NeedsOperator, SyncError, TryLater
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import FileState, RowState
from sftp_sync.overview import Outlook, standings
from tests.support.builders import (
    NOW,
    a_batch,
    a_campaign,
    an_arrival,
    an_ending,
    enter_file,
    sha256_of,
)
from tests.support.databases import Database, looked_at

REFUSED = Concern("renewals", "sign_in_refused", "The partner said no.", "Ask them.", "partner")
HELD = Concern("renewals", "file_held", "File 3 is held.", subject="file 3")
SECOND, FIVE_MINUTES = timedelta(seconds=1), timedelta(minutes=5)
DOUBT = Concern("renewals", "rows_in_doubt", "1 row is in doubt.", is_quiet=True)


@dataclass
class Reader:
    """Somebody who is told, and may be out of reach."""

    name: str = "webhook (env HOOK_URL)"
    letters: list[Letter] = field(default_factory=list)
    trouble: Exception | None = None
    tries: int = 0
    after: timedelta = timedelta()

    def deliver(self, letter: Letter) -> None:
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble
        self.letters.append(letter)

    @property
    def target(self) -> Target:
        return Target(self.name, self.deliver, self.after)

    def events(self) -> list[tuple[str, str]]:
        """What was told since the last time."""
        told = [one for letter in self.letters for one in _events(letter)]
        self.letters.clear()
        return told


def _events(letter: Letter) -> list[tuple[str, str]]:
    events: Any = letter.document["events"]
    return [(one["event"], one["cause"]) for one in events]


@dataclass
class Office:
    """An announcer that can be started anew, on a clock that is set by hand."""

    ledger: Ledger
    now: datetime = NOW
    announcer: Announcer = field(init=False)

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        self.announcer = Announcer(self.ledger, lambda: self.now, "host")

    def announce(self, readers: list[Reader], *concerns: Concern) -> None:
        self.announcer.announce([reader.target for reader in readers], concerns)

    def notices(self) -> list[tuple[str, str]]:
        return [(one.scope, one.kind) for one in self.ledger.notices.all()]


@pytest.fixture
def office(ledger: Ledger) -> Office:
    return Office(ledger)


def test_each_cause_is_told_once_also_after_a_restart(office: Office) -> None:
    reader = Reader()
    for _ in range(3):
        office.announce([reader], REFUSED, HELD, DOUBT)
        office.start_anew()
    assert reader.events() == [("raised", "sign_in_refused"), ("raised", "file_held")]
    office.announce([reader], REFUSED, HELD, replace(HELD, subject="file 4"))
    assert reader.events() == [("raised", "file_held")]


def test_what_is_over_soon_is_not_told_to_who_wants_to_wait(office: Office) -> None:
    patient, other = Reader("patient", after=FIVE_MINUTES), Reader("other")
    office.announce([patient, other], HELD)
    office.now += FIVE_MINUTES - SECOND
    office.announce([patient, other], HELD)
    office.announce([patient, other])
    assert (patient.events(), other.events()) == (
        [],
        [("raised", "file_held"), ("cleared", "file_held")],
    )
    office.announce([patient], HELD)
    office.now += FIVE_MINUTES
    office.announce([patient], HELD)
    assert patient.events() == [("raised", "file_held")]
    office.announce([patient])
    assert patient.events() == [("cleared", "file_held")]


def test_what_has_stood_for_long_is_told_at_once(office: Office) -> None:
    patient = Reader("patient", after=FIVE_MINUTES)
    office.announce([patient], replace(HELD, since=office.now - FIVE_MINUTES))
    assert patient.events() == [("raised", "file_held")]


def test_all_that_is_new_at_one_time_is_one_letter(office: Office) -> None:
    reader = Reader()
    office.announce([reader], REFUSED, HELD)
    (letter,) = reader.letters
    assert letter.subject == "[sftp-sync host] renewals: sign in refused and 1 more; 2 outstanding"
    assert letter.text == (
        "renewals: The partner said no. Ask them.\n\n"
        "renewals: File 3 is held.\n\n"
        "2 things need you. To see: sftp-sync status\n\n"
        "This is sftp-sync on host.\n"
    )
    assert letter.document == {
        "text": "renewals: The partner said no. Ask them.\nrenewals: File 3 is held.\n"
        "2 things need you. To see: sftp-sync status",
        "at": "2026-11-20T06:30:00Z",
        "outstanding": 2,
        "host": "host",
        "events": [
            {
                "event": "raised",
                "scope": "renewals",
                "cause": "sign_in_refused",
                "subject": "",
                "message": "The partner said no.",
                "fix": "Ask them.",
                "who": "partner",
                "since": None,
            },
            {
                "event": "raised",
                "scope": "renewals",
                "cause": "file_held",
                "subject": "file 3",
                "message": "File 3 is held.",
                "fix": "",
                "who": "you",
                "since": None,
            },
        ],
    }


def test_what_changes_is_told_again_but_not_all_the_time(office: Office) -> None:
    reader = Reader()
    office.announce([reader], REFUSED)
    office.now += BETWEEN_CHANGES - timedelta(seconds=1)
    office.announce([reader], replace(REFUSED, message="The partner said no twice."))
    assert reader.events() == [("raised", "sign_in_refused")]
    office.now += timedelta(seconds=1)
    office.announce([reader], replace(REFUSED, message="The partner said no twice."))
    assert reader.letters[0].text.startswith("Still: renewals: The partner said no twice.")
    assert reader.events() == [("changed", "sign_in_refused")]


def test_numbers_that_change_all_the_time_are_told_once(office: Office) -> None:
    reader = Reader()
    for free in range(1000, 600, -1):
        filling = Concern("this machine", "disk_filling", f"Only {free} MB are free.")
        rows = Concern("renewals", "rows_need_a_person", f"{free * 3:,} rows of file 7, try 07:30.")
        office.announce([reader], filling, rows)
        office.now += timedelta(minutes=5)
    assert reader.events() == [("raised", "disk_filling"), ("raised", "rows_need_a_person")]


def test_what_has_become_quiet_is_not_over_yet(office: Office) -> None:
    reader = Reader()
    for one in (REFUSED, replace(REFUSED, is_quiet=True)) * 3:
        office.announce([reader], one)
        office.now += BETWEEN_CHANGES
    assert reader.events() == [("raised", "sign_in_refused")]
    office.announce([reader])
    assert reader.events() == [("cleared", "sign_in_refused")]


def test_what_is_over_is_told_once(office: Office) -> None:
    reader = Reader()
    office.announce([reader], REFUSED, HELD)
    reader.letters.clear()
    for _ in range(2):
        office.announce([reader], HELD)
    assert reader.letters[0].text.startswith("Resolved: renewals: The partner said no.")
    assert reader.events() == [("cleared", "sign_in_refused")]
    office.announce([reader])
    assert "Nothing needs you any more." in reader.letters[0].text
    assert reader.events() == [("cleared", "file_held")]
    office.announce([reader], REFUSED)
    assert reader.events() == [("raised", "sign_in_refused")]


@pytest.mark.parametrize("trouble", [TryLater("It is down."), NeedsOperator("It is gone.")])
def test_who_cannot_be_reached_is_told_later_with_growing_pauses(
    office: Office, trouble: SyncError
) -> None:
    reader = Reader(trouble=trouble)
    began, tried_after = office.now, []
    for _ in range(480):
        before = reader.tries
        office.announce([reader], REFUSED)
        if reader.tries > before:
            tried_after.append((office.now - began).total_seconds())
        office.now += timedelta(seconds=30)
    assert tried_after[:4] == [0, 30, 90, 210]
    assert len(tried_after) < 20
    assert tried_after[-1] - tried_after[-2] == 3600

    reader.trouble = None
    office.now += timedelta(hours=1)
    office.announce([reader], REFUSED, HELD)
    assert reader.events() == [("raised", "sign_in_refused"), ("raised", "file_held")]


def test_that_somebody_cannot_be_reached_is_told_to_everybody_else(office: Office) -> None:
    gone, here = Reader("e-mail to ops@example.com", trouble=TryLater("Down.")), Reader()
    office.announce([gone, here], REFUSED)
    assert here.events() == [("raised", "sign_in_refused")]
    assert office.notices() == [("e-mail to ops@example.com", "announcing_failed")]

    (notice,) = office.ledger.notices.all()
    assert notice.message == "What needs a person could not be told: Down."
    concern = Concern(notice.scope, notice.kind, notice.message, subject=notice.cause)
    gone.trouble = None
    office.now += timedelta(minutes=1)
    office.announce([gone, here], REFUSED, concern)
    assert here.events() == [("raised", "announcing_failed")]
    assert gone.events() == [("raised", "sign_in_refused")]
    assert office.notices() == []


def test_a_target_that_we_stumble_over_keeps_nobody_else_from_being_told(office: Office) -> None:
    odd, here = Reader("e-mail to ops@example.com", trouble=ValueError("a bug")), Reader()
    office.announce([odd, here], REFUSED)
    assert here.events() == [("raised", "sign_in_refused")]
    (notice,) = office.ledger.notices.all()
    assert notice.scope == "e-mail to ops@example.com"
    assert "a bug in sftp-sync (ValueError)" in notice.message
    office.announce([odd, here], REFUSED)
    assert odd.tries == 1


def test_what_cannot_be_written_down_is_told_once_all_the_same(
    office: Office, database: Database
) -> None:
    first, second, gone = Reader("one"), Reader("two"), Reader("three", trouble=TryLater("Down."))
    readers = [gone, first, second]
    office.announce([first, second], HELD)
    for reader in (first, second):
        assert reader.events() == [("raised", "file_held")]
    set_writable(office.ledger, database, is_writable=False)
    for _ in range(3):
        office.announce(readers, REFUSED)
    for reader in (first, second):
        assert reader.events() == [("raised", "sign_in_refused"), ("cleared", "file_held")]
    assert gone.tries == 1

    set_writable(office.ledger, database, is_writable=True)
    office.announce(readers, REFUSED)
    office.start_anew()
    office.announce([first, second], REFUSED)
    assert first.events() == second.events() == []
    assert set(office.ledger.announcements.said("one")) == {REFUSED.key}


def set_writable(ledger: Ledger, database: Database, *, is_writable: bool) -> None:
    """Whether the ledger takes anything from its one connection from now on."""
    words = {
        "sqlite": f"PRAGMA query_only = {'OFF' if is_writable else 'ON'}",
        "postgresql": f"SET default_transaction_read_only = {'off' if is_writable else 'on'}",
    }
    with looked_at(ledger) as connection:
        connection.execute(text(words[database.kind]))
        connection.commit()


def test_who_is_asked_for_no_more_leaves_nothing_behind(office: Office) -> None:
    gone = Reader("webhook (env OLD)", trouble=TryLater("Down."))
    told = Reader("webhook (env OTHER)")
    office.announce([gone, told], REFUSED)
    office.announce([], REFUSED)
    assert office.notices() == []
    office.announce([told], REFUSED)
    assert told.events() == [("raised", "sign_in_refused"), ("raised", "sign_in_refused")]


def test_words_from_outside_do_not_break_a_subject(office: Office) -> None:
    reader = Reader()
    office.announce([reader], Concern("a\r\nBcc: all@example.com", "x" * 300, "words"))
    (letter,) = reader.letters
    assert "\r" not in letter.subject
    assert "\n" not in letter.subject
    assert len(letter.subject) <= 120


@pytest.mark.parametrize("state", [FileState.UNREADABLE, FileState.REPEATED])
def test_a_file_that_brought_no_rows_is_not_the_one_that_was_waited_for(
    ledger: Ledger, lease: Lease, state: FileState
) -> None:
    a_day_later = NOW + timedelta(days=1)
    enter_file(ledger, lease, a_batch(pending=1))
    later = an_arrival(sha256=sha256_of("b"), received_at=a_day_later)
    ledger.entering.set_aside(lease, later, an_ending(state))
    ledger.campaigns.collected("renewals", a_day_later)

    assert ledger.troubles.all()["renewals"].last_received_at == NOW
    assert ledger.summaries.all(5)["renewals"].last_received_at == NOW
    expected = Expectation(a_day_later.time(), tuple(range(7)))
    (standing,) = standings([a_campaign()], ledger, Outlook(a_day_later, {"renewals": expected}))
    assert "expected_file_missing" in {one.cause for one in standing.concerns}


def test_troubles_are_found_without_counting_rows(
    ledger: Ledger, lease: Lease, database: Database
) -> None:
    del database
    held = enter_file(ledger, lease, ending=an_ending(FileState.HELD))
    enter_file(ledger, lease, a_batch(pending=9), arrival=an_arrival(sha256=sha256_of("b")))
    ledger.campaigns.pause("surveys", paused=True)

    found = ledger.troubles.all()

    assert set(found) == {"renewals", "surveys"}
    assert [file.id for file in found["renewals"].files] == [held]
    assert found["renewals"].files[0].rows == {RowState.UNCERTAIN: 0}
    assert found["renewals"].last_received_at == NOW
    assert found["surveys"].known.paused
