"""Once a day old personal data is emptied, and what nobody needs any more is cleared away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError

A_DAY = timedelta(hours=23)
STRAY_AFTER = timedelta(days=7)
SCOPE, CAUSE = "ledger", "housekeeping"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HouseRules:
    """How long personal data is kept, and of what there may be notices: campaigns, accounts,
    targets.
    """

    keep: timedelta
    scopes: Collection[str]


def keep_house(rules: HouseRules, around: Surroundings) -> bool:
    """Do it if it is time; whether it was done."""
    ledger, now = around.ledger, around.now()
    if now - ledger.retention.tidied_at() < A_DAY:
        return False
    try:
        _tidy_up(rules, around)
    except SyncError as problem:
        log.warning("housekeeping_failed", reason=problem.message)
        ledger.notices.post(SCOPE, CAUSE, problem, now)
        return False
    ledger.notices.clear(SCOPE, CAUSE)
    ledger.retention.tidied(now)
    return True


def _tidy_up(rules: HouseRules, around: Surroundings) -> None:
    ledger, now = around.ledger, around.now()
    ledger.summaries.note_endings(now)
    emptied = ledger.retention.empty(now - rules.keep, now)
    removed = ledger.retention.remove(now)
    ledger.retention.prune(now)
    ledger.retention.forget_scopes(rules.scopes)
    named = ledger.deliveries.spooled()
    strays = around.spool.sweep_strays(named, now - STRAY_AFTER)
    ledger.retention.shorten_log()
    log.info("house_kept", files_emptied=emptied, rows_removed=removed, strays_removed=strays)
