"""What runs come to, as values: for whoever shows them, and for exit codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sftp_sync.errors import LeaseBusy, SyncError
from sftp_sync.model import FileState, RowState
from sftp_sync.sending.forecast import Stop, Wait
from sftp_sync.steps.collect import Collected
from sftp_sync.steps.dispatch import Dispatched
from sftp_sync.steps.follow import Followed
from sftp_sync.steps.preview import Previewed
from sftp_sync.steps.publish import Published

Step = Literal["collect", "dispatch", "follow", "publish"]
STEPS: tuple[Step, ...] = ("collect", "dispatch", "follow", "publish")


@dataclass(frozen=True)
class RunReport:
    """What one run of one campaign came to."""

    campaign: str
    collected: Collected = field(default_factory=Collected)
    problem: SyncError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether nothing was done because another process is at it."""
        return isinstance(self.problem, LeaseBusy)

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look at this run."""
        unreadable = any(file.state == FileState.UNREADABLE for file in self.collected.files)
        return not unreadable and (self.problem is None or self.is_busy)


@dataclass(frozen=True)
class SendReport:
    """What one dispatch of one account came to."""

    account: str
    dispatched: Dispatched
    problem: SyncError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether another process is sending this account's rows."""
        return isinstance(self.problem, LeaseBusy)

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look."""
        strange = (RowState.REFUSED, RowState.UNCERTAIN)
        if any(self.dispatched.rows[state] for state in strange):
            return False
        return self.problem is None or self.is_busy


@dataclass(frozen=True)
class WindUp:
    """What following and publishing one campaign came to."""

    campaign: str
    followed: Followed = field(default_factory=Followed)
    published: Published = field(default_factory=Published)
    problems: tuple[SyncError, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Whether another process is at it."""
        return any(isinstance(problem, LeaseBusy) for problem in self.problems)

    @property
    def has_done_something(self) -> bool:
        """Whether there were news from the vendor, or something for the partner."""
        return self.followed != Followed() or self.published != Published()

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look."""
        return all(isinstance(problem, LeaseBusy) for problem in self.problems)


@dataclass(frozen=True)
class Rehearsal:
    """What a run would do. `stop`: why it would send nothing at all. `in_doubt`: rows that it would
    look into first.
    """

    campaign: str
    files: tuple[Previewed, ...] = ()
    problem: SyncError | None = None
    stop: Stop | None = None
    in_doubt: int = 0

    @property
    def calls(self) -> int:
        """How many calls it would queue."""
        return sum(file.calls for file in self.files)

    @property
    def is_fine(self) -> bool:
        """Whether nobody would need to look."""
        if self.problem is not None or (self.stop is not None and self.stop.cause == Wait.NO_LIST):
            return False
        strange = {FileState.UNREADABLE, FileState.HELD}
        return not any(file.state in strange for file in self.files)
