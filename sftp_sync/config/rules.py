"""What no single key can tell: keys that need, exclude or contradict each other.

The rules look at what was written, not at what was built from it, so that they speak even where
another key of the same block is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatch

from sftp_sync.config.problems import Where, did_you_mean
from sftp_sync.config.scalars import Number
from sftp_sync.config.values import duration
from sftp_sync.model.campaign import IGNORED_NAMES, LIST_NAMES

Finding = tuple[Where, str]
Block = Mapping[str, object]
KEEP_DAYS = 90
FORMS = "Text, {env: NAME}, {file: PATH} or {credential: NAME}."


def broken_rules(written: Block) -> Iterator[Finding]:
    """Every finding in the whole file."""
    accounts = block(written, "accounts")
    for name in accounts:
        yield from _account_rules(("accounts", name), block(accounts, name))
    campaigns = block(written, "campaigns")
    for name in campaigns:
        where: Where = ("campaigns", name)
        campaign = block(campaigns, name)
        yield from _vendor_rules(where, campaign, accounts)
        yield from _door_rules(where, campaign)
        yield from _file_rules(where, campaign)
    yield from _memory_rules(written, campaigns)
    notify = written.get("notify")
    for position, target in enumerate(notify if isinstance(notify, list) else []):
        if isinstance(target, Mapping):
            yield from _notify_rules(("notify", position), target)


def block(written: Block, *keys: str) -> Block:
    """A block inside blocks; empty where there is none."""
    found: object = written
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text(written: Block, *keys: str) -> str | None:
    """A text inside blocks; None where there is none."""
    found = block(written, *keys[:-1]).get(keys[-1])
    if isinstance(found, Number):
        return found.written
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def _account_rules(where: Where, account: Block) -> Iterator[Finding]:
    match account.get("provider"):
        case "kathan":
            if not account.get("base_url"):
                yield (
                    (*where, "base_url"),
                    "missing. Kathan documents no address for production; ask them for yours.",
                )
            if not account.get("user_id"):
                yield (*where, "user_id"), "missing. Kathan wants the user id beside the token."
        case "talkover":
            if account.get("user_id") is not None:
                yield (*where, "user_id"), "is for Kathan accounts. Remove it."


def _vendor_rules(where: Where, campaign: Block, accounts: Block) -> Iterator[Finding]:
    account = text(campaign, "account")
    if account is None:
        return
    if account not in accounts:
        known = ", ".join(accounts) or "none"
        hint = did_you_mean(account, accounts) or f" There is: {known}."
        yield (*where, "account"), f'"{account}" is not in `accounts`.{hint}'
        return
    match text(accounts, account, "provider"):
        case "talkover":
            if campaign.get("campaign_id") is None:
                yield (*where, "campaign_id"), "missing. Which of Talkover's campaigns calls?"
            if campaign.get("kathan") is not None:
                yield (*where, "kathan"), f'is for Kathan, and account "{account}" is Talkover\'s.'
        case "kathan":
            yield from _kathan_rules(where, campaign)


def _kathan_rules(where: Where, campaign: Block) -> Iterator[Finding]:
    if campaign.get("campaign_id") is not None:
        yield (
            (*where, "campaign_id"),
            "is for Talkover. At Kathan each file becomes a campaign of its own. Remove it.",
        )
    if campaign.get("kathan") is None:
        yield (*where, "kathan"), "missing. It names assistant_id and phone_number_id."
    if campaign.get("is_testing") is True:
        yield (
            (*where, "is_testing"),
            "Kathan has no test calls: everybody would be called. Remove it.",
        )
    start = text(campaign, "kathan", "schedule_start_time")
    end = text(campaign, "kathan", "schedule_end_time")
    if start and end and len(start) == len(end) and end <= start:
        yield (*where, "kathan", "schedule_end_time"), "must be after schedule_start_time."


def _door_rules(where: Where, campaign: Block) -> Iterator[Finding]:
    has_sftp, has_folder = (campaign.get(key) is not None for key in ("sftp", "folder"))
    if has_sftp and has_folder:
        yield (*where, "folder"), "stands beside `sftp`. Keep the one where the lists arrive."
    if not has_sftp and not has_folder:
        yield (
            (*where, "sftp"),
            "missing. On which server do the contact files arrive? (Or `folder: PATH`.)",
        )
    sftp = block(campaign, "sftp")
    if not sftp:
        return
    wanted = text(sftp, "auth_type") or "password"
    given = {key for key in ("auth_type", "password", "private_key") if sftp.get(key) is not None}
    if given == {"private_key"}:
        message = "missing. Where a private_key signs in, write private_key."
        yield (*where, "sftp", "auth_type"), message
    elif wanted in {"password", "private_key"} and sftp.get(wanted) is None:
        yield (
            (*where, "sftp", wanted),
            f"missing: auth_type is {wanted}. {FORMS}",
        )
    if sftp.get("host_keys") and sftp.get("known_hosts"):
        yield (*where, "sftp", "known_hosts"), "stands beside `host_keys`. Keep one of them."


def _file_rules(where: Where, campaign: Block) -> Iterator[Finding]:
    files = block(campaign, "files")
    after_import, archive = text(files, "after_import"), text(files, "archive_path")
    if after_import == "move" and archive is None:
        yield (
            (*where, "files", "archive_path"),
            "missing: after_import is move. To which folder?",
        )
    if archive is not None and after_import != "move":
        yield (*where, "files", "archive_path"), "is only used with `after_import: move`."
    marker = text(files, "ready_marker")
    if marker:
        yield from _marker_rules((*where, "files", "ready_marker"), marker, files)


def _marker_rules(where: Where, marker: str, files: Block) -> Iterator[Finding]:
    patterns, ignored = names(files, "pattern", LIST_NAMES), names(files, "ignore", IGNORED_NAMES)
    markers = [pattern.replace("*", "list").replace("?", "x") + marker for pattern in patterns]
    for one in markers:
        taken = any(fnmatch(one, pattern) for pattern in patterns)
        if taken and not any(fnmatch(one, pattern) for pattern in ignored):
            yield (
                where,
                f'the marker {one} would be a list too. Add "*{marker}" to files.ignore.',
            )
            return


def names(files: Block, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of a files block, as written or by default."""
    written = files.get(key)
    if isinstance(written, str):
        return (written,)
    if isinstance(written, list):
        return tuple(str(one) for one in written)
    return default


def _memory_rules(written: Block, campaigns: Block) -> Iterator[Finding]:
    """A number that is forgotten cannot be recognised."""
    try:
        kept = timedelta(days=float(text(written, "keep_days") or KEEP_DAYS))
    except (ValueError, OverflowError):
        return
    for name in campaigns:
        repeat = text(campaigns, name, "repeat_after")
        with suppress(ValueError):
            if repeat is not None and duration(repeat) > kept:
                said = f"is longer than keep_days ({kept.days} days), after which numbers are"
                said += " forgotten and would be queued again. Make that longer, or this shorter."
                yield ("campaigns", name, "repeat_after"), said


def _notify_rules(where: Where, target: Block) -> Iterator[Finding]:
    ways = [key for key in ("webhook", "email", "heartbeat") if target.get(key) is not None]
    if len(ways) != 1:
        yield where, "must have either webhook, email or heartbeat."
    if "heartbeat" in ways and target.get("after") is not None:
        yield where, "after goes with webhook and email: a heartbeat tells of nothing."
    if "email" in ways and target.get("smtp") is None:
        yield (
            (*where, "smtp"),
            "missing. Which mail server? As smtp://USER:PASSWORD@mail.example.com:587.",
        )
    if "email" not in ways and (target.get("smtp") or target.get("sender")):
        yield where, "smtp and sender go with email."
