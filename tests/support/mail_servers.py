"""A mail server on this machine: it takes mail, asks for a password, turns to TLS, or refuses."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class MailServer:
    """How it behaves, and what it was given."""

    tls: ssl.SSLContext | None = None
    is_tls_from_the_start: bool = False
    password: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sessions_in_tls: int = 0

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            if self.is_tls_from_the_start:
                connection = self._in_tls(connection)
            while self._talk(connection):
                connection = self._in_tls(connection)
        connection.close()

    def _in_tls(self, connection: socket.socket) -> socket.socket:
        assert self.tls is not None
        wrapped = self.tls.wrap_socket(connection, server_side=True)
        self.sessions_in_tls += 1
        return wrapped

    def _talk(self, connection: socket.socket) -> bool:
        """Until the end; whether TLS was asked for."""
        is_plain = not isinstance(connection, ssl.SSLSocket)
        lines = connection.makefile("rb")
        if is_plain or self.is_tls_from_the_start:
            connection.sendall(b"220 here\r\n")
        for raw in lines:
            line = raw.decode().strip()
            self.said.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "STARTTLS":
                connection.sendall(b"220 go on\r\n")
                return True
            if verb == "DATA" and "DATA" not in self.answers:
                connection.sendall(b"354 go on\r\n")
                self._take(lines)
                connection.sendall(b"250 taken\r\n")
                continue
            connection.sendall(self._answer(verb, line, is_plain=is_plain).encode())
            if verb == "QUIT":
                return False
        return False

    def _take(self, lines: Iterator[bytes]) -> None:
        content = b""
        for raw in lines:
            if raw.strip() == b".":
                break
            content += raw
        mail = email.message_from_bytes(
            content.replace(b"\r\n", b"\n"), policy=email.policy.default
        )
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)

    def _answer(self, verb: str, line: str, *, is_plain: bool) -> str:
        if verb in self.answers:
            return f"{self.answers[verb]}\r\n"
        if verb in {"EHLO", "HELO"}:
            offered = ["250-here"]
            offered += ["250-STARTTLS"] if self.tls and is_plain else []
            offered += ["250-AUTH PLAIN"] if self.password else []
            return "\r\n".join([*offered, "250 8BITMIME", ""])
        if verb == "AUTH":
            given = base64.b64decode(line.rsplit(maxsplit=1)[-1]).split(b"\0")[-1].decode()
            return "235 welcome\r\n" if given == self.password else "535 no\r\n"
        return "221 bye\r\n" if verb == "QUIT" else "250 ok\r\n"


@contextmanager
def mail_server(address: str = "127.0.0.1", **behaviour: object) -> Iterator[MailServer]:
    """A running mail server."""
    server = MailServer(**behaviour)  # type: ignore[arg-type]  # the fields are those of the class
    with socket.create_server((address, 0)) as listening:
        listening.settimeout(0.05)
        server.port = listening.getsockname()[1]
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listening.accept()
                    threading.Thread(target=server.serve, args=(connection,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            stop.set()
            accepting.join(5)
