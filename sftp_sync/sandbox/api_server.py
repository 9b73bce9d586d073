"""A vendor API on loopback, in a thread: starts on a free port, stops cleanly, and can break off
connections the way bad networks do. The only importer of uvicorn in the sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sftp_sync.errors import TryLater

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

START_SECONDS = 10.0
STOP_SECONDS = 5.0
LAST_TURNS = 5  # of the loop: who is coming in is let in, and cut off
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, no time: the peer sees a reset


class Connections:
    """The open connections, by the client's address."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    async def pause(self, seconds: float) -> bool:
        """Let time pass; False when the server is being stopped meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        return not self._closing.is_set()

    @property
    def is_serving(self) -> bool:
        """Can it be reached, and stopped?"""
        return self._loop is not None

    async def until_closed(self) -> None:
        """Return when the server is to stop."""
        self._loop = asyncio.get_running_loop()
        await self._closing.wait()

    def close_all(self) -> None:
        """Cut everything off and stop the server, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut_off)

    def _cut_off(self) -> None:
        self._closing.set()
        for transport in list(self._transports.values()):
            transport.abort()

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection; one that comes in at the very end is cut off too."""
        self._transports[_peer(transport)] = transport
        if self._closing.is_set():
            transport.abort()

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget it."""
        self._transports.pop(_peer(transport), None)

    def drop(self, client: tuple[str, int]) -> None:
        """Close without an answer."""
        if transport := self._transports.get(client):
            transport.close()

    def reset(self, client: tuple[str, int]) -> None:
        """Tear the connection down: the client reads a reset."""
        if transport := self._transports.get(client):
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
            )
            transport.abort()

    def write_and_close(self, client: tuple[str, int], raw: bytes) -> None:
        """Send exactly these bytes, whatever they promise, and close."""
        if transport := self._transports.get(client):
            transport.write(raw)
            transport.close()


class ApiServer:
    """One application on one port of this machine."""

    def __init__(self, application: Application, connections: Connections, port: int = 0) -> None:
        self._connections = connections
        self._application = application
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Serve; the address to reach it at."""
        listening = socket.create_server(("127.0.0.1", self._port), backlog=256)
        # Head and body leave apart: without this each answer would wait 40 ms for an ACK.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listening.getsockname()[1]
        self._server = _Server(self._settings(), self._connections)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="sandbox-api", daemon=True
        )
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(START_SECONDS / 0.005)):
            if self._connections.is_serving:
                return f"http://127.0.0.1:{self._port}"
            waited.wait(0.005)
        raise TryLater(f"The sandbox API did not start within {START_SECONDS:g} s.")

    def stop(self) -> None:
        """Stop serving; open requests are cut off."""
        if self._server is None or self._thread is None:
            return
        self._connections.close_all()
        self._thread.join(STOP_SECONDS)
        self._server = self._thread = None

    def _settings(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._application,
            http=_protocol(self._connections),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,  # the client's address must be its own: it names the connection
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )


class _Server(uvicorn.Server):
    """Stops when told, and not at the next tick: tests start and stop many."""

    def __init__(self, settings: uvicorn.Config, connections: Connections) -> None:
        super().__init__(settings)
        self._connections = connections

    async def main_loop(self) -> None:
        """Serve until the end."""
        await self.on_tick(0)
        await self._connections.until_closed()
        # asyncio leaves a connection open for ever that comes in while its server is closed.
        loop = asyncio.get_running_loop()
        for listening in (each for server in self.servers for each in server.sockets):
            loop.remove_reader(listening.fileno())
        for _ in range(LAST_TURNS):
            await asyncio.sleep(0)


def _protocol(connections: Connections) -> type[H11Protocol]:
    """The protocol of uvicorn, telling us of its connections."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
            connections.opened(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.transport)
            super().connection_lost(exc)

    return Protocol


def _peer(transport: asyncio.Transport) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")[:2]
    return str(host), int(port)
