"""Which servers are trusted: pins from the configuration, read once and judged."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp.known_hosts import HostLine, lines_for, parsed_line
from sftp_sync.remote.sftp.login import SftpLogin

FINGERPRINT = re.compile(r"^SHA256:[A-Za-z0-9+/]{43}=?$")
MD5_FINGERPRINT = re.compile(r"^(MD5:)?([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$")
KEY_TYPE = re.compile(r"^(ssh-|ecdsa-sha2-|sk-)")


@dataclass(frozen=True)
class HostKey:
    """A server's public key."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest())
        return "SHA256:" + digest.decode().rstrip("=")


@dataclass(frozen=True)
class Pins:
    """What the configuration trusts. `types` are the kinds of key that it names; a bare
    fingerprint names none and so may be of a type that the server does not show first.
    """

    fingerprints: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    may_be_of_another_type: bool = False
    has_certificate_authority: bool = False
    shown: tuple[str, ...] = field(default=())


def pins_of(login: SftpLogin) -> Pins:
    """Every pin of a login; `RemoteRefused` for one that cannot be read."""
    trusted: list[HostKey | str] = []
    lines: list[HostLine] = []
    for pin in login.host_keys:
        _sort_in(pin.strip(), login, trusted, lines)
    if login.known_hosts is not None:
        lines += lines_for(_read_known_hosts(login), login.host, login.port)
    return _gathered(trusted, lines)


def is_trusted(presented: HostKey, pins: Pins) -> bool:
    """Whether this key is pinned, and not revoked."""
    return presented.fingerprint in pins.fingerprints - pins.revoked


def mistrust(presented: HostKey, pins: Pins, place: str) -> RemoteRefused:
    """Why a key is not trusted, and what to do."""
    if presented.fingerprint in pins.revoked:
        return RemoteRefused(
            f"{place} shows the key {presented.fingerprint}, which known_hosts marks as revoked.",
            fix="Do not connect. Ask the partner, by telephone, which key is theirs.",
            step="host_key",
        )
    if pins.fingerprints:
        return _changed(presented, pins, place)
    return _unknown(presented, pins, place)


def _changed(presented: HostKey, pins: Pins, place: str) -> RemoteRefused:
    return RemoteRefused(
        f"{place} shows another host key than the configured one: new {presented.fingerprint} "
        f"({presented.type}), old {', '.join(pins.shown)}.",
        fix="Ask the partner, on a channel other than e-mail, whether they have changed it. "
        "Only if they confirm the new one, add under sftp.host_keys: "
        f'`- "{presented.fingerprint}"`.',
        step="host_key",
    )


def _unknown(presented: HostKey, pins: Pins, place: str) -> RemoteRefused:
    authority = (
        " The @cert-authority line in known_hosts is not used: only keys are trusted."
        if pins.has_certificate_authority
        else ""
    )
    return RemoteRefused(
        f"the host key of {place} is not known yet: {presented.fingerprint} ({presented.type})."
        f"{authority}",
        fix="Ask the partner whether this fingerprint is theirs, then put it under "
        f'sftp.host_keys: `- "{presented.fingerprint}"`.',
        who="you",
        step="host_key",
    )


def _sort_in(
    pin: str, login: SftpLogin, trusted: list[HostKey | str], lines: list[HostLine]
) -> None:
    if FINGERPRINT.match(pin):
        trusted.append(pin.rstrip("="))
    elif KEY_TYPE.match(pin):
        trusted.append(_public_key(pin))
    elif MD5_FINGERPRINT.match(pin):
        raise _unreadable(pin, "MD5 fingerprints are too weak to trust; ask for the SHA256 one.")
    elif (line := parsed_line(pin)) is not None:
        # A line put into the configuration of one server is meant for that server,
        # under whatever name it was written down.
        lines.append(line)
    else:
        raise _unreadable(
            pin,
            "Write a fingerprint (`SHA256:…`), a public key (`ssh-ed25519 AAAA…`) or a line of a "
            f"known_hosts file. `ssh-keyscan -p {login.port} {login.host}` prints such lines.",
        )


def _gathered(trusted: Iterable[HostKey | str], lines: Iterable[HostLine]) -> Pins:
    keys = [pin for pin in trusted if isinstance(pin, HostKey)]
    revoked = set()
    has_authority = False
    for line in lines:
        key = HostKey(line.key_type, line.blob)
        if line.marker == "@revoked":
            revoked.add(key.fingerprint)
        elif line.marker == "@cert-authority":
            has_authority = True
        else:
            keys.append(key)
    bare = [pin for pin in trusted if isinstance(pin, str)]
    fingerprints = bare + [key.fingerprint for key in keys]
    return Pins(
        fingerprints=frozenset(fingerprints),
        revoked=frozenset(revoked),
        types=tuple(dict.fromkeys(key.type for key in keys)),
        may_be_of_another_type=bool(bare),
        has_certificate_authority=has_authority,
        shown=tuple(dict.fromkeys(fingerprints)),
    )


def _public_key(pin: str) -> HostKey:
    try:
        key_type, encoded = pin.split()[:2]
        return HostKey(key_type, base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error) as error:
        raise _unreadable(pin, "The public key is cut short; copy the whole line.") from error


def _read_known_hosts(login: SftpLogin) -> str:
    path = login.known_hosts
    if path is None:
        return ""
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise RemoteRefused(
            f"sftp.known_hosts: {path} cannot be read: {error.strerror}.",
            fix=f"Create it: `ssh-keyscan -p {login.port} {login.host} >> {path}`, and compare the "
            "fingerprints with the partner's.",
            who="you",
            step="host_key",
        ) from error


def _unreadable(pin: str, fix: str) -> RemoteRefused:
    return RemoteRefused(
        f"sftp.host_keys: {pin[:60]!r} is no host key.", fix=fix, who="you", step="host_key"
    )
