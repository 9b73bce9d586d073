"""A total deadline for everything one thread does on a network connection.

The library's timeouts are per read: a server that sends a byte now and then would hold a request
for ever. Here every read, write and handshake is given only what is left of the whole time.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore


class Deadline(threading.local):
    """When the present request of this thread must be over."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends_at = float("-inf")

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything inside has this long, together."""
        self._ends_at = self._monotonic() + seconds
        try:
            yield
        finally:
            self._ends_at = float("-inf")

    def remaining(self, expired: type[httpcore.TimeoutException]) -> float:
        """Seconds left of the present request; raises `expired` where there are none."""
        seconds = self._ends_at - self._monotonic()
        if seconds <= 0:
            raise expired("the time for the whole request is over")
        return seconds


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that keep the deadline of the thread that uses them."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline decides
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The first address that answers. The library would give each the whole time.

        The system's resolver keeps its own time; nothing has left by then.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address ({error})") from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in dict.fromkeys(str(entry[4][0]) for entry in found):
            seconds = self._deadline.remaining(httpcore.ConnectTimeout)
            try:
                stream = self._sockets.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait is bounded by what is left of the request's time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        """What has arrived, waiting no longer than is left."""
        return self._stream.read(max_bytes, self._deadline.remaining(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        """Hand the bytes to the system, waiting no longer than is left."""
        self._stream.write(buffer, self._deadline.remaining(httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted; the handshake too has only what is left."""
        seconds = self._deadline.remaining(httpcore.ConnectTimeout)
        return DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        """What the library asks of a connection, such as whether it can be read."""
        return self._stream.get_extra_info(info)
