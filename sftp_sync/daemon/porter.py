"""What runs beside the work, and must never stop it: the status page, telling people, keeping the
house.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from sftp_sync.announce import Announcer
from sftp_sync.around import Surroundings
from sftp_sync.config import Config
from sftp_sync.config.form import Web
from sftp_sync.errors import SyncError, TryLater
from sftp_sync.housekeeping import keep_house
from sftp_sync.ledger import Ledger
from sftp_sync.web import Meters, Sources, StatusServer
from sftp_sync.wiring.house import house_rules
from sftp_sync.wiring.targets import concerns_now, heartbeats_of, targets_of

DAEMON, CAUSE = "daemon", "web"
HEARTBEAT = "heartbeat"
ROUND_SECONDS = 15.0
# Every minute, within a round.
BEAT_SECONDS = 50.0
WELL_FOR_SECONDS = 20.0
STOP_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Porter:
    """One for the life of a daemon; told of each configuration that it goes over to."""

    def __init__(self, ledger: Ledger, around: Surroundings) -> None:
        self.meters = Meters(around.monotonic)
        self._ledger = ledger
        self._around = around
        self._announcer = Announcer(ledger, around.now, socket.gethostname())
        self._was_well_at: float | None = None
        self._beat_at: float | None = None
        self._config: Config | None = None
        self._server: StatusServer | None = None
        self._served: Web | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name="porter", daemon=True)

    def equip(self, around: Surroundings) -> Surroundings:
        """The same surroundings, with somebody who counts requests."""
        return replace(around, overhear=self.meters.overhear)

    def take_up(self, config: Config) -> None:
        """From now on this configuration holds."""
        self._config = config
        if self._server is None or self._served != config.web:
            self._serve(config.web)
        if not self._thread.is_alive():
            self._thread.start()

    def hear_that_all_is_well(self) -> None:
        """Told as often as the system is: then those who watch us from outside are told as well."""
        self._was_well_at = self._around.monotonic()

    def close(self) -> None:
        """Show nothing more, tell nobody."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self, web: Web | None) -> None:
        if self._server is not None:
            self._server.stop()
        self._server, self._served = None, web
        try:
            if web is not None:
                server = StatusServer(web, self._sources())
                server.start()
                self._server = server
            self._ledger.notices.clear(DAEMON, CAUSE)
        except SyncError as problem:
            log.warning("status_page_failed", reason=problem.message)
            self._say(problem)

    def _say(self, problem: SyncError) -> None:
        try:
            self._ledger.notices.post(DAEMON, CAUSE, problem, self._around.now())
        except SyncError as error:
            log.warning("ledger_unavailable", reason=error.message)

    def _sources(self) -> Sources:
        return Sources(
            config=self._present,
            ledger=self._ledger,
            now=self._around.now,
            monotonic=self._around.monotonic,
            meters=self.meters,
        )

    def _present(self) -> Config:
        if self._config is None:
            raise RuntimeError("asked before there was a configuration")
        return self._config

    def look_after(self) -> None:
        """One round. What goes wrong with one of its jobs keeps none of the others from being done:
        personal data is emptied also where nobody can be told.
        """
        for job in (self._beat, self._tell_people, self._note_endings, self._keep_house):
            name = job.__name__.lstrip("_")
            try:
                job()
            except SyncError as problem:
                log.warning("round_failed", job=name, reason=problem.message)
            except Exception:
                log.exception("round_failed", job=name)

    def _go_round(self) -> None:
        while not self._stopping.wait(ROUND_SECONDS):
            self.look_after()

    def _beat(self) -> None:
        now, well_at = self._around.monotonic(), self._was_well_at
        is_well = well_at is not None and now - well_at <= WELL_FOR_SECONDS
        if not is_well or (self._beat_at is not None and now - self._beat_at < BEAT_SECONDS):
            return
        self._beat_at = now
        for name, beat in heartbeats_of(self._present(), os.environ).items():
            try:
                beat()
                self._ledger.notices.clear(name, HEARTBEAT)
            except SyncError as problem:
                log.warning("heartbeat_failed", target=name, reason=problem.message)
                said = TryLater(
                    f"Nobody hears that all is well: {problem.message}", fix=problem.fix
                )
                self._ledger.notices.post(name, HEARTBEAT, said, self._around.now())

    def _tell_people(self) -> None:
        config = self._present()
        # Asked of all, also where nobody is to be told: what was said before is taken back.
        self._announcer.announce(targets_of(config, os.environ), concerns_now(config, self._ledger))

    def _note_endings(self) -> None:
        self._ledger.summaries.note_endings(self._around.now())

    def _keep_house(self) -> None:
        keep_house(house_rules(self._present()), self._around)
