"""A file's campaign at the vendor: fixed, made, started, settled. Its rows are `pending` until the
start is claimed; then they move together, and nothing but that claim lets a start leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claim_numbers import Claiming, ClaimNumbers
from sftp_sync.ledger.claims import Moment, claimant, is_paused
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.forbidding import wanting
from sftp_sync.ledger.given_up import given_up, next_look
from sftp_sync.ledger.launched import (
    UNDECIDED,
    begin,
    doubted,
    lapse,
    launch_of,
    move_rows,
    pause_after,
    seen_anew,
    shelve,
    started,
    taken_back,
    unpin,
)
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.planning import is_at_its_place, plan, why_not_now, why_unwanted
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import launches, rows
from sftp_sync.model import (
    Accepted,
    Blocked,
    Campaign,
    Idle,
    Instant,
    Launch,
    LaunchState,
    NotNow,
    Outcome,
    RowState,
    Stale,
    Start,
    Terms,
)

ENDED_HERE = "the process that was starting it ended"
DECIDED_MEANWHILE = "some of its contacts were decided on at this moment"
BUSY_NUMBERS = "some of its numbers are in doubt elsewhere"


NotingStarts = Callable[[datetime], AbstractContextManager[Callable[[Start], None]]]


class Launches:
    """The verbs for files that become campaigns."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers, noting: NotingStarts) -> None:
        self._engine = engine
        self._numbers = numbers
        self._noting = noting

    def plan(self, lease: Lease, campaign: Campaign, terms: Terms, when: Moment) -> Launch | Idle:
        """Fix the contacts of the next campaign, or why there is none to be made."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            planned = plan(connection, campaign, terms, when)
            if isinstance(planned, Idle):
                return planned
            return launch_of(_one(connection, planned))

    def drafted(self, lease: Lease, launch: Launch, vendor_id: str) -> Launch:
        """The vendor has made it, under this id."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            made = update(launches).where(launches.c.id == launch.id)
            connection.execute(made.values(state=LaunchState.DRAFTED, vendor_id=vendor_id))
            return launch_of(_one(connection, launch.id))

    def discard(self, lease: Lease, launch: Launch) -> None:
        """The vendor has certainly made nothing."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            unpin(connection, launch.id)
            ours = (launches.c.id == launch.id) & (launches.c.state == LaunchState.PLANNED)
            connection.execute(delete(launches).where(ours))

    def refuse_contact(self, lease: Lease, launch: Launch, place: int, why: str) -> bool:
        """The vendor has made nothing, for want of one contact: the others go without it. False
        where there is no such contact.
        """
        ours = select(rows.c.id).where(rows.c.launch_id == launch.id).order_by(rows.c.id)
        with writing(self._engine) as connection:
            lease.guard(connection)
            found = connection.execute(ours.offset(place).limit(1)).scalar_one_or_none()
            one = (rows.c.id == found) & (rows.c.state == RowState.PENDING)
            connection.execute(update(rows).where(one).values(state=RowState.REFUSED, reason=why))
            unpin(connection, launch.id)
            connection.execute(delete(launches).where(launches.c.id == launch.id))
            advance(connection, launch.file_id)
        return found is not None

    def shelve(self, lease: Lease, launch: Launch, why: str, now: datetime) -> None:
        """It is not started any more; a draft may be left at the vendor."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            shelve(connection, launch.id, why, now)

    def vanished(self, lease: Lease, launch: Launch) -> None:
        """Somebody has deleted the draft at the vendor."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            shelve(connection, launch.id, "it is not there any more", None)

    def judge(
        self, campaign: Campaign, launch: Launch, terms: Terms, when: Moment
    ) -> Stale | Idle | None:
        """Why a draft may not be started now; None where it may, as far as can be seen."""
        with reading(self._engine) as connection:
            asked = select(launches).where(launches.c.id == launch.id)
            return why_not_now(connection, campaign, connection.execute(asked).one(), terms, when)

    def claim(
        self, lease: Lease, campaign: Campaign, launch: Launch, terms: Terms, when: Moment
    ) -> Start | Stale | Idle:
        """Claim the start of a draft with all its rows: judged once more, in one transaction."""
        try:
            with self._noting(when.now) as note, self._numbers.claiming(lease) as claiming:
                connection = claiming.connection
                row = _one(connection, launch.id)
                unfit = why_not_now(connection, campaign, row, terms, when)
                if unfit is not None:
                    return unfit
                claimed = when.now, claimant(lease), when.day
                if begin(connection, row, claimed, RowState.PENDING) != row.recipients:
                    connection.rollback()
                    return Stale(DECIDED_MEANWHILE)
                start = _start(claiming, row, when, row.looks)
                note(start)
                return start
        except IntegrityError:
            # The index has refereed: another process has just claimed one of the numbers.
            return Stale(BUSY_NUMBERS)

    def claim_again(
        self, lease: Lease, campaign: Campaign, launch: Launch, when: Moment
    ) -> Start | None:
        """Claim a doubtful start of which the vendor says that it was none."""
        with self._noting(when.now) as note, self._numbers.claiming(lease) as claiming:
            connection = claiming.connection
            row = _one(connection, launch.id)
            is_same = row.state == LaunchState.UNCERTAIN and row.attempt == launch.attempt
            if not is_same or not is_at_its_place(connection, campaign, row):
                return None
            wants = wanting(connection, campaign, when.now)
            if wants or is_paused(connection, campaign.name):
                return None
            unwanted = why_unwanted(connection, campaign, row, when.now)
            if unwanted is not None:
                lapse(connection, row, unwanted, when.now)
                return None
            begin(connection, row, (when.now, claimant(lease), when.day), RowState.UNCERTAIN)
            looks = update(launches).where(launches.c.id == row.id)
            connection.execute(looks.values(looks=row.looks + 1))
            start = _start(claiming, row, when, row.looks + 1)
            note(start)
            return start

    def settle(
        self, start: Start, outcome: Outcome, when: Instant, look_after: timedelta
    ) -> RowState | None:
        """What the rows become by the answer to a start; None where it comes too late."""
        with writing(self._engine) as connection:
            row = _one(connection, start.launch_id)
            if row.attempt != start.attempt or row.state not in UNDECIDED:
                return None
            match outcome:
                case Accepted(_, status):
                    started(connection, row, start.doubt_since or start.claimed_at, status)
                    return RowState.ACCEPTED
                case NotNow(reason) | Blocked(_, reason) if (
                    start.doubt_since is None and row.state == LaunchState.STARTING
                ):
                    taken_back(connection, row, reason)
                    return RowState.PENDING
                case _:
                    reason = getattr(outcome, "reason", str(outcome))
                    pause = pause_after(start.looks, look_after)
                    doubted(connection, row, given_up(when, pause), reason)
                    return RowState.UNCERTAIN

    def take_over(
        self, lease: Lease, campaigns: Sequence[str], when: Instant, look_after: timedelta
    ) -> int:
        """What an earlier holder was starting when it ended may have been started: of these
        campaigns, and of whatever others this lease was for then. So many rows.
        """
        before = launches.c.claimant.startswith(f"{lease.name}/", autoescape=True)
        theirs = launches.c.campaign.in_(campaigns) | before
        asked = select(launches).where(
            theirs,
            launches.c.claimant != claimant(lease),
            launches.c.state == LaunchState.STARTING,
        )
        with writing(self._engine) as connection:
            lease.guard(connection)
            found = connection.execute(asked).all()
            for row in found:
                doubted(connection, row, given_up(when, look_after), ENDED_HERE)
        return sum(row.recipients for row in found)

    def found(self, lease: Lease, launch: Launch, status: str, day: str) -> bool:
        """The vendor says that it was started. False where somebody has settled it meanwhile."""
        try:
            with writing(self._engine) as connection:
                lease.guard(connection)
                row = _one(connection, launch.id)
                if row.attempt != launch.attempt or row.state != launch.state:
                    return False
                at = row.doubt_since or row.made_at
                if row.state == LaunchState.DRAFTED:
                    # By somebody else: its contacts are called all the same.
                    begin(connection, row, (at, claimant(lease), day), RowState.PENDING)
                started(connection, row, at, status)
        except IntegrityError:
            return False
        return True

    def see(self, lease: Lease, launch: Launch, when: Instant, wait: timedelta) -> None:
        """A start that was given up before another boot, or elsewhere, waits anew from now on."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            seen_anew(connection, launch.id, when, wait)

    def look_again(
        self, lease: Lease, launch: Launch, after: timedelta | None, when: Instant, why: str
    ) -> None:
        """Nothing is proven yet: look again so much later, or leave it to a person."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            ours = (launches.c.id == launch.id) & (launches.c.state == LaunchState.UNCERTAIN)
            told = next_look(when, after) | {"reason": why}
            values = told | {"looks": launch.looks + 1}
            if connection.execute(update(launches).where(ours).values(**values)).rowcount:
                move_rows(connection, launch.id, RowState.UNCERTAIN, told)


def _one(connection: Connection, launch_id: int) -> AnyRow:
    asked = select(launches).where(launches.c.id == launch_id)
    return connection.execute(asked.with_for_update()).one()


def _start(claiming: Claiming, row: AnyRow, when: Moment, looks: int) -> Start:
    return Start(
        launch_id=row.id,
        attempt=row.attempt + 1,
        file_id=row.file_id,
        recipients=row.recipients,
        claimed_at=when.now,
        day=when.day,
        looks=looks,
        doubt_since=row.doubt_since,
        number=claiming.count(rows.c.launch_id == row.id, when.now),
    )
