"""From a login to a session: every stage ends in time, and a failed one leaves nothing behind."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass

from paramiko import Channel, SSHException

from sftp_sync.errors import ConfigError, RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp.algorithms import LEGACY, NegotiatingTransport
from sftp_sync.remote.sftp.handshake import ended_within, reach, shut
from sftp_sync.remote.sftp.host_keys import HostKey, pins_of
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.packets import BrokenConnectionError, NonsenseError
from sftp_sync.remote.sftp.session import Session, StatusError
from sftp_sync.remote.sftp.sign_in import credentials_of, sign_in
from sftp_sync.remote.sftp.sockets import addresses_of

# A read of 32 KiB and its header in one packet; every SSH software takes 35,000 bytes.
LARGEST_SSH_PACKET = 34_000
SECONDS_FOR_GOODBYE = 1.0
WINDOW_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Connection:
    """A signed-in session, and what was seen on the way."""

    login: SftpLogin
    transport: NegotiatingTransport
    channel: Channel
    session: Session
    address: str
    host_key: HostKey

    @property
    def server_version(self) -> str:
        """What the server calls itself."""
        return self.transport.remote_version

    def close(self) -> None:
        """Say goodbye if anybody listens, then let go of socket and thread."""
        if not self.session.is_broken and self.transport.is_active():
            with ended_within(self.transport, SECONDS_FOR_GOODBYE):
                self._take_leave()
        shut(self.transport)

    def _take_leave(self) -> None:
        """Hang up only once the server has: else its log shows an error for each of our visits."""
        with suppress(SSHException, EOFError, OSError):
            self.channel.close()
            self.transport.sock.shutdown(socket.SHUT_WR)
            self.transport.join(SECONDS_FOR_GOODBYE)


def open_connection(login: SftpLogin) -> Connection:
    """Reach the server, check it, sign in, and start SFTP."""
    _check_names(login)
    pins = pins_of(login)
    credentials = credentials_of(login)
    addresses = addresses_of(login.host, login.port)
    transport, host_key = reach(addresses, login, pins)
    try:
        address = str(transport.getpeername()[0])
        with ended_within(transport, 2 * login.timeout_seconds):
            sign_in(transport, login, credentials)
        channel, session = _start_sftp(transport, login)
    except BaseException:
        shut(transport)
        raise
    return Connection(login, transport, channel, session, address, host_key)


def _start_sftp(transport: NegotiatingTransport, login: SftpLogin) -> tuple[Channel, Session]:
    try:
        with ended_within(transport, login.timeout_seconds):
            channel = transport.open_session(WINDOW_BYTES, LARGEST_SSH_PACKET)
            channel.invoke_subsystem("sftp")
        return channel, Session(channel, login.timeout_seconds)
    except (SSHException, EOFError, OSError, BrokenConnectionError, StatusError) as error:
        is_final = isinstance(error, (SSHException, StatusError, NonsenseError))
        if is_final and transport.is_active():
            raise RemoteRefused(
                f"{login.place} lets {login.username} in, but offers no SFTP ({error}).",
                fix="Ask the partner to allow SFTP for this account.",
                step="sign_in",
            ) from error
        raise RemoteUnavailable(
            f"{login.place} lets {login.username} in and then does not start SFTP ({error}).",
            fix="If this goes on, ask the partner whether the account's home folder exists.",
            step="sign_in",
        ) from error


def _check_names(login: SftpLogin) -> None:
    unknown = [name for name in login.legacy_algorithms if name not in LEGACY]
    if unknown:
        raise ConfigError(
            f"sftp.legacy_algorithms: {', '.join(unknown)} cannot be allowed.",
            fix=f"These can: {', '.join(LEGACY)}.",
        )
