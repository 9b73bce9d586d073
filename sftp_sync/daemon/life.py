"""A daemon from its first moment to its last."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from sftp_sync.config import Config
from sftp_sync.daemon.clockwork import Clockwork
from sftp_sync.daemon.diary import Diary
from sftp_sync.daemon.duty import Duty, Equip, as_it_is
from sftp_sync.daemon.outdated import CAUSE as OUTDATED
from sftp_sync.daemon.outdated import Outdated
from sftp_sync.daemon.reload import CAUSE, DAEMON, check_successor, not_taken_over, our_fault
from sftp_sync.daemon.signals import RELOAD, Signals
from sftp_sync.daemon.systemd import Notifier
from sftp_sync.daemon.visits import Visits
from sftp_sync.errors import LeaseBusy, LedgerUnavailable, SyncError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease

BEAT_SECONDS = 2.0
JUMP_SECONDS = 2.0
# The dispatchers give requests in flight 8 s; whoever told us to stop waits for 10.
GRACE_SECONDS = 8.8
LAST_MOMENT_SECONDS = 9.5
LOOK_SECONDS = 0.05
UNWELL_BEATS = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class World:
    """What a daemon is told from outside, and what it tells. `leave_within` ends the process after
    so many seconds whatever it is at; it is told what went wrong, None where we were told to stop.
    """

    read_config: Callable[[], Config]
    signals: Signals
    notifier: Notifier
    leave_within: Callable[[float, BaseException | None], None]
    equip: Equip = as_it_is
    take_up: Callable[[Config], None] = lambda _: None
    all_is_well: Callable[[], None] = lambda: None


def serve(config: Config, ledger: Ledger, world: World) -> None:
    """Until told to stop."""
    with _sole_daemon(ledger) as lease:
        Life(config, ledger, lease, world).live()


@contextmanager
def _sole_daemon(ledger: Ledger) -> Iterator[Lease]:
    try:
        lease = ledger.leases.acquire(DAEMON)
    except LeaseBusy as busy:
        raise LeaseBusy(
            f"Another daemon runs on this ledger. {busy.message}",
            fix="One serves all campaigns. Look: systemctl status sftp-sync",
        ) from busy
    try:
        yield lease
    finally:
        ledger.leases.release(lease)


class Life:
    """One daemon."""

    def __init__(self, config: Config, ledger: Ledger, lease: Lease, world: World) -> None:
        self._ledger = ledger
        self._lease = lease
        self._world = world
        self._diary = Diary(ledger, lease)
        self._duty = Duty(config, ledger, equip=world.equip)
        self._around = self._duty.around
        self._leaving: list[Duty] = []
        self._visits = Visits(self._diary, self._around.now)
        self._clockwork = Clockwork(self._see_to, self._visits.wake)
        self._outdated = Outdated(config, self._around.now())
        self._said_of_the_file = ""
        self._clock_drift = self._drift()
        self._unwell_beats = 0

    def live(self) -> None:
        """From the first moment to the last."""
        try:
            self._begin()
            self._serve()
        except BaseException as problem:
            self._end(problem)
            raise
        self._end(None)

    def _serve(self) -> None:
        while True:
            match self._world.signals.next(BEAT_SECONDS):
                case None:
                    self._beat()
                case signal if signal == RELOAD:
                    self._reload()
                case _:
                    return

    def _begin(self) -> None:
        campaigns = self._duty.campaigns
        self._diary.take_up(list(campaigns.values()), self._around.now())
        self._ledger.notices.clear(DAEMON, CAUSE, OUTDATED)
        # What was accepted is sent before anything new is fetched.
        self._duty.start_sending()
        self._clockwork.take_up(campaigns)
        self._clockwork.start()
        self._world.take_up(self._duty.config)
        log.info("daemon_started", campaigns=len(campaigns), accounts=len(self._duty.sendings))
        self._world.notifier.ready()

    def _see_to(self, name: str) -> None:
        duty = self._duty
        if name in duty.campaigns:
            duty.see_to(name, self._visits)

    def _beat(self) -> None:
        if self._lease.replaced is not None:
            raise self._lease.replaced
        if self._lease.lost:
            raise LeaseBusy(
                "Another daemon has taken over this ledger; this one was silent for too long.",
                fix="One serves all campaigns. Look: systemctl status sftp-sync",
            )
        self._mind_the_clock()
        self._dismiss()
        self._feed_watchdog()
        self._look_at_the_file()
        at_work, sending = self._visits.under_way, len(self._duty.sendings)
        self._world.notifier.status(
            f"{len(self._duty.campaigns)} campaigns, {at_work} at work; {sending} accounts send"
        )

    def _look_at_the_file(self) -> None:
        now = self._around.now()
        problem = self._outdated.problem(now)
        said = "" if problem is None else problem.message
        if said == self._said_of_the_file:
            return
        with suppress(LedgerUnavailable):
            if problem is None:
                self._ledger.notices.clear(DAEMON, OUTDATED)
            else:
                self._ledger.notices.post(DAEMON, OUTDATED, problem, now)
            self._said_of_the_file = said

    def _mind_the_clock(self) -> None:
        drift = self._drift()
        jumped, self._clock_drift = drift - self._clock_drift, drift
        if abs(jumped) > JUMP_SECONDS:
            log.warning("clock_jumped", seconds=round(jumped))
            self._clockwork.wind_all()

    def _drift(self) -> float:
        return self._around.now().timestamp() - self._around.monotonic()

    def _dismiss(self) -> None:
        for duty in [one for one in self._leaving if one.is_over()]:
            duty.close()
            self._leaving.remove(duty)

    def _feed_watchdog(self) -> None:
        """Only while all that should be at work is: else systemd had better start us anew."""
        troubles = self._duty.troubles()
        if not self._clockwork.is_alive():
            troubles.append("schedule")
        if not troubles:
            self._unwell_beats = 0
            self._world.notifier.alive()
            self._world.all_is_well()
            return
        self._unwell_beats += 1
        if self._unwell_beats == UNWELL_BEATS:
            log.error("daemon_unwell", stuck=troubles)

    def _reload(self) -> None:
        self._world.notifier.reloading()
        try:
            duty = self._successor()
        except SyncError as problem:
            self._say_wrong(problem)
        except Exception as bug:  # noqa: BLE001 - the one before serves, whatever this one holds
            self._say_wrong(our_fault(bug), bug)
        else:
            self._go_over_to(duty)
        self._world.notifier.ready()

    def _say_wrong(self, problem: SyncError, bug: Exception | None = None) -> None:
        self._outdated.refused()
        said = not_taken_over(problem, self._around.now())
        log.error("configuration_refused", reason=said.message, fix=said.fix, exc_info=bug)
        try:
            self._ledger.notices.post(DAEMON, CAUSE, said, self._around.now())
        except LedgerUnavailable as error:
            log.warning("ledger_unavailable", reason=error.message)

    def _successor(self) -> Duty:
        """What serves under the new configuration; all that can go wrong with that goes wrong here,
        before anything is stopped.
        """
        config = self._world.read_config()
        check_successor(config, self._duty.config, os.environ)
        duty = Duty(config, self._ledger, self._duty, self._world.equip)
        self._diary.take_up(list(duty.campaigns.values()), self._around.now())
        self._ledger.notices.clear(DAEMON, CAUSE)
        return duty

    def _go_over_to(self, duty: Duty) -> None:
        """What is under way ends under the old configuration, the rest begins under the new."""
        self._duty.stop()
        self._leaving.append(self._duty)
        self._duty = duty
        duty.start_sending()
        self._clockwork.take_up(duty.campaigns)
        self._world.take_up(duty.config)
        self._outdated.take_up(duty.config, self._around.now())
        log.info("configuration_loaded", campaigns=len(duty.campaigns), accounts=len(duty.sendings))

    def _end(self, problem: BaseException | None) -> None:
        """Requests in flight are finished; nothing new is begun."""
        self._world.signals.hurry_from_now_on()
        self._world.notifier.stopping()
        self._world.leave_within(LAST_MOMENT_SECONDS, problem)
        log.info("daemon_stopping")
        duties = [*self._leaving, self._duty]
        for duty in duties:
            duty.stop()
        self._clockwork.stop()
        ends_at = self._around.monotonic() + GRACE_SECONDS
        while not all(duty.is_over() for duty in duties) and self._around.monotonic() < ends_at:
            self._world.signals.next(LOOK_SECONDS)
        for duty in duties:
            duty.close()
        log.info("daemon_stopped", is_all_over=all(duty.is_over() for duty in duties))
