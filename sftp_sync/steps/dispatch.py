"""Dispatch: every due row of an account's campaigns goes to the vendor, once, at the account's
pace; what is in doubt is looked into.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import SyncError
from sftp_sync.model import RowState
from sftp_sync.sending.dispatcher import Dispatcher, Shift
from sftp_sync.sending.launcher import Launcher
from sftp_sync.sending.route import AnyAccount, ListAccount

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Dispatched:
    """What one dispatch came to."""

    account: str
    rows: Counter[RowState] = field(default_factory=Counter)
    taken_over: int = 0
    problem: SyncError | None = None


def dispatch(account: AnyAccount, around: Surroundings, shift: Shift) -> Dispatched:
    """Send what is due, until nothing is due that could be sent without a person."""
    with around.ledger.leases.hold(f"dispatch:{account.name}") as lease:
        names = [route.name for route in account.routes]
        look_after = account.uncertain_after
        ledger, when = around.ledger, around.instant()
        ledger.unanswered.take_back(when.at)
        taken_over = ledger.doubts.take_over(lease, names, when, look_after)
        taken_over += ledger.launches.take_over(lease, names, when, look_after)
        if taken_over:
            log.warning("rows_taken_over", account=account.name, rows=taken_over)
        with around.watch(f"dispatching {account.name}", None) as advance:
            sender: Dispatcher | Launcher
            if isinstance(account, ListAccount):
                sender = Launcher(account, around, lease, shift, advance)
            else:
                sender = Dispatcher(account, around, lease, shift, advance)
            problem = sender.work()
    return Dispatched(account.name, +sender.rows, taken_over, problem)
