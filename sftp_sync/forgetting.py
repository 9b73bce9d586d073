"""A person is forgotten: out of the ledger, and out of what waits in the spool to go back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from sftp_sync.around import Surroundings
from sftp_sync.errors import LeaseBusy, UsageError
from sftp_sync.ledger.people import Erased, Traces
from sftp_sync.model import Delivery
from sftp_sync.outbox.erasing import without_lines
from sftp_sync.phones import finder


@dataclass(frozen=True)
class Forgotten:
    """What was done. `rewritten`: files for partners that go out without the person."""

    erased: Erased
    rewritten: int


def forget(phone: str, around: Surroundings) -> Forgotten:
    """Erase a number and all that stands beside it. The counts of files stay as they are."""
    people, is_of = around.ledger.people, finder(phone)
    found = people.traces(phone, is_of)
    with ExitStack() as stack:
        _keep_from_delivering(found, around, stack)
        _refuse_what_may_be_there(found, around)
        _refuse_what_lies_elsewhere(found, around)
        # Before the rows: what was erased there could not be found here any more.
        rewritten = _out_of_the_spool(found, around)
        return Forgotten(people.erase(phone, is_of, found), rewritten)


def _keep_from_delivering(found: Traces, around: Surroundings, stack: ExitStack) -> None:
    people = around.ledger.people
    due = {one.campaign for one, _ in people.undelivered(found)}
    for step, campaigns in (("collect", due), ("publish", due | people.reported_on(found))):
        for campaign in sorted(campaigns):
            try:
                stack.enter_context(around.ledger.leases.hold(f"{step}:{campaign}"))
            except LeaseBusy as busy:
                raise LeaseBusy(
                    f"Another process is delivering files of {campaign} in which the number"
                    " stands.",
                    fix="Nothing was erased. Type it again in a moment.",
                ) from busy


def _refuse_what_may_be_there(found: Traces, around: Surroundings) -> None:
    """A row that is taken back out of such a file would come again under another name."""
    for delivery, _ in around.ledger.people.undelivered(found):
        # The next snapshot takes the name of the one before it.
        if delivery.may_be_there and not delivery.may_replace:
            step = "publish" if delivery.kind == "results" else "collect"
            raise UsageError(
                f"{delivery.name} is on its way to the partner of {delivery.campaign}, and the"
                " number may stand in it.",
                fix="Nothing was erased. Type: sftp-sync sync --only"
                f" {step} {delivery.campaign}, then type it again.",
            )


def _refuse_what_lies_elsewhere(found: Traces, around: Surroundings) -> None:
    """Rejects that another machine has would go out from there as they are. Results are composed
    anew by whoever delivers next, wherever they lie.
    """
    for delivery, _ in around.ledger.people.undelivered(found):
        path = around.spool.path_of(delivery.spooled)
        if delivery.kind == "rejects" and not path.is_file():
            raise UsageError(
                f"{delivery.name} waits to go to the partner of {delivery.campaign}, the number may"
                f" stand in it, and {path} is not in the spool of this machine.",
                fix="Nothing was erased. Type it on the machine whose spool has it; or put the"
                f" spool back, type: sftp-sync sync --only collect {delivery.campaign}, then type"
                " it again.",
            )


def _out_of_the_spool(found: Traces, around: Surroundings) -> int:
    people, rewritten = around.ledger.people, 0
    for delivery, lines in people.undelivered(found):
        match delivery.kind:
            case "results":
                # They are composed anew from what is left.
                people.take_back(delivery)
                _unlink(delivery, around)
                rewritten += 1
            case "rejects":
                made = without_lines(around.spool, delivery, lines)
                if made is not None:
                    people.exchange(delivery, made.sha256, made.size, made.spooled)
                    _unlink(delivery, around)
                    rewritten += 1
    return rewritten


def _unlink(delivery: Delivery, around: Surroundings) -> None:
    around.spool.path_of(delivery.spooled).unlink(missing_ok=True)
