"""One request on the wire and what became of it. The wire itself opens when it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sftp_sync.errors import ConfigError
from sftp_sync.providers.address import require_safe


@dataclass(frozen=True)
class Access:
    """How an account's API is reached. `timeout_seconds` is for the whole request; `peer` is who
    is reached, in messages.
    """

    base_url: str
    in_flight: int = 4
    timeout_seconds: float = 60
    ca_bundle: str | None = None
    proxy: str | None = None
    peer: str = "the vendor"


@dataclass(frozen=True)
class Exchange:
    """One request. `may_send` is asked with the connection open, right before the bytes leave."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    max_answer_bytes: int = 1_048_576
    may_send: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Reply:
    """An answer that came whole. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Broken:
    """No whole answer. `sent` is False only where the vendor certainly never had the body;
    `withheld` where `may_send` said no.
    """

    sent: bool
    reason: str
    withheld: bool = False


class Wire:
    """The connections of one account, for any number of threads."""

    def __init__(self, access: Access, monotonic: Callable[[], float]) -> None:
        require_safe(access.base_url)
        self._access = access
        self._monotonic = monotonic
        self._opening = threading.Lock()
        self._connections: _Connections | None = None
        # A bundle or a proxy that cannot be used is said now, before anything begins. Without them
        # nothing can be wrong, and HTTP is loaded with the first request: most runs have none.
        if access.ca_bundle is not None or access.proxy is not None:
            self._opened()

    def exchange(self, exchange: Exchange) -> Reply | Broken:
        """Send once and read the answer; whatever breaks is told, never raised."""
        try:
            connections = self._opened()
        except ConfigError as error:
            return Broken(sent=False, reason=f"{self._access.peer} cannot be reached: {error}")
        return connections.exchange(exchange)

    def close(self) -> None:
        """Let go of the connections."""
        with self._opening:
            if self._connections is not None:
                self._connections.close()

    def _opened(self) -> _Connections:
        with self._opening:
            if self._connections is None:
                self._connections = _open(self._access, self._monotonic)
            return self._connections


class _Connections(Protocol):
    def exchange(self, exchange: Exchange) -> Reply | Broken: ...

    def close(self) -> None: ...


def _open(access: Access, monotonic: Callable[[], float]) -> _Connections:
    from sftp_sync.providers.connections import Connections  # noqa: PLC0415 - see `Wire`

    return Connections(access, monotonic)
