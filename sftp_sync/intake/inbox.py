"""Which entries of an inbox are complete contact files. Pure: listings in, listings out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from sftp_sync.model import FileRules, RemoteFile

PRIVATE_PREFIX = ".sftp-sync-"


def lists(entries: Iterable[RemoteFile], rules: FileRules) -> list[RemoteFile]:
    """The regular files that are meant for us and marked ready, oldest first."""
    everything = list(entries)
    wanted = [entry for entry in everything if _is_wanted(entry, rules)]
    if rules.ready_marker is not None:
        markers = {entry.name: entry for entry in everything}
        wanted = [entry for entry in wanted if _is_ready(entry, markers, rules.ready_marker)]
    return sorted(wanted, key=lambda entry: (entry.modified_at or 0, entry.name))


def settled(first: Sequence[RemoteFile], second: Sequence[RemoteFile]) -> list[RemoteFile]:
    """Those that two looks, some time apart, have seen alike in size and time."""
    before = set(first)
    return [entry for entry in second if entry in before]


def _is_wanted(entry: RemoteFile, rules: FileRules) -> bool:
    if entry.kind != "file" or entry.name.startswith(PRIVATE_PREFIX):
        return False
    if rules.ready_marker is not None and entry.name.endswith(rules.ready_marker):
        return False
    return _matches(entry.name, rules.pattern) and not _matches(entry.name, rules.ignore)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    # Upper-case endings are common where lists come from Windows.
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _is_ready(entry: RemoteFile, markers: dict[str, RemoteFile], ending: str) -> bool:
    marker = markers.get(entry.name + ending)
    if marker is None or marker.kind != "file":
        return False
    if marker.modified_at is None or entry.modified_at is None:
        return True
    return marker.modified_at >= entry.modified_at
