"""A row goes only to the destination it was recorded with, on every database: whatever the
configuration has now, nothing of another one is claimed, looked into, followed or counted as due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger, upgrade
from sftp_sync.ledger.engine import open_engine
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.leftovers import Elsewhere
from sftp_sync.ledger.schema import destinations, files, launches, rows
from sftp_sync.model import (
    Accepted,
    Campaign,
    Claim,
    FileState,
    Idle,
    Launch,
    Limits,
    RowState,
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
from tests.support.databases import EVERY_DATABASE, Database, fresh_database, looked_at, written

AFTER, HOUR = timedelta(seconds=120), timedelta(hours=1)
TODAY, THEN = a_moment(), an_instant()
LATER = NOW + HOUR
THEN_LATER = an_instant(LATER)
RENEWALS = a_campaign()
MOVED = a_campaign(destination="https://app.talkover.ai/api/v1#other")
TERMS = Terms({"assistant_id": "asst_1", "phone_number_id": "pn_1"})


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("dispatch:talkover") as lease:
        yield lease


def a_list(
    ledger: Ledger, lease: Lease, *phones: str, campaign: Campaign = RENEWALS, name: str = "leads"
) -> int:
    arrival = an_arrival(campaign, sha256=sha256_of(name))
    batch = a_batch(*(ARow(phone) for phone in phones))
    return enter_file(ledger, lease, batch, arrival=arrival)


def claimed(ledger: Ledger, sending: Lease, campaign: Campaign = RENEWALS) -> Claim:
    found = ledger.claims.claim(sending, campaign, TODAY)
    assert isinstance(found, Claim), found
    return found


class TestDueRows:
    def test_of_another_destination_are_nothing_to_send(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1), a_phone(2))
        assert ledger.claims.due([MOVED]) == set()
        assert ledger.claims.count_due([MOVED]) == 0
        assert ledger.claims.claim(sending, MOVED, TODAY) == Idle.NOTHING
        assert ledger.forecast.files(MOVED, NOW) == []
        assert ledger.claims.due([RENEWALS]) == {"renewals"}
        assert ledger.claims.count_due([RENEWALS]) == 2
        claimed(ledger, sending)

    def test_of_both_destinations_go_each_to_its_own(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1), a_phone(2))
        new = a_list(ledger, lease, a_phone(1), campaign=MOVED, name="new")
        first = claimed(ledger, sending, MOVED)
        assert first.file_id == new
        ledger.settling.settle(first, Accepted("c1"), THEN, AFTER)
        assert ledger.claims.claim(sending, MOVED, TODAY) == Idle.NOTHING
        assert [claimed(ledger, sending).phone for _ in "12"] == [a_phone(1), a_phone(2)]

    def test_of_another_destination_become_too_late_all_the_same(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = a_list(ledger, lease, a_phone(1))
        late = a_campaign(destination=MOVED.destination, expires_after=HOUR)
        when = a_moment(NOW + 2 * HOUR, TODAY.day)
        while ledger.claims.claim(sending, late, when) == Idle.JUDGING:
            pass
        assert ledger.files.get(file_id).rows[RowState.EXPIRED] == 1

    def test_wait_for_a_number_in_doubt_at_the_former_destination(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1))
        ledger.settling.settle(claimed(ledger, sending), Uncertain("502"), THEN, AFTER)
        a_list(ledger, lease, a_phone(1), a_phone(2), campaign=MOVED, name="new")
        assert claimed(ledger, sending, MOVED).phone == a_phone(2)
        assert ledger.claims.claim(sending, MOVED, TODAY) == Idle.IN_DOUBT
        # That of a campaign with another name is no business of this one.
        surveys = a_campaign("surveys", destination=MOVED.destination + "2")
        a_list(ledger, lease, a_phone(1), campaign=surveys, name="surveys")
        assert claimed(ledger, sending, surveys).phone == a_phone(1)


class TestDoubts:
    @pytest.fixture(autouse=True)
    def _doubt(self, ledger: Ledger, lease: Lease, sending: Lease) -> None:
        a_list(ledger, lease, a_phone(1))
        ledger.settling.settle(claimed(ledger, sending), Uncertain("502"), THEN, AFTER)

    def test_of_another_destination_are_neither_looked_into_nor_waited_for(
        self, ledger: Ledger
    ) -> None:
        assert ledger.doubts.due(MOVED, THEN_LATER, AFTER) == []
        assert ledger.doubts.looked_into([MOVED], THEN_LATER) == set()
        assert not ledger.doubts.looked_into([MOVED], THEN_LATER, None)
        assert ledger.doubts.looked_into([RENEWALS], THEN_LATER) == {"renewals"}
        assert ledger.forecast.prospect(MOVED, TODAY).in_doubt == 0
        assert ledger.forecast.prospect(RENEWALS, TODAY).in_doubt == 1

    def test_of_another_destination_are_not_asked_again_there(
        self, ledger: Ledger, sending: Lease
    ) -> None:
        (doubt,) = ledger.doubts.due(RENEWALS, THEN_LATER, AFTER)
        when = a_moment(LATER, TODAY.day)
        assert ledger.doubts.claim(sending, MOVED, doubt, when) is None
        assert ledger.doubts.claim(sending, RENEWALS, doubt, when) is not None


class TestFilesThatBecomeCampaigns:
    def planned(self, ledger: Ledger, sending: Lease) -> Launch:
        planned = ledger.launches.plan(sending, RENEWALS, TERMS, TODAY)
        assert isinstance(planned, Launch)
        return planned

    def test_are_planned_made_and_started_where_they_were_recorded(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1))
        assert ledger.launches.plan(sending, MOVED, TERMS, TODAY) == Idle.NOTHING
        drafted = ledger.launches.drafted(sending, self.planned(ledger, sending), "v1")
        assert ledger.departures.waiting(MOVED) is None
        assert ledger.launches.judge(MOVED, drafted, TERMS, TODAY) == Idle.NOTHING
        assert ledger.launches.claim(sending, MOVED, drafted, TERMS, TODAY) == Idle.NOTHING
        assert ledger.departures.waiting(RENEWALS) == drafted
        start = ledger.launches.claim(sending, RENEWALS, drafted, TERMS, TODAY)
        assert isinstance(start, Start)
        ledger.launches.settle(start, Accepted("v1", "running"), THEN, AFTER)
        assert ledger.departures.under_way(MOVED) == []
        assert not ledger.departures.is_any_open(MOVED)
        assert ledger.departures.is_any_open(RENEWALS)

    def test_are_looked_into_and_started_again_only_there(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1))
        drafted = ledger.launches.drafted(sending, self.planned(ledger, sending), "v1")
        start = ledger.launches.claim(sending, RENEWALS, drafted, TERMS, TODAY)
        assert isinstance(start, Start)
        ledger.launches.settle(start, Uncertain("lost"), THEN, AFTER)
        assert ledger.departures.due(MOVED, THEN_LATER, AFTER) is None
        assert ledger.departures.looked_into([MOVED], THEN_LATER, AFTER) == set()
        assert ledger.departures.looked_into([RENEWALS], THEN_LATER, AFTER) == {"renewals"}
        doubtful = ledger.departures.due(RENEWALS, THEN_LATER, AFTER)
        assert doubtful is not None
        when = a_moment(LATER, TODAY.day)
        assert ledger.launches.claim_again(sending, MOVED, doubtful, when) is None
        assert ledger.launches.claim_again(sending, RENEWALS, doubtful, when) is not None

    def test_that_a_dead_process_was_starting_are_in_doubt_also_of_a_campaign_without_a_name(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        a_list(ledger, lease, a_phone(1))
        with ledger.leases.hold("dispatch:talkover") as before:
            drafted = ledger.launches.drafted(before, self.planned(ledger, before), "v1")
            ledger.launches.claim(before, RENEWALS, drafted, TERMS, TODAY)
        with ledger.leases.hold("dispatch:talkover") as after:
            assert ledger.launches.take_over(after, ["renamed"], THEN, AFTER) == 1
        with looked_at(ledger) as connection:
            assert connection.execute(select(launches.c.state)).scalar_one() == "uncertain"


class TestCalls:
    def test_made_elsewhere_are_not_followed_and_reported_as_they_stand_in_the_end(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = a_list(ledger, lease, a_phone(1), a_phone(2))
        ledger.settling.settle(claimed(ledger, sending), Accepted("c1", "queued"), THEN, AFTER)
        ledger.settling.settle(claimed(ledger, sending), Accepted("c2"), THEN_LATER, AFTER)
        following = ledger.following
        assert not following.is_any_open(MOVED)
        assert following.open_calls(MOVED, 0) == []
        assert following.out_of_sight(RENEWALS, LATER + HOUR) == []
        assert following.out_of_sight(MOVED, NOW) == []
        (late,) = following.out_of_sight(MOVED, NOW + HOUR)
        following.end_out_of_sight(lease, [late], LATER)
        assert len(following.out_of_sight(MOVED, LATER + HOUR)) == 1
        (reported,) = ledger.results.rows(file_id, only_new=True)
        assert (reported.status, reported.call_id) == ("queued", "c1")
        assert "not configured any more" in (reported.matched_by or "")


class TestWhatNobodyLooksAfter:
    def test_is_told_by_destination_with_its_files(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        first = a_list(ledger, lease, a_phone(1), a_phone(2), a_phone(3))
        ledger.settling.settle(claimed(ledger, sending), Accepted("c1"), THEN, AFTER)
        ledger.settling.settle(claimed(ledger, sending), Uncertain("502"), THEN, AFTER)
        assert ledger.leftovers.elsewhere([RENEWALS, a_campaign("surveys")]) == {}
        told = {
            "renewals": [
                Elsewhere(
                    "renewals",
                    RENEWALS.destination,
                    to_send={first: 1},
                    in_doubt={first: 1},
                    not_looked_into={first: 1},
                    open_calls=1,
                )
            ]
        }
        assert ledger.leftovers.elsewhere([MOVED]) == told
        # Where something was recorded for the new one too, and that is not told.
        a_list(ledger, lease, a_phone(4), campaign=MOVED, name="new")
        assert ledger.leftovers.elsewhere([MOVED, a_campaign("surveys")]) == told

    def test_can_be_given_up_as_far_as_it_is_due(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = a_list(ledger, lease, a_phone(1), a_phone(2))
        ledger.settling.settle(claimed(ledger, sending), Uncertain("502"), THEN, AFTER)
        with pytest.raises(UsageError, match="there is nothing to reject"):
            ledger.files.reject_elsewhere(file_id, RENEWALS, NOW)
        file = ledger.files.reject_elsewhere(file_id, MOVED, NOW)
        assert (file.rows[RowState.REJECTED], file.rows[RowState.UNCERTAIN]) == (1, 1)
        assert file.state == FileState.DISPATCHING
        other = a_list(ledger, lease, a_phone(7), name="other")
        assert ledger.files.reject_elsewhere(other, None, NOW).rows[RowState.REJECTED] == 1

    def test_leaves_no_draft_that_could_be_started_when_it_is_given_up(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = a_list(ledger, lease, a_phone(1))
        planned = ledger.launches.plan(sending, RENEWALS, TERMS, TODAY)
        assert isinstance(planned, Launch)
        ledger.launches.drafted(sending, planned, "v1")
        ledger.files.reject_elsewhere(file_id, MOVED, NOW)
        assert ledger.departures.waiting(RENEWALS) is None
        assert [one.id for one in ledger.departures.orphans("renewals", NOW)] == [planned.id]


def at_the_first_schema(database: Database) -> None:
    """A ledger as version 0001 of its schema has it."""
    settings = Config()
    settings.set_main_option("script_location", str(upgrade.MIGRATIONS))
    engine = open_engine(database.url)
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
    engine.dispose()


@pytest.fixture(params=EVERY_DATABASE)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path, is_migrated=False) as database:
        at_the_first_schema(database)
        yield database


Told = tuple[str, Mapping[str, object]]
A_PLACE = "INSERT INTO destinations (id, identity, ids_agree) VALUES (:id, :identity, :agree)"
A_FILE = (
    "INSERT INTO files (id, campaign, destination_id, name, name_raw, size, sha256, state,"
    " received_at, original, reading, mapping, understanding, total) VALUES (:id, 'renewals',"
    " :place, 'list', :raw, 1, :sha, 'dispatching', 0, true, '', '{}', '{}', :rows)"
)
A_ROW = (
    "INSERT INTO rows (id, file_id, destination_id, line, state, phone, cells, call_id)"
    " VALUES (:id, :file, :place, :id, :state, :phone, '[]', :call)"
)
A_LAUNCH = (
    "INSERT INTO launches (id, file_id, campaign, state, name, terms, recipients, vendor_id,"
    " made_at) VALUES (1, 1, 'renewals', 'drafted', 'n', 't', 0, 'v', 0)"
)


def fill(database: Database, *told: Told) -> None:
    engine = open_engine(database.url)
    with engine.begin() as connection:
        for statement, values in told:
            connection.execute(text(statement), values)
    engine.dispose()


def place(number: int, identity: str, *, agree: bool = False) -> Told:
    return A_PLACE, {"id": number, "identity": identity, "agree": agree}


def file(number: int, place: int, sha: str, rows: int) -> Told:
    return A_FILE, {"id": number, "place": place, "sha": sha, "rows": rows, "raw": b"list"}


def row(number: int, where: tuple[int, int], phone: str, state: str) -> Told:
    call = f"c{phone}" if state == "accepted" else None
    told = {"id": number, "file": where[0], "place": where[1], "phone": phone}
    return A_ROW, told | {"state": state, "call": call}


class TestAnOlderLedger:
    def test_knows_its_campaigns_in_whatever_spelling_they_were_written(
        self, older: Database
    ) -> None:
        identity = "https://A.example:443/v1/#550E8400-E29B-41D4-A716-446655440000"
        fill(older, place(7, identity), file(1, 7, "x", 1), row(1, (1, 7), "+1", "pending"))
        destination = "https://a.example/v1#550e8400-e29b-41d4-a716-446655440000"
        with older.open() as ledger:
            assert ledger.claims.count_due([a_campaign(destination=destination)]) == 1
            surveys = a_campaign("surveys", destination=destination)
            assert ledger.files.first_import(surveys, "x") is not None

    def test_becomes_one_where_two_spellings_were_two_but_for_what_would_be_there_twice(
        self, older: Database
    ) -> None:
        fill(
            older,
            place(1, "https://a.example#B/b"),
            place(2, "https://A.example/#B/b", agree=True),
            file(1, 1, "x", 2),
            file(2, 2, "y", 4),
            file(3, 2, "x", 0),
            row(1, (1, 1), "+1", "uncertain"),
            row(2, (1, 1), "+2", "accepted"),
            row(3, (2, 2), "+1", "uncertain"),
            row(4, (2, 2), "+2", "accepted"),
            row(5, (2, 2), "+3", "uncertain"),
            row(6, (2, 2), "+4", "pending"),
        )
        with older.open() as ledger, looked_at(ledger) as connection:
            found = connection.execute(select(rows.c.destination_id).order_by(rows.c.id))
            assert list(found.scalars()) == [1, 1, 2, 2, 1, 1]
            found = connection.execute(select(files.c.destination_id).order_by(files.c.id))
            assert list(found.scalars()) == [1, 1, 2]
            kept = select(destinations.c.identity, destinations.c.ids_agree)
            told = connection.execute(kept.order_by(destinations.c.id)).all()
            assert told == [("https://a.example#B/b", True), ("https://A.example/#B/b", True)]

    def test_knows_where_its_lists_were_planned(self, older: Database) -> None:
        identity = "https://k.example#u/renewals"
        fill(older, place(1, identity), file(1, 1, "x", 0), (A_LAUNCH, {}))
        with older.open() as ledger:
            here = a_campaign(destination=identity, takes_lists=True)
            assert ledger.departures.waiting(here) is not None
            with looked_at(ledger) as connection:
                assert connection.execute(select(destinations.c.takes_lists)).scalar_one()


def test_whether_lists_are_taken_is_what_the_registry_says_now(
    ledger: Ledger, lease: Lease
) -> None:
    a_list(ledger, lease, a_phone(1))
    with written(ledger) as connection:
        connection.execute(destinations.update().values(takes_lists=True))
    a_list(ledger, lease, a_phone(1), campaign=a_campaign(limits=Limits()), name="again")
    with looked_at(ledger) as connection:
        assert not connection.execute(select(destinations.c.takes_lists)).scalar_one()
