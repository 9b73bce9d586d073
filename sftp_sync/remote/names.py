"""Names and paths at a partner: bytes on the wire, text with surrogate escapes in the program.

The encoding is fixed here, so that the locale of the process changes nothing.
"""

from __future__ import annotations

import hashlib
import posixpath

LONGEST_NAME_BYTES = 255


def wire(path: str) -> bytes:
    """A path as the bytes that travel."""
    return path.encode("utf-8", "surrogateescape")


def text(raw: bytes) -> str:
    """Bytes from the wire as text that `wire` gives back unchanged."""
    return raw.decode("utf-8", "surrogateescape")


def part_name(name: str) -> str:
    """The name a file bears while it is being written, cut (with a hash) where it would not fit."""
    part = f".{name}.part"
    if len(wire(part)) <= LONGEST_NAME_BYTES:
        return part
    digest = hashlib.sha256(wire(name)).hexdigest()[:16]
    room = LONGEST_NAME_BYTES - len(f"..{digest}.part")
    return f".{text(wire(name)[:room])}.{digest}.part"


def part_path(path: str) -> str:
    """Where a file for `path` is written first: beside it."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, part_name(name))


def is_plain_name(name: str) -> bool:
    """Whether a listed name can be a file of that folder at all, and cannot lead out of it."""
    return name not in {"", ".", ".."} and "/" not in name and "\0" not in name
