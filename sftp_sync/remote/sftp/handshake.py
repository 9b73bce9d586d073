"""From an address to a server that is the right one: negotiation, and its host key judged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paramiko.ssh_exception import IncompatiblePeer

from sftp_sync.errors import RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp.algorithms import (
    NegotiatingTransport,
    host_key_algorithms,
    names_to_allow,
)
from sftp_sync.remote.sftp.host_keys import HostKey, Pins, is_trusted, mistrust
from sftp_sync.remote.sftp.login import SftpLogin
from sftp_sync.remote.sftp.sockets import Address, connect_any

SECONDS_FOR_THREADS_TO_END = 5


def reach(
    addresses: list[Address], login: SftpLogin, pins: Pins
) -> tuple[NegotiatingTransport, HostKey]:
    """A connection to the trusted server, nobody signed in yet.

    A bare fingerprint does not say of which kind of key it is: where the server shows another
    kind first, it is asked for the others before it is called a changed one.
    """
    wanted = tuple(name for kind in pins.types for name in host_key_algorithms(kind))
    transport, host_key = _handshake(addresses, login, wanted, unwanted=())
    refused = None
    seen: tuple[str, ...] = ()
    while not is_trusted(host_key, pins):
        shut(transport)
        refused = refused or mistrust(host_key, pins, login.place)
        seen += host_key_algorithms(host_key.type)
        if not pins.may_be_of_another_type or transport.has_shown_all(seen):
            raise refused
        transport, host_key = _handshake(addresses, login, wanted, unwanted=seen)
    return transport, host_key


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


def _handshake(
    addresses: list[Address],
    login: SftpLogin,
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
) -> tuple[NegotiatingTransport, HostKey]:
    connected = connect_any(addresses, login.timeout_seconds, login.place)
    transport = NegotiatingTransport(connected)
    transport.legacy = login.legacy_algorithms
    transport.wanted_host_keys, transport.unwanted_host_keys = wanted, unwanted
    transport.banner_timeout = login.timeout_seconds
    transport.handshake_timeout = login.timeout_seconds
    transport.auth_timeout = login.timeout_seconds
    transport.channel_timeout = 2 * login.timeout_seconds  # the stage's own limit comes first
    transport.clear_to_send_timeout = login.timeout_seconds
    try:
        return transport, _shake_hands(transport, login)
    except BaseException:
        shut(transport)
        raise


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
