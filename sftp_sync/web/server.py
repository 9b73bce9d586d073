"""The server, in a thread of its own; the only importer of uvicorn here."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sftp_sync.config.form import Web
from sftp_sync.errors import NeedsOperator, TryLater
from sftp_sync.web.app import application
from sftp_sync.web.door import Application
from sftp_sync.web.observatory import Observatory
from sftp_sync.web.sources import Sources

START_SECONDS = 10.0
STOP_SECONDS = 3.0
TICK_SECONDS = 0.01
AT_ONCE = 32
KEEP_ALIVE_SECONDS = 5
# A question is asked, and an answer is taken, within these; and of more than so many that have not
# asked yet the one that has waited longest makes room.
ASKING_SECONDS, ANSWERING_SECONDS = 5.0, 30.0
ASKING_AT_ONCE = AT_ONCE // 2

log = structlog.get_logger(__name__)


class StatusServer:
    """The page at one address, from `start` to `stop`."""

    def __init__(self, web: Web, sources: Sources) -> None:
        self._web = web
        self._sources = sources
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._crews: tuple[ThreadPoolExecutor, ...] = ()
        self.address = ""

    def start(self) -> str:
        """Serve; where to look."""
        listening = self._listening()
        host, port = listening.getsockname()[:2]
        answering = ThreadPoolExecutor(4, "web")
        looking = ThreadPoolExecutor(2, "web-look")
        self._crews = (answering, looking)
        observatory = Observatory(self._sources, looking)
        self._server = uvicorn.Server(
            _settings(application(observatory, answering, self._web.host))
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="web-server", daemon=True
        )
        self._thread.start()
        self._wait_until_it_serves()
        # The first look is the longest: nobody need wait for it.
        answering.submit(observatory.look_ahead)
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        log.info("status_page", address=self.address)
        return self.address

    def stop(self) -> None:
        """Serve no more; who is being answered is answered."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        for crew in self._crews:
            crew.shutdown(wait=False, cancel_futures=True)
        self._server = self._thread = None

    def _listening(self) -> socket.socket:
        host, port = self._web.host, self._web.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            return socket.create_server((host, port), family=family, backlog=64)
        except OSError as error:
            raise NeedsOperator(
                f"The status page cannot listen on {self._web.listen}: {error.strerror or error}.",
                fix="Put a free address into `web.listen`, or null to do without it, then type:"
                " systemctl reload sftp-sync",
            ) from error

    def _wait_until_it_serves(self) -> None:
        waited = threading.Event()
        for _ in range(int(START_SECONDS / TICK_SECONDS)):
            if self._server is not None and self._server.started:
                return
            waited.wait(TICK_SECONDS)
        raise TryLater(f"The status page did not start within {START_SECONDS:g} s.")


class _Visitor(H11Protocol):
    """A connection that is not held open in silence: uvicorn waits for a first request, for the
    rest of one and for a reader without an end, and forty such visitors leave no room for health.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        """Somebody has come."""
        super().connection_made(transport)
        self._ends = self.loop.call_later(ASKING_SECONDS, transport.abort)
        silent = [one for one in self.connections if isinstance(one, _Visitor) and one.is_silent]
        if len(silent) > ASKING_AT_ONCE:
            longest = min(silent, key=_Visitor.ends_at)
            longest.transport.abort()
            # Not counted any more: whoever comes in this very moment must find room.
            self.connections.discard(longest)

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, or sent away."""
        self._ends.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a question, or all of it."""
        was_silent = self.is_silent
        super().data_received(data)
        if was_silent and not self.is_silent:
            self._give(ANSWERING_SECONDS)

    def on_response_complete(self) -> None:
        """The answer is on its way; the next question may follow."""
        super().on_response_complete()
        self._give(ASKING_SECONDS)

    @property
    def is_silent(self) -> bool:
        """Whether no whole question is being answered."""
        is_first = self.cycle is None
        return is_first or self.cycle.response_complete

    def ends_at(self) -> float:
        """When it is sent away."""
        return self._ends.when()

    def _give(self, seconds: float) -> None:
        self._ends.cancel()
        self._ends = self.loop.call_later(seconds, self.transport.abort)


def _settings(served: Application) -> uvicorn.Config:
    return uvicorn.Config(
        served,
        http=_Visitor,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )
