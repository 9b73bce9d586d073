"""From a login to a session: every stage ends in time, and a failed one leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from paramiko import Channel, SSHException
from paramiko.ssh_exception import IncompatiblePeer

from sftp_sync.errors import ConfigError, RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp.algorithms import (
    LEGACY,
    NegotiatingTransport,
    host_key_algorithms,
    names_to_allow,
)
from sftp_sync.remote.sftp.host_keys import HostKey, Pins, judge, pins_of
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.packets import BrokenConnectionError, NonsenseError
from sftp_sync.remote.sftp.session import Session, StatusError
from sftp_sync.remote.sftp.sign_in import credentials_of, sign_in
from sftp_sync.remote.sftp.sockets import PatientSocket, addresses_of, connect_any

# A read of 32 KiB and its header in one packet; every SSH software takes 35,000 bytes.
LARGEST_SSH_PACKET = 34_000
WINDOW_BYTES = 4 * 1024 * 1024
SECONDS_FOR_THREADS_TO_END = 5


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
        if not self.session.is_broken:
            with ended_within(self.transport, self.login.timeout_seconds):
                _quietly_close(self.channel)
        shut(self.transport)


def open_connection(login: SftpLogin) -> Connection:
    """Reach the server, check it, sign in, and start SFTP."""
    _check_names(login)
    pins = pins_of(login)
    credentials = credentials_of(login)
    addresses = addresses_of(login.host, login.port)
    connected = connect_any(addresses, login.timeout_seconds, login.place)
    address = str(connected.getpeername()[0])
    transport = _transport(connected, login, pins)
    try:
        host_key = _shake_hands(transport, login)
        judge(host_key, pins, login.place)
        with ended_within(transport, 2 * login.timeout_seconds):
            sign_in(transport, login, credentials)
        channel, session = _start_sftp(transport, login)
    except BaseException:
        shut(transport)
        raise
    return Connection(login, transport, channel, session, address, host_key)


def shut(transport: NegotiatingTransport) -> None:
    """Close the socket at once and wait for the thread that reads it."""
    transport.packetizer.complete_handshake()  # else its timer lives on
    transport.close()
    transport.sock.close()
    if transport.is_alive():
        transport.join(SECONDS_FOR_THREADS_TO_END)


@contextmanager
def ended_within(transport: NegotiatingTransport, seconds: float) -> Iterator[None]:
    """Where paramiko would wait for ever, cut the connection instead."""
    timer = threading.Timer(seconds, transport.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _transport(connected: PatientSocket, login: SftpLogin, pins: Pins) -> NegotiatingTransport:
    try:
        transport = NegotiatingTransport(connected)
    except BaseException:
        connected.close()
        raise
    transport.legacy = login.legacy_algorithms
    transport.wanted_host_keys = tuple(
        name for key_type in pins.types for name in host_key_algorithms(key_type)
    )
    transport.banner_timeout = login.timeout_seconds
    transport.handshake_timeout = login.timeout_seconds
    transport.auth_timeout = login.timeout_seconds
    transport.channel_timeout = 2 * login.timeout_seconds  # the stage's own limit comes first
    transport.clear_to_send_timeout = login.timeout_seconds
    return transport


def _shake_hands(transport: NegotiatingTransport, login: SftpLogin) -> HostKey:
    done = threading.Event()
    transport.start_client(event=done)
    is_done = done.wait(login.timeout_seconds)
    if not is_done or not transport.is_active():
        raise _no_handshake(transport, login, is_silent=not is_done)
    transport.set_keepalive(max(1, int(login.timeout_seconds // 2)))
    key = transport.get_remote_server_key()
    return HostKey(key.get_name(), key.asbytes())


def _no_handshake(
    transport: NegotiatingTransport, login: SftpLogin, *, is_silent: bool
) -> RemoteUnavailable | RemoteRefused:
    error = transport.get_exception()
    if isinstance(error, IncompatiblePeer) and transport.offered:
        return _nothing_in_common(transport, login)
    if is_silent:
        reason = f"accepted the connection and then was silent for {login.timeout_seconds:g} s"
    elif "banner" in str(error) or "protocol version" in str(error):
        reason = "does not answer as an SSH server"
    else:
        reason = f"broke off the key exchange ({error or 'closed'})"
    return RemoteUnavailable(
        f"{login.place} {reason}.",
        fix="Check sftp.host and sftp.port; if they are right, ask the partner whether the server "
        "is overloaded or blocks this machine's address.",
        step="connect",
    )


def _nothing_in_common(transport: NegotiatingTransport, login: SftpLogin) -> RemoteRefused:
    names = names_to_allow(transport)
    if not names:
        offered = "; ".join(", ".join(names) for names in transport.offered)
        return RemoteRefused(
            f"{login.place} and this program have no algorithm in common; it offers: {offered}.",
            fix="Ask the partner to update the server.",
            step="connect",
        )
    wanted = ", ".join(dict.fromkeys((*login.legacy_algorithms, *names)))
    return RemoteRefused(
        f"{login.place} speaks only outdated algorithms: {', '.join(names)}.",
        fix=f"Ask the partner to update the server; until then allow them for this server alone, "
        f"under sftp: `legacy_algorithms: [{wanted}]`.",
        who="you",
        step="connect",
    )


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


def _quietly_close(channel: Channel) -> None:
    try:
        channel.close()
    except (SSHException, EOFError, OSError):
        return


def _check_names(login: SftpLogin) -> None:
    unknown = [name for name in login.legacy_algorithms if name not in LEGACY]
    if unknown:
        raise ConfigError(
            f"sftp.legacy_algorithms: {', '.join(unknown)} cannot be allowed.",
            fix=f"These can: {', '.join(LEGACY)}.",
        )
