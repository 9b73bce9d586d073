"""Which algorithms are spoken: the quick ones first, the old ones only where named.

What paramiko has dropped for its SHA-1 (`ssh-rsa`, two key exchanges) is built here from its
parts, for partners whose servers know nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from typing import ClassVar

from cryptography.hazmat.primitives import hashes
from paramiko import RSAKey, Transport
from paramiko.kex_group14 import KexGroup14SHA256

# Counter mode first: here it moves about twice what the GCM ciphers do.
CIPHERS = (
    "aes128-ctr",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
)
MACS = (
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
)
HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
RSA_HOST_KEYS = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")

LEGACY_CIPHERS = ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc")
LEGACY_MACS = ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96")
LEGACY_HOST_KEYS = ("ssh-rsa",)
LEGACY_KEY_EXCHANGES = ("diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1")
LEGACY = LEGACY_HOST_KEYS + LEGACY_KEY_EXCHANGES + LEGACY_CIPHERS + LEGACY_MACS
"""What may stand under `sftp.legacy_algorithms`."""


class Sha1RsaKey(RSAKey):
    """An RSA key that may also sign and check with SHA-1."""

    HASHES = {**RSAKey.HASHES, "ssh-rsa": hashes.SHA1}  # type: ignore[misc]  # noqa: RUF012 - declared final, yet looked up by instance


class KexGroup14Sha1(KexGroup14SHA256):
    """The key exchange of servers from before 2016."""

    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


class KexGroup1Sha1(KexGroup14Sha1):
    """The key exchange of servers from before 2008: a group of 1024 bits (RFC 2409, 6.2)."""

    name = "diffie-hellman-group1-sha1"
    P = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
        "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
        "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
        16,
    )


class NegotiatingTransport(Transport):
    """An SSH connection that offers what we want, in our order, and remembers what was offered.

    `wanted_host_keys` come first, so that a server with several keys shows the pinned one;
    `unwanted_host_keys` have been shown already.
    """

    # These two tables have no public door; the stubs leave them out.
    _key_info: ClassVar = {**vars(Transport)["_key_info"], "ssh-rsa": Sha1RsaKey}
    _kex_info: ClassVar = {
        **vars(Transport)["_kex_info"],
        KexGroup14Sha1.name: KexGroup14Sha1,
        KexGroup1Sha1.name: KexGroup1Sha1,
    }
    server_extensions: dict[str, bytes]
    remote_cipher: str
    legacy: tuple[str, ...] = ()
    wanted_host_keys: tuple[str, ...] = ()
    unwanted_host_keys: tuple[str, ...] = ()
    offered: tuple[tuple[str, ...], ...] = ()

    @property
    def preferred_ciphers(self) -> tuple[str, ...]:
        """Quick ones first."""
        return CIPHERS + self._named(LEGACY_CIPHERS)

    @property
    def preferred_macs(self) -> tuple[str, ...]:
        """No SHA-1 unless named."""
        return MACS + self._named(LEGACY_MACS)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Kinds of host keys; certificates are not asked for, since pins name keys."""
        known = HOST_KEYS + self._named(LEGACY_HOST_KEYS)
        pinned = tuple(name for name in self.wanted_host_keys if name in known)
        others = tuple(name for name in known if name not in pinned)
        return tuple(name for name in pinned + others if name not in self.unwanted_host_keys)

    @property
    def preferred_pubkeys(self) -> tuple[str, ...]:
        """How we sign. A server that does not say what it takes and needs `ssh-rsa` gets that."""
        legacy = self._named(LEGACY_HOST_KEYS)
        if legacy and "server-sig-algs" not in self.server_extensions:
            return legacy
        return HOST_KEYS + legacy

    @property
    def preferred_kex(self) -> tuple[str, ...]:
        """Key exchanges, as paramiko orders them."""
        return (*super().preferred_kex, *self._named(LEGACY_KEY_EXCHANGES))

    def has_shown_all(self, seen: tuple[str, ...]) -> bool:
        """Whether the server has no other kind of host key that we could ask for."""
        return not set(self.preferred_keys) & set(self.offered[1]) - set(seen)

    def _named(self, candidates: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in candidates if name in self.legacy)

    def _really_parse_kex_init(self, *arguments: object, **options: object) -> dict[str, list[str]]:
        parse = super()._really_parse_kex_init  # type: ignore[misc]  # not in the stubs
        parsed: dict[str, list[str]] = parse(*arguments, **options)
        self.offered = tuple(
            tuple(parsed[field])
            for field in (
                "kex_algo_list",
                "server_key_algo_list",
                "server_encrypt_algo_list",
                "server_mac_algo_list",
            )
        )
        return parsed


def names_to_allow(transport: NegotiatingTransport) -> tuple[str, ...]:
    """Where nothing in common was found: the old algorithms that would mend it, the least bad
    of each sort, or nothing where none would.
    """
    ours = (
        transport.preferred_kex,
        transport.preferred_keys,
        transport.preferred_ciphers,
        transport.preferred_macs,
    )
    old = (LEGACY_KEY_EXCHANGES, LEGACY_HOST_KEYS, LEGACY_CIPHERS, LEGACY_MACS)
    missing = []
    for spoken, offered, candidates in zip(ours, transport.offered, old, strict=False):
        if not set(spoken) & set(offered):
            mending = next((name for name in candidates if name in offered), None)
            if mending is None:
                return ()
            missing.append(mending)
    return tuple(missing)


def host_key_algorithms(key_type: str) -> tuple[str, ...]:
    """The names under which a server offers a key of this type."""
    return RSA_HOST_KEYS if key_type == "ssh-rsa" else (key_type,)
