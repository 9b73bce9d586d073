"""One SFTP session over one SSH channel: requests by number, answers in any order.

paramiko's own client decodes names strictly (one name that is not UTF-8 hides a whole folder),
drops the list of extensions and waits without end; so only its channel is used here.
"""

from __future__ import annotations

import time

from paramiko import Channel, SSHException

from sftp_sync.remote.sftp.packets import (
    Attributes,
    BrokenConnectionError,
    Kind,
    NonsenseError,
    Reader,
    Status,
    number,
    string,
)

VERSION = 3
# Four times what OpenSSH takes or sends.
LARGEST_PACKET = 1024 * 1024
# What passes less than this while it is waited for is a server that holds us up.
LEAST_BYTES_A_SECOND = 1024
RECEIVED_AT_ONCE = 256 * 1024


class StatusError(Exception):
    """The server answered a request with no."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


class Session:
    """The server's file system, one request at a time or many under way."""

    def __init__(self, channel: Channel, timeout_seconds: float) -> None:
        self._channel = channel
        self._timeout_seconds = timeout_seconds
        self._received = bytearray()
        self._last_number = 0
        self._early: dict[int, tuple[int, Reader]] = {}
        # What was asked and is not answered yet; of some of it the answer is no longer wanted.
        self._awaited: set[int] = set()
        self._unwanted: set[int] = set()
        self._waited_seconds, self._passed_bytes = 0.0, 0
        self._broken: str | None = None
        channel.settimeout(timeout_seconds)
        self.extensions = self._greet()

    @property
    def is_broken(self) -> bool:
        """Whether nothing more can be asked."""
        return self._broken is not None

    def post(self, kind: Kind, *parts: bytes) -> int:
        """Send a request without waiting for its answer; its number."""
        self._last_number = (self._last_number + 1) & 0xFFFFFFFF
        self._awaited.add(self._last_number)
        self._send(kind, number(self._last_number), *parts)
        return self._last_number

    def answer(self, request: int) -> tuple[int, Reader]:
        """The answer to a request; `StatusError` where it is a refusal."""
        while request not in self._early:
            kind, reader = self._receive()
            answered = reader.number()
            if answered not in self._awaited:
                raise self._nonsense("the server answers what nobody has asked")
            self._awaited.discard(answered)
            if answered in self._unwanted:
                self._unwanted.discard(answered)
            else:
                self._early[answered] = (kind, reader)
        kind, reader = self._early.pop(request)
        if kind == Kind.STATUS:
            self._raise_unless_ok(reader)
        return kind, reader

    def forget(self, *requests: int) -> None:
        """The answers to these are no longer wanted."""
        for request in requests:
            if self._early.pop(request, None) is None:
                self._unwanted.add(request)

    def ask(self, kind: Kind, *parts: bytes) -> Reader:
        """Send a request and wait for what it brings."""
        self.begin_work()
        return self.answer(self.post(kind, *parts))[1]

    def begin_work(self) -> None:
        """A question, a listing or a transfer: from now on its speed is watched. A server that lets
        a byte through now and then is never silent, and would hold us up for ever.
        """
        self._waited_seconds, self._passed_bytes = 0.0, 0

    def open(self, path: bytes, flags: int, attributes: bytes) -> bytes:
        """A handle on a file."""
        reader = self.ask(Kind.OPEN, string(path), number(flags), attributes)
        return reader.string()

    def close_handle(self, handle: bytes) -> None:
        """Let go of a file; a server may say only now that it could not store it."""
        self.ask(Kind.CLOSE, string(handle))

    def look(self, path: bytes) -> Attributes:
        """What a path is, itself and not what a link points to, if the server knows links."""
        try:
            return self.ask(Kind.LSTAT, string(path)).attributes()
        except StatusError as error:
            if error.code != Status.UNSUPPORTED:
                raise
        return self.ask(Kind.STAT, string(path)).attributes()

    def look_at_handle(self, handle: bytes) -> Attributes | None:
        """What an open file is, where the server says it."""
        try:
            return self.ask(Kind.FSTAT, string(handle)).attributes()
        except StatusError:
            return None

    def extended(self, name: str, *parts: bytes) -> Reader:
        """A request of an extension."""
        return self.ask(Kind.EXTENDED, string(name.encode()), *parts)

    def _pass(self, began: float, passed_bytes: int) -> None:
        """So many bytes have passed, after so long a wait; too few are the end."""
        self._waited_seconds += time.monotonic() - began
        self._passed_bytes += passed_bytes
        if self._waited_seconds < self._timeout_seconds:
            return
        if self._passed_bytes < LEAST_BYTES_A_SECOND * self._waited_seconds:
            raise self._break(
                f"the server has let {self._passed_bytes:,} bytes through in"
                f" {self._waited_seconds:.0f} s"
            )
        self.begin_work()

    def _greet(self) -> dict[str, bytes]:
        self._send(Kind.INIT, number(VERSION))
        kind, reader = self._receive()
        if kind != Kind.VERSION:
            raise self._nonsense("the server does not greet as an SFTP server does")
        extensions = {}
        reader.number()
        while not reader.is_at_end:
            name = reader.string()
            extensions[name.decode("utf-8", "replace")] = reader.string()
        return extensions

    def _send(self, kind: Kind, *parts: bytes) -> None:
        self._insist_on_life()
        content = b"".join(parts)
        packet = number(len(content) + 1) + bytes([kind]) + content
        while packet:
            began = time.monotonic()
            try:
                sent = self._channel.send(packet)
            except TimeoutError as error:
                raise self._break(self._silence) from error
            except (OSError, EOFError, SSHException) as error:
                raise self._break(f"the connection was lost ({error!s})") from error
            if not sent:
                raise self._break("the server closed the connection")
            self._pass(began, sent)
            packet = packet[sent:]

    def _receive(self) -> tuple[int, Reader]:
        self._insist_on_life()
        size = int.from_bytes(self._take(4), "big")
        if not 0 < size <= LARGEST_PACKET:
            raise self._nonsense("the server's bytes are no SFTP")
        packet = self._take(size)
        return packet[0], Reader(packet[1:])

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._received += self._some_bytes()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _some_bytes(self) -> bytes:
        began = time.monotonic()
        try:
            received = self._channel.recv(RECEIVED_AT_ONCE)
        except TimeoutError as error:
            raise self._break(self._silence) from error
        if not received:
            raise self._break("the server closed the connection")
        self._pass(began, len(received))
        return received

    def _raise_unless_ok(self, reader: Reader) -> None:
        code = reader.number()
        if code != Status.OK:
            text = b"" if reader.is_at_end else reader.string()
            raise StatusError(code, text.decode("utf-8", "replace").strip())

    @property
    def _silence(self) -> str:
        return f"the server has been silent for {self._timeout_seconds:g} s"

    def _insist_on_life(self) -> None:
        if self._broken is not None:
            raise BrokenConnectionError(self._broken)

    def _break(self, reason: str) -> BrokenConnectionError:
        self._broken = reason
        return BrokenConnectionError(reason)

    def _nonsense(self, reason: str) -> NonsenseError:
        self._broken = reason
        return NonsenseError(reason)
