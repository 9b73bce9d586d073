"""OpenSSH's known_hosts: lines that name hosts in clear, by pattern or hashed, and their keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from fnmatch import fnmatchcase

SSH_PORT = 22
HASHED = "|1|"
MARKERS = ("@revoked", "@cert-authority")


@dataclass(frozen=True)
class HostLine:
    """One line: for which hosts, with which key, and how it is meant."""

    marker: str
    hosts: str
    key_type: str
    blob: bytes


def parsed_line(line: str) -> HostLine | None:
    """The line's content; None for comments, blanks and what is no such line."""
    words = line.split()
    marker = ""
    if words and words[0].startswith("@"):
        marker, *words = words
    if len(words) < 3 or words[0].startswith("#") or marker not in ("", *MARKERS):  # noqa: PLR2004 - hosts, type, key
        return None
    try:
        blob = base64.b64decode(words[2], validate=True)
    except (ValueError, binascii.Error):
        return None
    return HostLine(marker, words[0], words[1], blob)


def lines_for(content: str, host: str, port: int) -> list[HostLine]:
    """The lines of a file that speak of a host."""
    name = host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"
    parsed = (parsed_line(line) for line in content.splitlines())
    return [line for line in parsed if line is not None and _names(line.hosts, name)]


def _names(hosts: str, name: str) -> bool:
    if hosts.startswith(HASHED):
        return _is_hash_of(hosts, name)
    is_named = False
    for pattern in hosts.lower().split(","):
        if pattern.startswith("!"):
            if _matches(pattern[1:], name):
                return False
        elif _matches(pattern, name):
            is_named = True
    return is_named


def _matches(pattern: str, name: str) -> bool:
    # Brackets stand for a port here, not for a set of characters.
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _is_hash_of(hosts: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part) for part in hosts[len(HASHED) :].split("|"))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), hashlib.sha1), digest)
