"""A server that has not been updated for fifteen years, for rehearsing `legacy_algorithms`."""

from __future__ import annotations

from hashlib import sha1
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


class LegacyTransport(Transport):
    """Offers what is off by default in every current client, and nothing else."""

    _key_info: ClassVar = {**vars(Transport)["_key_info"], "ssh-rsa": OldRsaKey}
    _kex_info: ClassVar = {**vars(Transport)["_kex_info"], OldKeyExchange.name: OldKeyExchange}
    preferred_kex = (OldKeyExchange.name,)
    preferred_keys = ("ssh-rsa",)
    preferred_pubkeys = ("ssh-rsa", "ssh-ed25519")
    preferred_ciphers = ("aes128-cbc",)
    preferred_macs = ("hmac-sha1",)

    def __init__(self, connected: object) -> None:
        super().__init__(connected, server_sig_algs=False)  # type: ignore[arg-type]  # a socket


def old_key(key: PKey) -> PKey:
    """The same RSA key, able to sign the old way."""
    return OldRsaKey(key=key.key) if isinstance(key, RSAKey) else key
