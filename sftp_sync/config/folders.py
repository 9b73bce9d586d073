"""Folders that must not be one: what would call people from our own results, twice, or from a
do-not-call list.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from sftp_sync.config.problems import Where
from sftp_sync.config.rules import Block, Finding, block, names, text
from sftp_sync.config.values import LONGEST_PATTERN
from sftp_sync.model.campaign import LIST_NAMES

ROLES = {
    "export_path": ("export_path",),
    "archive_path": ("files", "archive_path"),
    "suppression": ("suppression", "path"),
}
ELSEWHERE = "Choose another folder."
OTHER_FILES = "Choose another folder, or patterns that no name fits twice."
INTO_THE_INBOX = {
    "export_path": "is also import_path: our own results would come back as contact lists.",
    "archive_path": "is also import_path: archived lists would be met again and again.",
    "suppression": "is also import_path: people on the do-not-call lists would be called.",
}
INTO_THE_SUPPRESSION = {
    "export_path": "is also export_path: our results would be read as do-not-call lists.",
    "archive_path": "is also archive_path: imported lists would be read as do-not-call lists.",
}


@dataclass(frozen=True)
class Inbox:
    """Where a campaign's lists arrive: the server, the folder there, and the names it takes."""

    campaign: str
    place: tuple[str, ...]
    patterns: tuple[str, ...]


def colliding_folders(written: Block) -> Iterator[Finding]:
    """Every collision within one campaign, and between campaigns that are enabled."""
    campaigns = block(written, "campaigns")
    for name in campaigns:
        yield from _within(("campaigns", name), block(campaigns, name))
    enabled = {
        name: block(campaigns, name)
        for name in campaigns
        if block(campaigns, name).get("enabled") not in (False, "false", "no", "off")
    }
    inboxes: dict[tuple[str, ...], list[Inbox]] = defaultdict(list)
    for name, campaign in enabled.items():
        if place := _place(campaign, "import_path"):
            patterns = names(block(campaign, "files"), "pattern", LIST_NAMES)
            inboxes[place].append(Inbox(name, place, patterns))
    for sharing in inboxes.values():
        yield from _shared(sharing)
    for name, campaign in enabled.items():
        yield from _feeding(name, campaign, inboxes)


def plain_folder(path: str | None) -> str | None:
    """A folder in the form that tells whether two are one. Where sign-in ends in `/`, as at most
    partners, inbox and /inbox are one.
    """
    if not path or not path.strip():
        return None
    return posixpath.normpath(f"/{path}").strip("/")


def _within(where: Where, campaign: Block) -> Iterator[Finding]:
    inbox = plain_folder(text(campaign, "import_path"))
    suppression = plain_folder(text(campaign, "suppression", "path"))
    for role, keys in ROLES.items():
        folder = plain_folder(text(campaign, *keys))
        if folder is None:
            continue
        if folder == inbox:
            yield (*where, *keys), f"{INTO_THE_INBOX[role]} {ELSEWHERE}"
        if folder == suppression and role in INTO_THE_SUPPRESSION:
            message = f"{INTO_THE_SUPPRESSION[role]} {ELSEWHERE}"
            yield (*where, "suppression", "path"), message


def _place(campaign: Block, *keys: str) -> tuple[str, ...] | None:
    """A folder of a campaign, and the server as this user sees it: another user may be shut into
    another folder. A local one is told from this machine's root.
    """
    path, local, sftp = text(campaign, *keys), text(campaign, "folder"), block(campaign, "sftp")
    host, username = text(sftp, "host"), text(sftp, "username")
    if path is None:
        return None
    if host and username:
        return host.lower(), text(sftp, "port") or "22", username, plain_folder(path) or ""
    return ("this machine", plain_folder(f"{local}/{path}") or "") if local else None


def _shared(inboxes: list[Inbox]) -> Iterator[Finding]:
    for first, second in combinations(inboxes, 2):
        if any(may_match_one_name(a, b) for a, b in product(first.patterns, second.patterns)):
            yield (
                ("campaigns", second.campaign, "import_path"),
                f"campaign {first.campaign} takes the same files: people would be called for both. "
                + OTHER_FILES,
            )


def _feeding(
    name: str, campaign: Block, inboxes: Mapping[tuple[str, ...], list[Inbox]]
) -> Iterator[Finding]:
    """What this campaign leaves where another takes it for a list."""
    for keys in ROLES.values():
        place = _place(campaign, *keys)
        for inbox in inboxes.get(place, []) if place else []:
            if inbox.campaign != name:
                yield (
                    ("campaigns", name, *keys),
                    f"is import_path of campaign {inbox.campaign}, which would call them. "
                    + ELSEWHERE,
                )


def may_match_one_name(first: str, second: str) -> bool:
    """Whether two patterns may match one name; capitals do not tell names apart, and a [range]
    counts as any character.
    """
    if max(len(first), len(second)) > LONGEST_PATTERN:
        return False
    one, other = _pieces(first), _pieces(second)
    # For each rest of `other`, whether a rest of `one` meets it: first the rest that is nothing.
    meets = [all(piece == "*" for piece in other[start:]) for start in range(len(other) + 1)]
    for piece in reversed(one):
        before, meets = meets, [*[False] * len(other), piece == "*" and meets[-1]]
        for start in reversed(range(len(other))):
            if "*" in {piece, other[start]}:
                meets[start] = before[start] or meets[start + 1]
            else:
                is_same = "?" in {piece, other[start]} or piece == other[start]
                meets[start] = is_same and before[start + 1]
    return meets[0]


def _pieces(pattern: str) -> tuple[str, ...]:
    pieces: list[str] = []
    rest = pattern.lower()
    while rest:
        end = rest.find("]", 2) if rest[0] == "[" else -1
        pieces.append("?" if end > 0 else rest[0])
        rest = rest[end + 1 if end > 0 else 1 :]
    return tuple(pieces)
