"""The server, in a thread of its own; the only importer of uvicorn here."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
import uvicorn

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


def _settings(served: Application) -> uvicorn.Config:
    return uvicorn.Config(
        served,
        http="h11",
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
