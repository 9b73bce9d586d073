"""An SFTP server over a directory, on loopback: for the demo, for rehearsals, and for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from paramiko import Transport

from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.sandbox.sftp_door import Door, SandboxUser
from sftp_sync.sandbox.sftp_keys import fingerprint, host_key
from sftp_sync.sandbox.sftp_legacy import LegacyTransport, OldSignaturesTransport, old_key
from sftp_sync.sandbox.sftp_link import Journal, Link
from sftp_sync.sandbox.sftp_protocol import SandboxProtocol

__all__ = ["Quirks", "SandboxUser", "SftpSandbox"]

SECONDS_TO_END = 5
# Of Linux; elsewhere the option is unknown and a client counts until its thread has ended.
TCP_INFO, CLOSE_WAIT = 11, 8
BANNER = b"SSH-2.0-sandbox\r\n"


class ServingTransport(Transport):
    """A client's connection that says when it has ended."""

    journal: Journal

    def run(self) -> None:
        """Serve until one side hangs up."""
        try:
            super().run()
        finally:
            self.journal.closed()


class OldSignaturesServingTransport(OldSignaturesTransport, ServingTransport):
    """As above, ten years ago."""


class LegacyServingTransport(LegacyTransport, ServingTransport):
    """As above, fifteen years ago."""


@dataclass
class Client:
    """A connection being served."""

    connected: socket.socket
    transport: ServingTransport | None
    link: Link

    @property
    def is_gone(self) -> bool:
        """Whether the client has left."""
        return self.transport is not None and not self.transport.is_alive()

    @property
    def is_leaving(self) -> bool:
        """Whether the client has hung up, noticed by the thread that serves it or not yet."""
        try:
            return self.connected.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 1)[0] == CLOSE_WAIT
        except OSError:
            return True

    def cut(self) -> None:
        """Hang up without a word."""
        if self.transport is not None:
            self.transport.packetizer.complete_handshake()  # else its timer lives on
            self.transport.close()
        self.connected.close()

    def join(self) -> None:
        """Wait until nothing runs for it any more."""
        running = [*self.link.sessions]
        if self.transport is not None:
            running.append(self.transport)
        for thread in running:
            if thread.is_alive():
                thread.join(SECONDS_TO_END)


class SftpSandbox:
    """The server. `quirks` may be changed between connections; `journal` tells what happened."""

    def __init__(
        self,
        users: Iterable[SandboxUser],
        *,
        quirks: Quirks | None = None,
        keys_folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.quirks = quirks or Quirks()
        self.journal = Journal()
        self.host = host
        self.port = port
        self._users = {user.name: user for user in users}
        self._key = host_key(keys_folder, is_legacy=self.quirks.legacy_only)
        self._stopping = threading.Event()
        self._clients: list[Client] = []
        self._listening: socket.socket | None = None
        self._accepting: threading.Thread | None = None

    @property
    def fingerprint(self) -> str:
        """Of the host key, as OpenSSH prints it."""
        return fingerprint(self._key)

    @property
    def public_key(self) -> str:
        """The host key as one line of text."""
        return f"{self._key.get_name()} {self._key.get_base64()}"

    def start(self) -> Self:
        """Listen; `port` is then the real one."""
        self._stopping.clear()
        self._listening = socket.create_server((self.host, self.port))
        self.port = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="sftp-sandbox", daemon=True)
        self._accepting.start()
        return self

    def stop(self) -> None:
        """Hang up on everybody and let go of the port."""
        self._stopping.set()
        if self._listening is not None:
            # Closing alone would leave the accepting thread waiting.
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        if self._accepting is not None:
            self._accepting.join(SECONDS_TO_END)
        for client in self._clients:
            client.cut()
        for client in self._clients:
            client.join()
        self._clients.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        listening = self._listening
        while listening is not None and not self._stopping.is_set():
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            for client in self._clients:
                if client.is_leaving:
                    client.join()  # it must not count beside the one that comes
            self._forget_the_gone()
            self._clients.append(self._welcome(connected))

    def _welcome(self, connected: socket.socket) -> Client:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.journal.opened()
        link = Link(self.quirks, self.journal, self._stopping)
        if self.quirks.silent_at in ("banner", "key_exchange"):
            if self.quirks.silent_at == "key_exchange":
                connected.sendall(BANNER)
            return Client(connected, None, link)
        transport = self._transport(connected)
        client = Client(connected, transport, link)
        link.cut = client.cut
        transport.set_subsystem_handler("sftp", SandboxProtocol, link)
        transport.start_server(event=threading.Event(), server=Door(self._users, link))
        return client

    def _transport(self, connected: socket.socket) -> ServingTransport:
        kind: Callable[[socket.socket], ServingTransport] = ServingTransport
        if self.quirks.old_signatures:
            kind = OldSignaturesServingTransport
        if self.quirks.legacy_only:
            kind = LegacyServingTransport
        transport = kind(connected)
        transport.journal = self.journal
        transport.add_server_key(old_key(self._key) if self.quirks.legacy_only else self._key)
        return transport

    def _forget_the_gone(self) -> None:
        for client in [client for client in self._clients if client.is_gone]:
            client.cut()
            client.join()
            self._clients.remove(client)
