"""What can go wrong, named by what to do next.

SyncError                      expected; a message for the operator, a traceback only at debug
├── ConfigError                fix the file            exit 2; the unit does not restart
├── TryLater                   nothing is lost         the next run will do it
│   ├── RemoteUnavailable      network, server down, connection lost
│   ├── VendorUnavailable      the vendor's API does not answer, or not sensibly
│   ├── LedgerUnavailable      database locked or away
│   ├── DiskFull               no room in the spool or for the ledger
│   ├── LeaseBusy              another process is at it                     exit 75
│   ├── LeaseLost              another process has taken this work over
│   └── Stopped                we were told to stop                        exit 130
├── NeedsOperator              a person must act       skipped, and shown by `status` until it works
│   ├── RemoteRefused          host key, sign-in, permission
│   │   ├── RemoteMissing      no such file or directory
│   │   └── RemoteExists       the name is taken; nothing was overwritten
│   ├── VendorRefused          token, rights, credit, no such campaign
│   ├── FileRefused            no phone column, not a workbook, too large
│   ├── LedgerMismatch         schema newer than this program
│   └── LedgerReplaced         another one lies where it was opened
└── UsageError                 type something else     exit 2
anything else                  a bug                   traceback, exit 3
"""

from __future__ import annotations

import re
from typing import Literal

Who = Literal["you", "partner", "vendor"]


def short_phone(number: str) -> str:
    """+12125550100 as +1212…0100: enough to recognise, not to call."""
    digits = re.sub(r"\D", "", number.replace("%2B", "+").replace("%2b", "+"))
    shown = max(len(digits) - 3, 0)
    tail = min(4, shown // 2)
    head = min(4, shown - tail)
    plus = "+" if number.startswith(("+", "%")) else ""
    return f"{plus}{digits[:head]}…{digits[len(digits) - tail :]}"


def printable(text: str, kept: str = "") -> str:
    """Text from outside with everything spelled out that would ring, hide or move on a terminal,
    but for the signs that are `kept`.
    """
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign in kept
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


class SyncError(Exception):
    """Expected: what happened, what to do about it, and who must do it. Servers and vendors have
    their say in these sentences, and nothing of it reaches a terminal, a mail or a log raw.
    """

    def __init__(self, message: str, *, fix: str = "", who: Who = "you") -> None:
        self.message = printable(message, kept="\n")
        self.fix = printable(fix, kept="\n")
        super().__init__(self.message)
        self.who: Who = who

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class ConfigError(SyncError):
    """The configuration must be mended before anything can run."""


class UsageError(SyncError):
    """The command line asks for something that is not there."""


class TryLater(SyncError):
    """Nothing is lost: the next run will do it."""


class RemoteUnavailable(TryLater):
    """The partner's server did not answer, or stopped answering. `step` names the part of
    test-connection where that shows.
    """

    def __init__(
        self, message: str, *, fix: str = "", who: Who = "partner", step: str = "connect"
    ) -> None:
        super().__init__(message, fix=fix, who=who)
        self.step = step


class VendorUnavailable(TryLater):
    """The vendor's API did not answer, or with something that is no answer.

    `wait_seconds` is what the vendor asked for, None where it said nothing.
    """

    def __init__(
        self, message: str, *, fix: str = "", who: Who = "vendor", wait_seconds: float | None = None
    ) -> None:
        super().__init__(message, fix=fix, who=who)
        self.wait_seconds = wait_seconds


class LedgerUnavailable(TryLater):
    """The database is locked, away or out of space."""


class DiskFull(TryLater):
    """This machine has no room for the work."""


class LeaseBusy(TryLater):
    """Another process is doing this work."""


class LeaseLost(TryLater):
    """Another process has taken this work over; what we were about to commit was not committed."""


class Stopped(TryLater):
    """We were told to stop, and stopped between two pieces of work."""


class NeedsOperator(SyncError):
    """A person must act before this can work."""


class RemoteRefused(NeedsOperator):
    """The partner's server said no. `step` names the part of test-connection that shows it."""

    def __init__(
        self, message: str, *, fix: str = "", who: Who = "partner", step: str = "sign_in"
    ) -> None:
        super().__init__(message, fix=fix, who=who)
        self.step = step


class RemoteMissing(RemoteRefused):
    """There is no such file or directory at the partner."""


class RemoteExists(RemoteRefused):
    """The name is taken at the partner; nothing was overwritten."""


class VendorRefused(NeedsOperator):
    """The vendor said no: to everything of the account, or to this campaign."""

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        who: Who = "you",
        scope: Literal["account", "campaign"] = "campaign",
    ) -> None:
        super().__init__(message, fix=fix, who=who)
        self.scope: Literal["account", "campaign"] = scope


class FileRefused(NeedsOperator):
    """A contact file that cannot be read as it is: why, and what to change."""

    def __init__(self, message: str, *, fix: str = "", who: Who = "partner") -> None:
        super().__init__(message, fix=fix, who=who)


class LedgerMismatch(NeedsOperator):
    """The ledger belongs to another version of this program."""


class LedgerReplaced(NeedsOperator):
    """The ledger was put back, or exchanged, while it was in use."""
