"""The SFTP protocol on the server's side: paramiko's, but with names of any bytes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from paramiko import Channel, Message
from paramiko.sftp import (
    CMD_NAME,
    CMD_OPENDIR,
    CMD_VERSION,
    SFTP_EOF,
)
from paramiko.sftp_server import SFTPServer

from sftp_sync.sandbox.sftp_door import Door
from sftp_sync.sandbox.sftp_files import ServedFiles
from sftp_sync.sandbox.sftp_handles import OpenFolder
from sftp_sync.sandbox.sftp_link import Link
from sftp_sync.sandbox.sftp_tree import wire

VERSION = 3
NAMES_AT_ONCE = 100


class AnyNames(Message):
    """A request whose paths may be any bytes."""

    def get_text(self) -> str:
        """Text with surrogate escapes for what is not UTF-8."""
        return self.get_string().decode("utf-8", "surrogateescape")


class SandboxProtocol(SFTPServer):
    """One SFTP session."""

    # What the stubs leave out of the class above.
    _read_packet: Callable[[], tuple[int, bytes]]
    _send_packet: Callable[[int, Message], None]
    _send_status: Callable[[int, int], None]
    _send_handle_response: Callable[[int, OpenFolder | int, bool], None]

    def __init__(self, channel: Channel, name: str, server: Door, link: Link) -> None:
        super().__init__(channel, name, server, ServedFiles, server.tree, link)
        self._link = link
        link.sessions.append(self)
        self._files: ServedFiles = self.server  # type: ignore[assignment]  # built by super from the class above

    def _send_server_version(self) -> int:
        self._link.fall_silent_at("greeting")
        self._read_packet()
        greeting = Message()
        greeting.add_int(VERSION)
        if self._link.quirks.posix_rename:
            greeting.add_string("posix-rename@openssh.com")
            greeting.add_string("1")
        self._send_packet(CMD_VERSION, greeting)
        return VERSION

    def _process(self, kind: int, request: int, message: Message) -> None:
        named = AnyNames(message.get_remainder())
        if kind == CMD_OPENDIR:
            self._link.fall_silent_at("listing")
        super()._process(kind, request, named)  # type: ignore[misc]  # not in the stubs

    def _response(self, request: int, kind: int, *parts: object) -> None:
        as_bytes = [wire(part) if isinstance(part, str) else part for part in parts]
        super()._response(request, kind, *as_bytes)  # type: ignore[misc]  # not in the stubs

    def _open_folder(self, request: int, path: str) -> None:
        self._send_handle_response(request, self._files.open_folder(path), True)

    def _read_folder(self, request: int, folder: OpenFolder) -> None:
        batch = list(islice(folder.entries, NAMES_AT_ONCE))
        if not batch:
            self._send_status(request, SFTP_EOF)
            return
        answer = Message()
        answer.add_int(request)
        answer.add_int(len(batch))
        for entry in batch:
            answer.add_string(entry.name)
            answer.add_string(entry.line)
            entry.attributes._pack(answer)  # type: ignore[attr-defined]  # noqa: SLF001 - the only way to write them
        self._send_packet(CMD_NAME, answer)
