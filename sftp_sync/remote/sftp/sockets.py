"""Reaching the server: its addresses, one after the other, within one timeout."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from sftp_sync.errors import RemoteUnavailable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class PatientSocket(socket.socket):
    """A socket on which sending fails after a silence instead of waiting for ever.

    paramiko tries again without end where a peer has stopped reading, and holds the lock that
    closing would need.
    """

    def __init__(self, connected: socket.socket, timeout_seconds: float) -> None:
        super().__init__(connected.family, connected.type, connected.proto, connected.detach())
        self._timeout_seconds = timeout_seconds
        self._stuck_since: float | None = None

    def send(self, content: ReadableBuffer, flags: int = 0, /) -> int:
        """As of any socket, but a peer that takes nothing for too long is a lost one."""
        try:
            sent = super().send(content, flags)
        except TimeoutError:
            self._insist_on_progress()
            raise
        self._stuck_since = None
        return sent

    def _insist_on_progress(self) -> None:
        now = time.monotonic()
        if self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > self._timeout_seconds:
            raise ConnectionAbortedError("the server has stopped reading")


def addresses_of(host: str, port: int) -> list[Address]:
    """Where a name leads, in the order in which to try."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RemoteUnavailable(
            f"the name {host} leads nowhere: {_reason(error)}.",
            fix="Check sftp.host, and that this machine can resolve names.",
            who="you",
            step="resolve",
        ) from error
    return [(entry[0], entry[4]) for entry in found]  # type: ignore[misc]  # streams have no bytes here


def connect_any(addresses: list[Address], timeout_seconds: float, place: str) -> PatientSocket:
    """A connection to the first address that answers; all together within the timeout."""
    ends_at = time.monotonic() + timeout_seconds
    failures = []
    for position, (family, address) in enumerate(addresses):
        share = (ends_at - time.monotonic()) / (len(addresses) - position)
        try:
            connected = _connected(family, address, max(share, 0.05))
        except OSError as error:
            failures.append(f"{address[0]}: {_reason(error)}")
        else:
            return PatientSocket(connected, timeout_seconds)
    raise RemoteUnavailable(
        f"{place} does not answer ({'; '.join(failures)}).",
        fix="Check sftp.host and sftp.port, and ask the partner whether the server is up and lets "
        "this machine's address in.",
        step="connect",
    )


def _connected(
    family: socket.AddressFamily, address: tuple[object, ...], timeout_seconds: float
) -> socket.socket:
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.settimeout(timeout_seconds)
        connecting.connect(address)
        # Without it every small request waits for the acknowledgement of the one before.
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error)
