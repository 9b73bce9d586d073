"""The database allows exactly what the model draws, whoever asks."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.guards import REFUSAL, removals, statements
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import FILE_TRANSITIONS, ROW_TRANSITIONS, FileState, RowState
from tests.support.builders import ARow, a_batch, a_phone, an_arrival, enter_file, sha256_of
from tests.support.databases import written


def copied(connection: Connection, table: Table, **changes: object) -> int:
    """One more row of a table, like its first one, in a state of its own."""
    first = connection.execute(select(table).order_by(table.c.id).limit(1)).one()
    values = {**first._mapping, **changes}
    del values["id"]
    made = insert(table).values(**values).returning(table.c.id)
    number: int = connection.execute(made).scalar_one()
    return number


def allowed(connection: Connection, table: Table, before: str, after: str, **new: object) -> bool:
    """Whether one row may go from one state to another; nothing is left of the attempt."""
    with connection.begin_nested() as attempt:
        number = copied(connection, table, state=before, **new)
        try:
            with connection.begin_nested():
                moved = update(table).where(table.c.id == number).values(state=after)
                connection.execute(moved)
        except IntegrityError as error:
            if REFUSAL not in str(error):
                raise
            return False
        finally:
            attempt.rollback()
    return True


class TestTransitions:
    def test_of_rows_are_those_of_the_model(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with written(ledger) as connection:
            found = {
                (before, after)
                for before, after in product(RowState, RowState)
                if before != after and allowed(connection, rows, before, after, line=99)
            }
        drawn = {(before, after) for before, next_ in ROW_TRANSITIONS.items() for after in next_}
        assert found == drawn

    def test_of_files_are_those_of_the_model(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with written(ledger) as connection:
            found = {
                (before, after)
                for before, after in product(FileState, FileState)
                if before != after and allowed(connection, files, before, after, original=False)
            }
        drawn = {(before, after) for before, next_ in FILE_TRANSITIONS.items() for after in next_}
        assert found == drawn

    @pytest.mark.parametrize("table", [rows, files], ids=["rows", "files"])
    def test_to_the_same_state_are_none(self, ledger: Ledger, lease: Lease, table: Table) -> None:
        enter_file(ledger, lease)
        states = RowState if table is rows else FileState
        new = {"line": 99} if table is rows else {"original": False}
        with written(ledger) as connection:
            assert all(allowed(connection, table, state, state, **new) for state in states)

    def test_can_be_drawn_anew_by_a_migration(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with written(ledger) as connection:
            dialect = connection.dialect.name
            for statement in removals(dialect, "rows"):
                connection.exec_driver_sql(statement)
            assert allowed(connection, rows, "accepted", "pending", line=99)
            for statement in statements(dialect, "rows", [("pending", "sending")]):
                connection.exec_driver_sql(statement)
            assert not allowed(connection, rows, "accepted", "pending", line=99)
            assert allowed(connection, rows, "pending", "sending", line=99)


class TestChecks:
    @pytest.mark.parametrize("table", [rows, files], ids=["rows", "files"])
    def test_know_every_state_and_no_other(
        self, ledger: Ledger, lease: Lease, table: Table
    ) -> None:
        enter_file(ledger, lease)
        states = RowState if table is rows else FileState
        for number, state in enumerate([*states, "unheard-of"]):
            row = {"line": 100 + number, "phone": a_phone(number)}
            new = row if table is rows else {"original": False}
            try:
                with written(ledger) as connection:
                    copied(connection, table, state=state, **new)
            except IntegrityError:
                assert state == "unheard-of"
            else:
                assert state in set(states)

    @pytest.mark.parametrize("state", sorted(RowState))
    def test_ask_a_number_of_every_row_but_those_that_have_none(
        self, ledger: Ledger, lease: Lease, state: str
    ) -> None:
        enter_file(ledger, lease)
        try:
            with written(ledger) as connection:
                copied(connection, rows, state=state, line=99, phone=None)
        except IntegrityError:
            may_lack = False
        else:
            may_lack = True
        assert may_lack == (state in {"invalid", "duplicate"})

    def test_know_what_is_done_about_the_inbox(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with pytest.raises(IntegrityError), written(ledger) as connection:
            connection.execute(update(files).values(tidy="perhaps"))

    def test_give_every_row_a_file(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with pytest.raises(IntegrityError), written(ledger) as connection:
            copied(connection, rows, file_id=999, line=99)

    def test_give_every_line_one_row(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease)
        with pytest.raises(IntegrityError):
            ledger.entering.add(lease, file_id, a_batch(pending=1))

    def test_give_every_content_one_first_import(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease)
        with pytest.raises(IntegrityError), written(ledger) as connection:
            copied(connection, files)


class TestOneInDoubt:
    def test_a_number_is_on_its_way_or_in_doubt_once(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, a_batch(ARow(), ARow()))
        enter_file(ledger, lease, a_batch(ARow()), arrival=an_arrival(sha256=sha256_of("b")))
        with written(ledger) as connection:
            one, two, three = connection.execute(select(rows.c.id).order_by(rows.c.id)).scalars()

        def move(number: int, state: str) -> None:
            with written(ledger) as connection:
                connection.execute(update(rows).where(rows.c.id == number).values(state=state))

        move(one, "sending")
        for state in ("sending", "uncertain"):
            move(one, state)
            for other in (two, three):
                with pytest.raises(IntegrityError):
                    move(other, "sending")
        move(one, "accepted")
        move(two, "sending")

    def test_other_vendor_campaigns_do_not_wait(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, a_batch(ARow()))
        with written(ledger) as connection:
            connection.exec_driver_sql("INSERT INTO destinations (identity) VALUES ('another')")
            copied(connection, rows, line=99, destination_id=2, state="sending")
            connection.execute(update(rows).values(state="sending"))


class TestOneRowPerCall:
    def test_a_call_belongs_to_one_accepted_row(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, a_batch(ARow()))

        def add(line: int, state: str, call_id: str | None = "call 1") -> None:
            with written(ledger) as connection:
                copied(connection, rows, line=line, state=state, call_id=call_id)

        add(11, "accepted")
        with pytest.raises(IntegrityError):
            add(12, "accepted")
        # Rows that adopt the call of another one share its id.
        add(13, "already_queued")
        add(14, "already_queued")
        add(15, "accepted", "call 2")
        add(16, "accepted", None)
        add(17, "accepted", None)
