"""The blocks that say who is talked to: vendor accounts and partners' servers."""

from __future__ import annotations

import binascii
import ipaddress
import re
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator, with_config

from sftp_sync.config.secret import KeyField, SecretField
from sftp_sync.config.values import (
    Seconds,
    Text,
    Texts,
    Timeout,
    Whole,
    local_path,
    one_or_more,
    permissions,
)

STRICT = ConfigDict(extra="forbid")
TALKOVER_URL = "https://app.talkover.ai/api/v1"
MOST_PER_MINUTE = 1_000_000
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
HOST_KEY_HINT = (
    'is neither a fingerprint (SHA256:…), nor a public key ("ssh-ed25519 AAAA…"), nor a line of '
    "known_hosts. `sftp-sync test-connection` prints the line to put here."
)


def vendor_address(written: str) -> str:
    """An https address, without a slash at its end; plain http only on this machine."""
    try:
        url = urlsplit(written)
        named = url.hostname and is_a_name(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        named = None
    if not named or url.scheme not in {"https", "http"}:
        raise ValueError("must be an address such as https://app.talkover.ai/api/v1.")
    if url.username or url.password:
        raise ValueError("must not hold a user or password. The token goes to `token`.")
    if url.query or url.fragment:
        raise ValueError("must end before any ? or #.")
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        raise ValueError("must begin with https://: over http the token could be read on the way.")
    return f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"


def host_name(written: str) -> str:
    """A host without user, port or scheme."""
    if "://" in written or "/" in written:
        raise ValueError("must be the host alone, as sftp.example.com, without sftp:// and path.")
    if "@" in written:
        raise ValueError("must be the host alone. The part before @ goes to `username`.")
    if _is_address(written):
        return written
    if ":" in written:
        raise ValueError("must be the host alone. The part after : goes to `port`.")
    if not re.fullmatch(r"[\w.-]+", written) or not is_a_name(written):
        raise ValueError("must be a host such as sftp.example.com.")
    return written


def is_a_name(host: str) -> bool:
    """Whether a network can be asked for it: labels are neither empty nor longer than 63."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _is_address(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True


def host_key(written: str) -> str:
    """A pin by its shape: fingerprint, public key or known_hosts line."""
    if written.startswith("MD5:") or re.fullmatch("(?:[0-9a-f]{2}:){15}[0-9a-f]{2}", written):
        raise ValueError("is an MD5 fingerprint, which can be forged. Ask for the SHA256 one.")
    if written.startswith("SHA256:"):
        if not _is_base64(written.removeprefix("SHA256:").rstrip("="), 43):
            raise ValueError("is not a whole fingerprint: SHA256: and 43 characters after it.")
        return written
    words = written.split()
    if any(word.startswith("AAAA") and _is_base64(word.rstrip("=")) for word in words[1:4]):
        return written
    raise ValueError(HOST_KEY_HINT)


def _is_base64(text: str, length: int | None = None) -> bool:
    try:
        b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return False
    return length is None or len(text) == length


HostKey = Annotated[Text, AfterValidator(host_key)]


@with_config(STRICT)
@dataclass(frozen=True)
class Account:
    """A vendor's account: where, as whom, and how fast."""

    provider: Annotated[Literal["talkover", "kathan"], Field(description="talkover or kathan?")]
    token: Annotated[SecretField, Field(description="The vendor's API key goes here.")]
    base_url: Annotated[Text, AfterValidator(vendor_address)] = TALKOVER_URL
    user_id: Text | None = None
    requests_per_minute: Annotated[Whole, Field(gt=0, le=MOST_PER_MINUTE)] = 100
    in_flight: Annotated[Whole, Field(gt=0, le=64)] = 4
    timeout_seconds: Timeout = 60
    uncertain_after_seconds: Seconds = 120
    ca_bundle: Annotated[Path, PlainValidator(local_path)] | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class Sftp:
    """A partner's SFTP server. `file_mode` is for uploads."""

    host: Annotated[Text, AfterValidator(host_name), Field(description="Which server?")]
    username: Annotated[Text, Field(description="As whom do we sign in there?")]
    port: Annotated[Whole, Field(gt=0, le=65_535)] = 22
    auth_type: Literal["password", "private_key"] = "password"
    password: SecretField | None = None
    private_key: KeyField | None = None
    private_key_passphrase: SecretField | None = None
    host_keys: Annotated[tuple[HostKey, ...], BeforeValidator(one_or_more)] = ()
    known_hosts: Annotated[Path, PlainValidator(local_path)] | None = None
    legacy_algorithms: Texts = ()
    timeout_seconds: Timeout = 30
    file_mode: Annotated[int | None, PlainValidator(permissions)] = None
