"""A row is settled: by the answer to its request, under guard of row and attempt."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claims import spend
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.given_up import NOT_GIVEN_UP, given_up
from sftp_sync.ledger.known_calls import look_at_others
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.schema import evidence, rows
from sftp_sync.model import (
    Accepted,
    AlreadyQueued,
    Blocked,
    Claim,
    Instant,
    NotNow,
    Outcome,
    Refused,
    RowState,
    Settled,
    Uncertain,
)

S = RowState
NOT_CALLED = {S.PENDING, S.REFUSED, S.ALREADY_QUEUED}
FEW_LOOKS, MANY_LOOKS = 2, 20
LONGEST_PAUSE = timedelta(hours=1)
TOO_LATE = "too late"
LATE_CALL = f"{TOO_LATE}: accepted "
STILL_OPEN = (S.SENDING, S.UNCERTAIN)


class Settling:
    """The verb by which answers enter the ledger. It needs no lease: an answer is evidence,
    whoever holds the account by now.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settle(
        self, claim: Claim, outcome: Outcome, when: Instant, look_after: timedelta
    ) -> Settled:
        """What the row becomes. A re-ask that brings nothing certain leaves it in doubt."""
        values = _values(claim, outcome, when, look_after)
        try:
            with writing(self._engine) as connection:
                settled = _settle(connection, claim, values, said_of(outcome), when.at)
                if isinstance(outcome, Accepted) and outcome.is_adopted and settled.state:
                    look_at_others(connection, claim.row_id, when)
                return settled
        except IntegrityError:
            # The id belongs to another row already: this answer proves nothing about ours.
            doubt = Uncertain(f"the vendor answered with the id of another row's call: {outcome}")
            values = _values(claim, doubt, when, look_after)
            with writing(self._engine) as connection:
                return _settle(connection, claim, values, said_of(outcome), when.at)


def said_of(outcome: Outcome) -> str:
    """An outcome as one line of evidence."""
    match outcome:
        case Accepted(call_id, status):
            return f"accepted {call_id} {status}".strip()
        case AlreadyQueued(call_id, status):
            return f"already queued {call_id} {status}".strip()
        case Refused(reason) | NotNow(reason) | Uncertain(reason):
            return f"{type(outcome).__name__.lower()}: {reason}"
        case Blocked(scope, reason):
            return f"blocked {scope}: {reason}"


def note(connection: Connection, row_id: int, attempt: int, now: datetime, said: str) -> None:
    """Keep what was heard of a row."""
    connection.execute(
        insert(evidence).values(row_id=row_id, attempt=attempt, at=now, said=said),
    )


def _values(
    claim: Claim, outcome: Outcome, when: Instant, look_after: timedelta
) -> dict[str, object]:
    # What was asked again and again, and is no clearer, is asked more rarely.
    pause = min(look_after * 2 ** max(0, min(claim.looks, MANY_LOOKS) - FEW_LOOKS), LONGEST_PAUSE)
    claimed_at = Instant(claim.claimed_at, claim.boot_time)
    doubt: dict[str, object] = {
        "state": S.UNCERTAIN,
        "doubt_since": when.translated(claim.doubt_since or claim.claimed_at, claimed_at),
        "looks": claim.looks,
        **given_up(when, max(look_after, pause)),
    }
    match outcome:
        case Accepted(call_id, status):
            called: dict[str, object] = {"id_source": "answer"}
            if outcome.is_adopted:
                # An earlier attempt has made the call, and its id came with a conflict.
                called = {"id_source": "conflict", "queued_at": doubt["doubt_since"]}
            return _called(S.ACCEPTED, call_id, status, when.at) | called
        case AlreadyQueued(call_id, status):
            return _called(S.ALREADY_QUEUED, call_id, status, when.at) | {"id_source": "conflict"}
        case Uncertain(reason):
            return doubt | {"reason": reason}
        case _ if claim.doubt_since is not None:
            return doubt | {"reason": f"asked again: {outcome.reason}"}
        case Refused(reason):
            return {"state": S.REFUSED, "reason": reason}
        case NotNow(reason) | Blocked(_, reason):
            return NOT_GIVEN_UP | {"state": S.PENDING, "reason": reason}


def _called(state: RowState, call_id: str, status: str, now: datetime) -> dict[str, object]:
    return {
        "state": state,
        "call_id": call_id,
        "call_status": status or None,
        "queued_at": now,
        "reason": None,
        "next_look_at": None,
    }


def _settle(
    connection: Connection, claim: Claim, values: dict[str, object], said: str, now: datetime
) -> Settled:
    ours = (rows.c.id == claim.row_id) & (rows.c.attempt == claim.attempt)
    settled = update(rows).where(ours, rows.c.state.in_(STILL_OPEN)).values(**values)
    if connection.execute(settled).rowcount == 0:
        if not connection.execute(select(exists().where(rows.c.id == claim.row_id))).scalar_one():
            # So late that its file was over, and its rows are removed.
            return Settled(None)
        note(connection, claim.row_id, claim.attempt, now, f"{TOO_LATE}: {said}")
        _show_late_call(connection, claim)
        return Settled(None)
    # What is in doubt stays counted, and a re-ask is not counted again.
    if values["state"] in NOT_CALLED and claim.doubt_since is None:
        spend(connection, claim.file_id, claim.day, -1)
    if values["state"] == S.UNCERTAIN or claim.doubt_since is not None:
        note(connection, claim.row_id, claim.attempt, now, said)
    if claim.attempt > 1:
        _show_late_call(connection, claim)
    advance(connection, claim.file_id)
    state = RowState(str(values["state"]))
    call_id = values.get("call_id")
    return Settled(state, None if call_id is None else str(call_id))


def _show_late_call(connection: Connection, claim: Claim) -> None:
    """An answer that came too late may tell of a call that the row does not have: a person may have
    been called twice, and whoever looks at the row is to see it.
    """
    call_id = select(rows.c.call_id).where(rows.c.id == claim.row_id).scalar_subquery()
    heard = select(evidence.c.said, call_id).where(
        evidence.c.row_id == claim.row_id, evidence.c.said.startswith(LATE_CALL)
    )
    for said, own in connection.execute(heard.order_by(evidence.c.id)).all():
        if own not in said.split():
            told = f"It may have been called twice: the vendor said, {said}"
            connection.execute(update(rows).where(rows.c.id == claim.row_id).values(reason=told))
