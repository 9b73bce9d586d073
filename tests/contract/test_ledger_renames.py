"""A campaign that only our name tells from others is known again under a new one."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import event, func, select

from sftp_sync.errors import LeaseLost, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import stops_campaign
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.renames import OF_A_CAMPAIGN, Suspect
from sftp_sync.ledger.schema import campaigns, destinations, metadata, notices, runs
from sftp_sync.model import Campaign, Idle
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_arrival,
    enter_file,
    sha256_of,
)
from tests.support.databases import contents, looked_at, written

ACCOUNT = "http://vendor#user"


def lists(name: str, *beside: str, **changes: str) -> Campaign:
    known = {"door": "a door", "voice": "a voice", "connection": "a connection"} | changes
    return a_campaign(
        name,
        destination=f"{ACCOUNT}/{name}",
        takes_lists=True,
        beside=frozenset({name, *beside}),
        **known,
    )


OLD, NEW = lists("old"), lists("new")


def entered(ledger: Ledger, lease: Lease, campaign: Campaign, name: str = "leads") -> int:
    arrival = an_arrival(campaign, sha256=sha256_of(name))
    return enter_file(ledger, lease, a_batch(ARow(a_phone(1))), arrival=arrival)


class BrokenOff(Exception):
    """The process has ended here, as far as the database can tell."""


def goes_on_until(ledger: Ledger, ours: Lease, statements: int) -> bool:
    """Let the new name take over, and end it after so many statements; whether it was done."""
    left = count(statements, -1)

    def end(*_: object) -> None:
        # The keeper of leases is at work beside us, in a thread of its own.
        if threading.current_thread() is threading.main_thread() and next(left) == 0:
            raise BrokenOff

    event.listen(ledger._engine, "before_cursor_execute", end)
    try:
        ledger.renames.take_over(ours, NEW, "old")
    except BrokenOff:
        return False
    finally:
        event.remove(ledger._engine, "before_cursor_execute", end)
    return True


class TestASuspect:
    def test_has_the_folder_of_a_campaign_that_is_gone(self, ledger: Ledger) -> None:
        ledger.renames.remember(OLD)
        assert ledger.renames.suspect(NEW) == Suspect("new", "old", "folder", is_gone=True)

    def test_or_of_one_that_is_there_under_its_own_name(self, ledger: Ledger) -> None:
        ledger.renames.remember(OLD)
        new = lists("new", "old")
        assert ledger.renames.suspect(new) == Suspect("new", "old", "folder", is_gone=False)

    def test_or_the_voice_of_one_that_is_gone(self, ledger: Ledger) -> None:
        ledger.renames.remember(OLD)
        new = lists("new", door="another")
        assert ledger.renames.suspect(new) == Suspect("new", "old", "voice", is_gone=True)
        assert ledger.renames.suspect(lists("new", "old", door="another")) is None

    def test_or_the_connection_of_one_of_before_this_was_written_down(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        ledger.campaigns.tested("old", "a connection", NOW, passed=True)
        assert ledger.renames.suspect(NEW) is None
        entered(ledger, lease, OLD)
        assert ledger.renames.suspect(NEW) == Suspect("new", "old", "folder", is_gone=True)

    @pytest.mark.parametrize(
        "new",
        [
            lists("new", door="another", voice="another", connection="another"),
            replace(NEW, takes_lists=False),
            replace(OLD, voice="another"),
        ],
    )
    def test_is_none_that_is_otherwise_or_known_or_told_by_the_vendor(
        self, ledger: Ledger, new: Campaign
    ) -> None:
        ledger.renames.remember(OLD)
        assert ledger.renames.suspect(new) is None

    def test_is_none_that_was_there_before_this_was_written_down(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        entered(ledger, lease, NEW)
        ledger.renames.remember(OLD)
        assert ledger.renames.suspect(NEW) is None

    def test_is_none_any_more_once_it_is_known(self, ledger: Ledger) -> None:
        ledger.renames.remember(OLD)
        ledger.renames.remember(NEW)
        assert ledger.renames.suspects([NEW, OLD]) == {}

    def test_is_one_that_moves_into_the_folder_of_another(self, ledger: Ledger) -> None:
        one, two = lists("one", "two", door="a"), lists("two", "one", door="b")
        ledger.renames.remember(one)
        ledger.renames.remember(two)
        moved = [replace(one, door="b"), replace(two, door="a")]
        found = ledger.renames.suspects(moved)
        assert {name: suspect.former for name, suspect in found.items()} == {
            "one": "two",
            "two": "one",
        }

    def test_is_asked_about_again_where_a_gone_name_comes_back(self, ledger: Ledger) -> None:
        ledger.renames.remember(OLD)
        ledger.renames.set_apart(NEW)
        assert ledger.renames.suspect(NEW) is None
        assert ledger.renames.suspect(OLD) == Suspect("old", "new", "folder", is_gone=True)

    def test_leaves_those_alone_that_share_its_folder(self, ledger: Ledger) -> None:
        ledger.renames.remember(lists("old", "new"))
        ledger.renames.set_apart(lists("new", "old"))
        assert ledger.renames.suspects([lists("old", "new"), lists("new", "old")]) == {}
        assert ledger.renames.suspect(OLD) is None

    def test_is_one_that_is_gone_before_one_that_shares_its_folder(self, ledger: Ledger) -> None:
        for name in ("another", "old"):
            ledger.renames.remember(lists(name, "another", "old"))
        new = lists("new", "another")
        assert ledger.renames.suspect(new) == Suspect("new", "old", "folder", is_gone=True)

    def test_of_two_that_changed_names_one_answer_does_not_let_both_run(
        self, ledger: Ledger
    ) -> None:
        ledger.renames.remember(lists("one", "two", door="a"))
        ledger.renames.remember(lists("two", "one", door="b"))
        ledger.renames.set_apart(lists("one", "two", door="b"))
        found = ledger.renames.suspect(lists("two", "one", door="a"))
        assert found == Suspect("two", "one", "folder", is_gone=False)

    def test_cannot_go_on_as_another_with_lists_of_its_own(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        entered(ledger, lease, NEW, "others")
        ledger.renames.remember(lists("new", "old", door="another"))
        ledger.renames.remember(OLD)
        found = ledger.renames.suspect(NEW)
        assert found is not None
        assert (found.is_gone, found.can_be_it) == (True, False)

    def test_sends_nothing(self, ledger: Ledger, lease: Lease) -> None:
        entered(ledger, lease, NEW)
        ledger.renames.remember(lists("new", "old", door="another"))
        ledger.renames.remember(OLD)
        with looked_at(ledger) as connection:
            assert stops_campaign(connection, NEW, a_moment()) == Idle.RENAMED
            assert stops_campaign(connection, OLD, a_moment()) is None


class TestGoingOn:
    def test_leaves_no_table_with_the_former_name(self) -> None:
        named = {table for table in metadata.sorted_tables if "campaign" in table.columns}
        assert named - {runs} == set(OF_A_CAMPAIGN)

    def test_is_done_wholly_or_not_at_all(self, ledger: Ledger, lease: Lease) -> None:
        entered(ledger, lease, OLD)
        ledger.renames.remember(OLD)
        with ledger.leases.hold("collect:new") as ours:
            before, broken_off = contents(ledger), 0
            while not goes_on_until(ledger, ours, broken_off):
                assert contents(ledger) == before
                broken_off += 1
        assert broken_off > len(OF_A_CAMPAIGN)
        assert [file.campaign for file in ledger.files.all()] == ["new"]

    def test_takes_all_that_the_former_name_has(self, ledger: Ledger, lease: Lease) -> None:
        file_id = entered(ledger, lease, OLD)
        ledger.renames.remember(OLD)
        ledger.campaigns.collected("old", NOW)
        ledger.campaigns.pause("old", paused=True)
        ledger.campaigns.tested("new", "a connection", NOW, passed=True)
        with ledger.leases.hold("collect:new") as ours:
            assert ledger.renames.take_over(ours, NEW, "old") == 1
        assert ledger.files.get(file_id).campaign == "new"
        known = ledger.campaigns.get("new")
        assert (known.paused, known.collected_at, known.connection) == (True, NOW, "a connection")
        first = ledger.files.first_import(NEW, sha256_of("leads"))
        assert first is not None
        assert first.id == file_id
        assert ledger.renames.suspect(NEW) is None
        with looked_at(ledger) as connection:
            for table in OF_A_CAMPAIGN:
                asked = select(func.count()).where(table.c.campaign == "old")
                assert connection.execute(asked).scalar_one() == 0, table.name
            for asked in (
                select(func.count()).where(campaigns.c.name == "old"),
                select(func.count()).where(runs.c.campaign == "old"),
                select(func.count()).where(notices.c.scope == "old"),
            ):
                assert connection.execute(asked).scalar_one() == 0
            identities = connection.execute(select(destinations.c.identity)).scalars().all()
        assert identities == [NEW.destination]

    def test_is_refused_where_the_new_name_has_lists_of_its_own(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        entered(ledger, lease, OLD)
        own = entered(ledger, lease, NEW, "others")
        with (
            ledger.leases.hold("collect:new") as ours,
            pytest.raises(UsageError, match="lists of its own"),
        ):
            ledger.renames.take_over(ours, NEW, "old")
        assert ledger.files.get(own).campaign == "new"

    def test_takes_the_lease_of_the_new_name(self, ledger: Ledger, lease: Lease) -> None:
        file_id = entered(ledger, lease, OLD)
        with ledger.leases.hold("collect:new") as ours:
            pass
        with pytest.raises(LeaseLost):
            ledger.renames.take_over(ours, NEW, "old")
        assert ledger.files.get(file_id).campaign == "old"

    def test_leaves_what_was_called_by_another_account(self, ledger: Ledger, lease: Lease) -> None:
        elsewhere = replace(OLD, destination="http://other#user/old")
        file_id = entered(ledger, lease, elsewhere)
        with ledger.leases.hold("collect:new") as ours:
            ledger.renames.take_over(ours, NEW, "old")
        assert ledger.files.get(file_id).campaign == "new"
        with looked_at(ledger) as connection:
            identities = set(connection.execute(select(destinations.c.identity)).scalars())
        assert identities == {elsewhere.destination}

    def test_leaves_other_campaigns_alone(self, ledger: Ledger, lease: Lease) -> None:
        entered(ledger, lease, OLD)
        other = entered(ledger, lease, lists("other"), "others")
        with written(ledger) as connection:
            connection.execute(campaigns.insert().values(name="other", paused=True))
        with ledger.leases.hold("collect:new") as ours:
            ledger.renames.take_over(ours, NEW, "old")
        assert ledger.files.get(other).campaign == "other"
        assert ledger.campaigns.get("other").paused
