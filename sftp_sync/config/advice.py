"""Things to mend in a configuration that stop nothing."""

from __future__ import annotations

import pwd
import stat
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sftp_sync.config.accounts import LOOPBACK
from sftp_sync.config.database import password_in
from sftp_sync.config.form import Form
from sftp_sync.config.problems import Problem, Where, dotted
from sftp_sync.config.secret import Secret
from sftp_sync.config.tree import Tree

CAUTIOUS_SECONDS = 30


def advice(
    form: Form, secrets: Mapping[Where, Secret], tree: Tree, path: Path
) -> Iterator[Problem]:
    """Each with the place of its cause."""
    for where, message in _findings(form, secrets, path):
        yield Problem(tree.line(where), dotted(where), message)


def _findings(
    form: Form, secrets: Mapping[Where, Secret], path: Path
) -> Iterator[tuple[Where, str]]:
    ours = _group_of(form.state_dir)
    inline = [where for where, secret in secrets.items() if _is_inline(where, secret)]
    if inline and (readers := _readers(path, ours)):
        yield inline[0], f"a secret in a file that {readers} may read. Type `chmod 600 {path}`."
    for where, secret in secrets.items():
        if secret.source == "file":
            yield from _secret_file(where, Path(secret.reference), ours)
    if form.web and form.web.host not in LOOPBACK:
        yield ("web", "listen"), "anybody who reaches this address reads the status page."
    yield from _shared_accounts(form)
    yield from _hasty_accounts(form)
    for name, campaign in form.campaigns.items():
        every = campaign.import_schedule.every
        if campaign.sftp and every and every < timedelta(minutes=1):
            yield (
                ("campaigns", name, "import_schedule"),
                "signs in more than once a minute; many servers lock such guests out.",
            )


def _is_inline(where: Where, secret: Secret) -> bool:
    if secret.source != "string":
        return False
    return where != ("database",) or password_in(secret.resolve({})) is not None


def _secret_file(where: Where, path: Path, ours: int | None) -> Iterator[tuple[Where, str]]:
    try:
        if readers := _readers(path, ours):
            yield where, f"{readers} may read {path}. Type `chmod 600 {path}`."
    except FileNotFoundError:
        yield where, f"there is no file {path} yet."
    except OSError:
        # Its owner, who connects, may see more than we do.
        return


def _readers(path: Path, ours: int | None) -> str:
    """Who may read a file beside its owner; nobody else is in the group of the service's user."""
    found = path.stat()
    if found.st_mode & stat.S_IROTH:
        return "others"
    if found.st_mode & stat.S_IRGRP and found.st_gid != ours:
        return "its group"
    return ""


def _group_of(state_dir: Path) -> int | None:
    """The group of the user that the state directory belongs to."""
    try:
        return pwd.getpwuid(state_dir.stat().st_uid).pw_gid
    except (OSError, KeyError):
        return None


def _hasty_accounts(form: Form) -> Iterator[tuple[Where, str]]:
    for name, account in form.accounts.items():
        here = urlsplit(account.base_url).hostname in LOOPBACK
        if account.uncertain_after_seconds < CAUTIOUS_SECONDS and not here:
            yield (
                ("accounts", name, "uncertain_after_seconds"),
                "asks again before the vendor has surely listed a call: somebody may ring twice.",
            )


def _shared_accounts(form: Form) -> Iterator[tuple[Where, str]]:
    first: dict[tuple[str, str, str], str] = {}
    for name, account in form.accounts.items():
        if account.token.source == "string":
            identity = (account.base_url, "string", account.token.resolve({}))
        else:
            identity = (account.base_url, account.token.source, account.token.reference)
        other = first.setdefault(identity, name)
        if other != name:
            yield (
                ("accounts", name),
                f"is the same account as {other}: each would take the whole pace. Keep one.",
            )
