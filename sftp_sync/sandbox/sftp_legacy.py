"""A server that has not been updated for fifteen years, for rehearsing `legacy_algorithms`."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from socket import socket
from typing import ClassVar

from cryptography.hazmat.primitives import hashes
from paramiko import PKey, RSAKey, Transport
from paramiko.kex_group14 import KexGroup14SHA256


class OldKeyExchange(KexGroup14SHA256):
    """Group 14 with SHA-1."""

    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


class OldRsaKey(RSAKey):
    """Signs with SHA-1."""

    HASHES = {**RSAKey.HASHES, "ssh-rsa": hashes.SHA1}  # type: ignore[misc]  # noqa: RUF012 - declared final, yet looked up by instance


class OldSignaturesTransport(Transport):
    """Knows RSA only with SHA-1 when a client signs, and does not say so beforehand."""

    _key_info: ClassVar = {**vars(Transport)["_key_info"], "ssh-rsa": OldRsaKey}
    preferred_pubkeys: Sequence[str] = ("ssh-rsa", "ssh-ed25519")

    def __init__(self, connected: socket) -> None:
        super().__init__(connected, server_sig_algs=False)


class LegacyTransport(OldSignaturesTransport):
    """Offers what is off by default in every current client, and nothing else."""

    _kex_info: ClassVar = {**vars(Transport)["_kex_info"], OldKeyExchange.name: OldKeyExchange}
    preferred_kex: Sequence[str] = (OldKeyExchange.name,)
    preferred_keys: Sequence[str] = ("ssh-rsa",)
    preferred_ciphers: Sequence[str] = ("aes128-cbc",)
    preferred_macs: Sequence[str] = ("hmac-sha1",)


def old_key(key: PKey) -> PKey:
    """The same RSA key, able to sign the old way."""
    return OldRsaKey(key=key.key) if isinstance(key, RSAKey) else key
