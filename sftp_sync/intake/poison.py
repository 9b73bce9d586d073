"""Lists that may have ended the whole program while they were read, not only their reader.

What is being read is marked in the spool, and the mark is struck out when that is over, however it
ended, also when we are told to stop. A mark that is still there was left by a process that did not
live to strike it out. Once may be chance: such a list is read again, last and alone. Twice it is
refused, until a person releases it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sftp_sync.around import Surroundings
from sftp_sync.errors import FileRefused
from sftp_sync.model import Campaign, StagedFile
from sftp_sync.spool import Spool, keep_written

REFUSED_AFTER = 2


def deaths(campaign: Campaign, staged: StagedFile, around: Surroundings) -> int:
    """How often the program has died over this list since this machine was started. Asked under the
    campaign's lease: who has left a mark is gone.
    """
    try:
        told = json.loads(_mark(around.spool, campaign.name, staged.sha256).read_bytes())
        return int(told["begun"]) if told["boot"] == around.boot_time().boot else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


@contextmanager
def marked(campaign: Campaign, staged: StagedFile, around: Surroundings) -> Iterator[None]:
    """Say in the spool that this list is being read; refuse what has ended the program twice."""
    before = deaths(campaign, staged, around)
    if before >= REFUSED_AFTER:
        raise FileRefused(
            f"{staged.source.shown_name} is not read: while it was, sftp-sync was killed"
            f" {before} times.",
            fix="Have it sent as CSV. Where it was not the list that killed it, type: sftp-sync"
            " release FILE (`sftp-sync files` shows its number); then it is read again.",
            who="you",
        )
    mark = _mark(around.spool, campaign.name, staged.sha256)
    with around.spool.room():
        _write(mark, json.dumps({"boot": around.boot_time().boot, "begun": before + 1}))
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def strike_out(spool: Spool, campaign: str, sha256: str) -> None:
    """Forget what was counted against a list."""
    # What was too large to be read has none.
    if sha256:
        _mark(spool, campaign, sha256).unlink(missing_ok=True)


def _mark(spool: Spool, campaign: str, sha256: str) -> Path:
    return spool.shelf(campaign, "marks") / sha256


def _write(mark: Path, text: str) -> None:
    mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = mark.with_suffix(".new")
    written.write_text(text, "ascii")
    keep_written(written)
    written.replace(mark)
