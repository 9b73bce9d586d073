"""The codes that commands end with, and which failure deserves which."""

from __future__ import annotations

from enum import IntEnum

from sftp_sync.errors import ConfigError, LeaseBusy, Stopped, SyncError, UsageError


class Exit(IntEnum):
    """What scripts rely on."""

    DONE = 0
    NEEDS_A_LOOK = 1
    USAGE = 2
    BUG = 3
    BUSY = 75
    INTERRUPTED = 130


def code_of(error: BaseException) -> Exit:
    """The exit code that a failure deserves."""
    match error:
        case ConfigError() | UsageError():
            return Exit.USAGE
        case LeaseBusy():
            return Exit.BUSY
        case Stopped():
            return Exit.INTERRUPTED
        case SyncError():
            return Exit.NEEDS_A_LOOK
        case _:
            return Exit.BUG
