"""The names of what we deliver: NAME.STAMP.kind.ending, safe everywhere, 255 bytes at most."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sftp_sync.model import shown

MAX_BYTES = 255
LONGEST_ENDING = 16
UPLOADED_AS = len("..part")
LAST_STAMP = re.compile(r"\d{8}T\d{6}Z(?=\.[a-z]+\.[a-z]+$)")
UNSAFE = set('/\\:*?"<>|\0')


def stamp(moment: datetime) -> str:
    """A moment in UTC as names carry it."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def delivered_name(source: str, moment: datetime, ending: str) -> str:
    """NAME.STAMP.ending, where NAME is the full source name made safe, cut with a hash to fit."""
    tail = f".{stamp(moment)}.{ending}"
    return _cut(_safe(source), MAX_BYTES - UPLOADED_AS - len(tail)) + tail


def bumped(name: str) -> str:
    """The same name with a stamp one second later, for when somebody else has it."""

    def later(found: re.Match[str]) -> str:
        moment = datetime.strptime(found[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return stamp(moment + timedelta(seconds=1))

    return LAST_STAMP.sub(later, name)


def marked(name: str, mark: str) -> str:
    """A partner's file name with a mark before its ending, cut where it would not fit."""
    raw = name.encode("utf-8", "surrogateescape")
    stem, dot, ending = raw.rpartition(b".")
    if not stem or len(ending) > LONGEST_ENDING:
        stem, dot, ending = raw, b"", b""
    tail = mark.encode() + dot + ending
    kept = stem[: MAX_BYTES - len(tail)]
    if len(kept) < len(stem):
        kept = _whole_characters(kept)
    return (kept + tail).decode("utf-8", "surrogateescape")


def _whole_characters(cut: bytes) -> bytes:
    """Without the first half of a character that the cut has left."""
    for length in range(len(cut), max(len(cut) - 4, 0), -1):
        with suppress(UnicodeDecodeError):
            cut[:length].decode()
            return cut[:length]
    return cut


def _safe(source: str) -> str:
    name = "".join("_" if char in UNSAFE else char for char in shown(source))
    # A leading dot would hide it, a leading dash would be an option to somebody's command.
    return f"_{name[1:]}" if name[:1] in {".", "-", "~"} else name


def _cut(name: str, room: int) -> str:
    if len(name.encode()) <= room:
        return name
    digest = f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    kept = name.encode()[: room - len(digest)].decode("utf-8", "ignore")
    return kept + digest
