"""Personal data goes when its time has come, or when its person asks; the counts stay."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync import tables
from sftp_sync.around import Surroundings
from sftp_sync.errors import LeaseBusy, LedgerMismatch, RemoteRefused, UsageError
from sftp_sync.forgetting import forget
from sftp_sync.housekeeping import HouseRules, keep_house
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import evidence, files, leases, rows, sightings, spending
from sftp_sync.model import FileState, NewDelivery, RowState
from sftp_sync.spool import Spool
from sftp_sync.spool import sha256_of as sha256_of_file
from sftp_sync.wiring.parts import nobody_watches
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_delivery,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_instant,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import Database, contents, fresh_database, looked_at, written

PERSON = "+12125550123"
OTHER = "+12125550199"
MUCH_LATER = NOW + timedelta(days=100)
S = RowState


def a_row(phone: str = PERSON, *cells: str) -> ARow:
    return ARow(phone, cells=cells or ("Ann Example", phone))


@pytest.fixture
def around(ledger: Ledger, tmp_path: Path) -> Surroundings:
    return Surroundings(
        ledger=ledger,
        spool=Spool(tmp_path / "spool", lambda _: 1 << 40),
        now=lambda: MUCH_LATER,
        wait=lambda _: None,
        watch=nobody_watches,
        monotonic=time.monotonic,
        boot_time=lambda: an_instant().boot_time,
    )


def become(ledger: Ledger, file_id: int, line: int, *states: RowState, **values: Any) -> int:
    """Let a row go through these states; its id."""
    with written(ledger) as connection:
        here = (rows.c.file_id == file_id) & (rows.c.line == line)
        for state in states:
            connection.execute(update(rows).where(here).values(state=state, **values))
        return int(connection.execute(select(rows.c.id).where(here)).scalar_one())


def rows_of(ledger: Ledger, file_id: int) -> list[Any]:
    with looked_at(ledger) as connection:
        asked = select(rows).where(rows.c.file_id == file_id).order_by(rows.c.line)
        return list(connection.execute(asked))


def finish(ledger: Ledger, file_id: int, at: datetime = NOW) -> None:
    with written(ledger) as connection:
        for state in (FileState.FOLLOWING, FileState.FINISHED):
            connection.execute(update(files).where(files.c.id == file_id).values(state=state))
    ledger.summaries.note_endings(at)


def a_finished_file(ledger: Ledger, lease: Lease, name: str = "old.csv", at: datetime = NOW) -> int:
    arrival = an_arrival(source=a_remote_file(name), sha256=sha256_of(name))
    batch = a_batch(a_row(), a_row(OTHER), an_invalid_row())
    told = a_delivery(f"{name}.results.csv", kind="results")
    ending = an_ending(deliveries=[told])
    file_id = enter_file(ledger, lease, batch, arrival=arrival, ending=ending)
    (delivery,) = ledger.deliveries.of_file(file_id)
    ledger.deliveries.struck_off(lease, delivery, at)
    values = {"call_id": f"call {name}", "queued_at": at, "over_at": at}
    row_id = become(ledger, file_id, 2, S.SENDING, S.ACCEPTED, **values)
    become(ledger, file_id, 3, S.REFUSED, reason=f"The vendor refused {OTHER}.")
    with written(ledger) as connection:
        said = f"accepted {PERSON}"
        connection.execute(insert(evidence).values(row_id=row_id, attempt=1, at=at, said=said))
        reported = update(rows).where(rows.c.file_id == file_id, rows.c.state != S.INVALID)
        connection.execute(reported.values(delivery_id=delivery.id))
    finish(ledger, file_id, at)
    return file_id


class TestRetention:
    def test_empties_what_finished_long_ago_and_keeps_what_is_counted(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_finished_file(ledger, lease)
        before = ledger.files.get(file_id)
        outcomes = ledger.summaries.outcomes(NOW)

        assert ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER) == 1
        assert ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER) == 0

        assert ledger.files.get(file_id) == before
        assert ledger.summaries.outcomes(NOW) == outcomes
        accepted, refused, invalid = rows_of(ledger, file_id)
        assert [row.cells for row in (accepted, refused, invalid)] == ["[]"] * 3
        assert (accepted.phone, refused.phone, invalid.phone) == ("", "", None)
        assert refused.reason is None
        assert (accepted.call_id, accepted.queued_at) == ("call old.csv", NOW)
        assert invalid.code == "invalid_number"
        with looked_at(ledger) as connection:
            assert connection.execute(select(evidence)).all() == []

    def test_leaves_alone_what_finished_lately_or_goes_on(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        late = a_finished_file(ledger, lease, "late.csv", NOW + timedelta(days=2))
        open_ = enter_file(ledger, lease, a_batch(a_row()), arrival=an_arrival(sha256="b" * 64))
        assert ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER) == 0
        assert rows_of(ledger, late)[0].phone == PERSON
        assert rows_of(ledger, open_)[0].phone == PERSON

    def test_a_number_called_within_the_time_is_still_known(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        a_finished_file(ledger, lease, "old.csv")
        a_finished_file(ledger, lease, "late.csv", NOW + timedelta(days=2))
        ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER)
        destination = an_arrival().campaign.destination
        assert ledger.rows.called_before(destination, [PERSON]) == 1

    def test_what_was_emptied_is_not_sent_again(self, ledger: Ledger, lease: Lease) -> None:
        first = a_finished_file(ledger, lease)
        ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER)
        with pytest.raises(UsageError, match=f"rows of file {first} were emptied on") as caught:
            ledger.verdicts.retry(first, an_instant(MUCH_LATER), timedelta())
        assert "Ask the partner for the list" in caught.value.fix
        again = an_arrival(source=a_remote_file("again.csv"), sha256=sha256_of("old.csv"))
        ending = an_ending(FileState.REPEATED, first_file_id=first)
        repeated = ledger.entering.set_aside(lease, again, ending)
        with pytest.raises(UsageError, match=f"rows of file {first}, .* were emptied") as caught:
            ledger.files.release(repeated)
        assert "Drop the list again" in caught.value.fix
        with pytest.raises(IntegrityError), written(ledger) as connection:
            connection.execute(
                update(rows)
                .where(rows.c.file_id == first, rows.c.line == 3)
                .values(state=S.PENDING)
            )

    def test_does_not_hide_that_the_ledger_was_changed_from_outside(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = a_finished_file(ledger, lease)
        with written(ledger) as connection:
            counts = '{"accepted": 2, "invalid": 1}'
            connection.execute(update(files).values(counts=counts))
        with pytest.raises(LedgerMismatch, match=f"rows of file {file_id} .* are not what they"):
            ledger.retention.empty(NOW + timedelta(days=1), MUCH_LATER)


class TestHousekeeping:
    RULES = HouseRules(timedelta(days=90), {"renewals"})

    def test_is_done_once_a_day(self, around: Surroundings, lease: Lease) -> None:
        a_finished_file(around.ledger, lease)
        assert keep_house(self.RULES, around)
        assert not keep_house(self.RULES, around)
        (newest,) = rows_of(around.ledger, 1)
        assert newest.cells == "[]"

    def test_keeps_what_grows_within_bounds(self, around: Surroundings, ledger: Ledger) -> None:
        with written(ledger) as connection:
            for day in ("2026-11-20", f"{MUCH_LATER:%Y-%m-%d}"):
                spent = insert(spending).values(campaign="renewals", day=day, calls=1)
                connection.execute(spent)
            for name, holder in (("collect:gone", None), ("dispatch:held", "somebody")):
                held = {"name": name, "holder": holder, "fence": 3, "renewed_at": NOW}
                connection.execute(insert(leases).values(**held))
        error = RemoteRefused("no")
        ledger.notices.post("renewals", "collect", error, NOW)
        ledger.notices.post("a campaign of last year", "collect", error, NOW)
        stray, named, fresh = (around.spool.place("renewals", "results") for _ in range(3))
        for path in (stray, named, fresh):
            path.write_text("x")
        for path in (stray, named):
            os.utime(path, (0, 0))
        os.utime(fresh, (MUCH_LATER.timestamp(), MUCH_LATER.timestamp()))
        delivery = _delivery("results", "r.csv", around.spool.name_of(named), named)
        with ledger.leases.hold("collect:renewals") as lease:
            enter_file(ledger, lease, ending=an_ending(deliveries=[delivery]))

        assert keep_house(self.RULES, around)

        with looked_at(ledger) as connection:
            assert len(connection.execute(select(spending)).all()) == 1
            kept = {row.name for row in connection.execute(select(leases))}
        assert "collect:gone" not in kept
        assert "dispatch:held" in kept
        assert [one.scope for one in ledger.notices.all()] == ["renewals"]
        assert [path.exists() for path in (stray, named, fresh)] == [False, True, True]

    def test_that_fails_is_said_and_tried_again(
        self, around: Surroundings, ledger: Ledger, lease: Lease
    ) -> None:
        a_finished_file(ledger, lease)
        with written(ledger) as connection:
            connection.execute(update(files).values(counts='{"accepted": 3}'))
        assert not keep_house(self.RULES, around)
        (notice,) = ledger.notices.all()
        assert (notice.scope, notice.cause) == ("ledger", "housekeeping")
        with written(ledger) as connection:
            connection.execute(update(files).values(counts=None, finished_at=None))
        assert keep_house(HouseRules(timedelta(days=-1), {"renewals"}), around)
        assert ledger.notices.all() == []

    def test_names_that_are_listed_no_more_are_forgotten(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        listed = []
        for number in range(5):
            source = a_remote_file(f"{number}.csv")
            arrival = an_arrival(source=source, sha256=sha256_of(str(number)))
            enter_file(ledger, lease, arrival=arrival)
            listed.append(source)
        assert ledger.retention.forget_unlisted("renewals", []) == 0
        assert ledger.retention.forget_unlisted("renewals", listed) == 0
        assert ledger.retention.forget_unlisted("surveys", listed[:1]) == 0
        assert ledger.retention.forget_unlisted("renewals", listed[1:3]) == 3
        with looked_at(ledger) as connection:
            found = connection.execute(select(sightings.c.name_raw)).scalars()
            assert {bytes(name) for name in found} == {b"1.csv", b"2.csv"}


def _delivery(kind: Any, name: str, spooled: str, path: Path) -> NewDelivery:
    return NewDelivery(
        kind=kind,
        folder="/outbox",
        name=name,
        sha256=sha256_of_file(path),
        size=path.stat().st_size,
        spooled=spooled,
    )


class TestAPerson:
    def test_is_erased_wherever_the_number_stands(
        self, around: Surroundings, ledger: Ledger, lease: Lease
    ) -> None:
        batch = a_batch(
            a_row(PERSON, "Ann", "212-555-0123", "likes tea"),
            a_row(OTHER, "Bob", OTHER, "wife: (212) 555-0123"),
            an_invalid_row(cells=("Ann", "(212) 555-0123 and more", "tea")),
            a_row(a_phone(7), "Cleo", a_phone(7), "nothing"),
        )
        file_id = enter_file(ledger, lease, batch)
        row_id = become(ledger, file_id, 2, S.SENDING, S.ACCEPTED, call_id="c-1")
        with written(ledger) as connection:
            for said in (f"accepted {PERSON}", "nothing of her"):
                one = {"row_id": row_id, "attempt": 1, "at": NOW, "said": said}
                connection.execute(insert(evidence).values(**one))
        ledger.notices.post("renewals", "dispatch", RemoteRefused(f"{PERSON} is busy."), NOW)
        before = ledger.files.get(file_id).rows

        done = forget(PERSON, around)

        assert asdict(done.erased) == {
            "rows": 3,
            "files": 1,
            "not_called": 0,
            "evidence": 2,
            "notices": 1,
        }
        ann, bob, invalid, cleo = rows_of(ledger, file_id)
        assert (ann.phone, ann.cells, ann.call_id) == ("", '["", "", ""]', "c-1")
        assert (bob.phone, bob.cells) == (OTHER, f'["Bob", "{OTHER}", ""]')
        assert (invalid.phone, invalid.cells) == (None, '["", "", ""]')
        assert cleo.cells == f'["Cleo", "{a_phone(7)}", "nothing"]'
        assert ledger.files.get(file_id).rows == before
        assert ledger.notices.all()[0].message == "erased by the operator"
        assert forget(PERSON, around).erased.rows == 0

    @pytest.mark.parametrize("states", [(), (S.SENDING, S.UNCERTAIN)])
    def test_is_not_called_any_more(
        self,
        around: Surroundings,
        ledger: Ledger,
        lease: Lease,
        states: tuple[RowState, ...],
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(a_row(), a_row(OTHER)))
        become(ledger, file_id, 2, *states, doubt_since=NOW, given_up_at=NOW)
        assert forget(PERSON, around).erased.not_called == 1
        ann, bob = rows_of(ledger, file_id)
        assert (ann.state, ann.phone, ann.reason) == ("rejected", "", "erased by the operator")
        assert (bob.state, bob.phone) == ("pending", OTHER)
        when = an_instant(MUCH_LATER)
        for state in (RowState.REFUSED, RowState.REJECTED):
            assert ledger.verdicts.retry(file_id, when, timedelta(), state) == 0

    def test_is_not_erased_while_a_call_is_on_its_way(
        self, around: Surroundings, ledger: Ledger, lease: Lease
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(a_row()))
        row_id = become(ledger, file_id, 2, S.SENDING)
        with pytest.raises(UsageError, match=f"Row {row_id} is being sent"):
            forget(PERSON, around)
        assert rows_of(ledger, file_id)[0].phone == PERSON

    def test_goes_out_of_files_that_wait_to_be_delivered(
        self, around: Surroundings, ledger: Ledger
    ) -> None:
        with ledger.leases.hold("collect:renewals") as lease:
            rejects = around.spool.place("renewals", "receipts")
            reject = ("name", "phone", *tables.REJECT_COLUMNS)
            bad = [("Ann", "212-555-0123 x", "3", "not_a_number", "…"), ("Eve", "1", "4", "x", "…")]
            tables.write_csv(rejects, reject, bad, spreadsheet_safe=True)
            results = around.spool.place("renewals", "results")
            results.write_text(f"phone\n{PERSON}\n")
            deliveries = [
                _delivery("rejects", "rejects.csv", around.spool.name_of(rejects), rejects),
                _delivery("results", "results.csv", around.spool.name_of(results), results),
            ]
            invalid = [
                an_invalid_row(cells=("Ann", "212-555-0123 x")),
                an_invalid_row(cells=("Eve", "1")),
            ]
            batch = a_batch(a_row(), *invalid)
            file_id = enter_file(ledger, lease, batch, ending=an_ending(deliveries=deliveries))
        due = {one.kind: one for one in ledger.deliveries.due("renewals")}
        row_id = become(ledger, file_id, 2, S.SENDING, S.ACCEPTED, over_at=NOW)
        with written(ledger) as connection:
            told = update(rows).where(rows.c.id == row_id)
            connection.execute(told.values(delivery_id=due["results"].id))

        assert forget(PERSON, around).rewritten == 2

        (left,) = ledger.deliveries.due("renewals")
        path = around.spool.path_of(left.spooled)
        assert (left.kind, left.name) == ("rejects", "rejects.csv")
        assert left.sha256 == sha256_of_file(path)
        assert left.size == path.stat().st_size
        content = path.read_text("utf-8-sig")
        assert "Eve" in content
        assert "Ann" not in content
        assert not rejects.exists()
        assert not results.exists()
        assert [one.row_id for one in ledger.results.rows(file_id, only_new=True)] == [row_id]

    @pytest.mark.parametrize("kind", ["rejects", "results"])
    def test_is_not_erased_while_a_file_may_be_at_the_partners(
        self, kind: str, around: Surroundings, ledger: Ledger
    ) -> None:
        path = around.spool.place("renewals", "results")
        path.write_text(PERSON)
        made = _delivery(kind, "f.csv", around.spool.name_of(path), path)
        with ledger.leases.hold("collect:renewals") as lease:
            batch = a_batch(a_row(), an_invalid_row(cells=("Ann", "212-555-0123 x")))
            file_id = enter_file(ledger, lease, batch, ending=an_ending(deliveries=[made]))
            (due,) = ledger.deliveries.due("renewals")
            ledger.deliveries.begun(lease, due)
        before = contents(ledger)
        with pytest.raises(UsageError, match=r"f\.csv is on its way to the partner") as caught:
            forget(PERSON, around)
        step = "publish" if kind == "results" else "collect"
        assert f"Nothing was erased. Type: sftp-sync sync --only {step} ren" in caught.value.fix
        assert contents(ledger) == before
        assert path.read_text() == PERSON
        with ledger.leases.hold("publish:renewals") as lease:
            ledger.deliveries.struck_off(lease, due, NOW)
        forget(PERSON, around)
        assert rows_of(ledger, file_id)[0].phone == ""

    def test_is_not_erased_here_and_delivered_from_another_machine(
        self, around: Surroundings, ledger: Ledger, tmp_path: Path
    ) -> None:
        there = replace(around, spool=Spool(tmp_path / "other machine", lambda _: 1 << 40))
        path = there.spool.place("renewals", "receipts")
        bad = [("212-555-0123 x", "2", "not_a_number", "…"), ("1", "3", "x", "…")]
        tables.write_csv(path, ("phone", *tables.REJECT_COLUMNS), bad, spreadsheet_safe=True)
        made = _delivery("rejects", "f.rejects.csv", there.spool.name_of(path), path)
        with ledger.leases.hold("collect:renewals") as lease:
            batch = a_batch(*(an_invalid_row(cells=(one[0],)) for one in bad))
            enter_file(ledger, lease, batch, ending=an_ending(deliveries=[made]))
        before = contents(ledger)
        with pytest.raises(UsageError, match=r"f\.rejects\.csv waits .* is not in the") as caught:
            forget(PERSON, around)
        assert "Nothing was erased." in caught.value.fix
        assert "sftp-sync sync --only collect renewals" in caught.value.fix
        assert contents(ledger) == before
        # Where it lies it goes without the person.
        assert forget(PERSON, there).rewritten == 1
        (left,) = ledger.deliveries.due("renewals")
        assert "0123" not in there.spool.path_of(left.spooled).read_text()

    def test_is_not_in_the_next_snapshot_of_the_same_name(
        self, around: Surroundings, ledger: Ledger
    ) -> None:
        path = around.spool.place("renewals", "results")
        path.write_text(PERSON)
        made = _delivery("results", "f.csv", around.spool.name_of(path), path)
        with ledger.leases.hold("collect:renewals") as lease:
            ending = an_ending(deliveries=[replace(made, may_replace=True)])
            enter_file(ledger, lease, a_batch(a_row()), ending=ending)
            ledger.deliveries.begun(lease, ledger.deliveries.due("renewals")[0])
        assert forget(PERSON, around).rewritten == 1
        assert ledger.deliveries.due("renewals") == []
        assert not path.exists()

    def test_waits_for_whoever_composes_at_this_moment(
        self, around: Surroundings, ledger: Ledger, lease: Lease, database: Database
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(a_row()))
        with (
            database.open() as other,
            other.leases.hold("publish:renewals"),
            pytest.raises(LeaseBusy, match="delivering files of renewals"),
        ):
            forget(PERSON, around)
        assert rows_of(ledger, file_id)[0].phone == PERSON

    def test_waits_for_whoever_delivers_at_this_moment(
        self, around: Surroundings, ledger: Ledger, database: Database
    ) -> None:
        path = around.spool.place("renewals", "results")
        path.write_text(PERSON)
        delivery = _delivery("results", "r.csv", around.spool.name_of(path), path)
        with ledger.leases.hold("collect:renewals") as lease:
            batch, ending = a_batch(a_row()), an_ending(deliveries=[delivery])
            file_id = enter_file(ledger, lease, batch, ending=ending)
        with (
            database.open() as other,
            other.leases.hold("publish:renewals"),
            pytest.raises(LeaseBusy, match="delivering files of renewals") as caught,
        ):
            forget(PERSON, around)
        assert "Nothing was erased" in caught.value.fix
        assert rows_of(ledger, file_id)[0].phone == PERSON


def test_what_was_erased_is_in_no_byte_of_the_ledger(tmp_path: Path) -> None:
    def bytes_of(database: Database) -> bytes:
        return b"".join(path.read_bytes() for path in database.folder.glob("ledger.db*"))

    with fresh_database("sqlite", tmp_path) as database:
        with database.open() as ledger:
            with ledger.leases.hold("collect:renewals") as lease:
                people = [a_row(a_phone(one), f"Name{one:05}", "y" * 300) for one in range(300)]
                enter_file(ledger, lease, a_batch(a_row(PERSON, "Zenobia", PERSON), *people))
            around = Surroundings(
                ledger=ledger,
                spool=Spool(tmp_path / "spool", lambda _: 1 << 40),
                now=lambda: datetime.now(UTC),
                wait=lambda _: None,
                watch=nobody_watches,
                monotonic=time.monotonic,
                boot_time=lambda: an_instant().boot_time,
            )
            assert b"Zenobia" in bytes_of(database)
            forget(PERSON, around)
        content = bytes_of(database)
    for trace in (b"Zenobia", b"2125550123"):
        assert trace not in content
    assert b"Name00100" in content
