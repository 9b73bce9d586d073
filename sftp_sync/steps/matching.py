"""Which of the vendor's calls is a contact's, where neither names the other? Pure.

By number, by assistant or calling number, and by time: one call that fits, and no other contact of
ours that it fits as well. Anything else is told as it is; nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sftp_sync.model import CallNews, Contact, Launch
from sftp_sync.outcome import EARLIER, ENDED, MAY_BE_RETRIED, NOT_LISTED, UNKNOWN
from sftp_sync.providers.base import VendorCall

BY_NUMBER_AND_ASSISTANT = "matched by number, assistant and time"
COMPLETED = "completed"

Rivals = Mapping[str, Sequence[tuple[int, int, str | None]]]
"""Rows by number: (row, launch, the call that it has)."""


@dataclass(frozen=True)
class Heard:
    """What the vendor shows at one moment: all calls, and the campaigns that we have started."""

    by_number: Mapping[str, Sequence[VendorCall]]
    launches: Mapping[int, Launch]
    clock_offset: float | None
    final_after: timedelta
    now: datetime


def by_number(calls: Iterable[VendorCall]) -> dict[str, list[VendorCall]]:
    """Calls by the number that was called."""
    found: dict[str, list[VendorCall]] = {}
    for call in calls:
        found.setdefault(call.to, []).append(call)
    return found


def news_of_contact(
    contact: Contact, launch: Launch, rivals: Rivals, heard: Heard
) -> CallNews | None:
    """What is new of a contact's call; None where nothing is."""
    is_closed = launch.status == COMPLETED
    is_late = heard.now - contact.queued_at > heard.final_after
    call, why = _call_of(contact, launch, rivals.get(contact.phone, ()), heard)
    if call is None:
        if not (is_late or (why and is_closed)):
            return None
        status = contact.status or UNKNOWN
        return CallNews(contact.row_id, status, over_at=heard.now, matched_by=why or NOT_LISTED)
    is_over = is_late or _is_over(call, is_closed=is_closed)
    if not is_over and (call.status, call.id) == (contact.status, contact.call_id):
        return None
    return CallNews(
        row_id=contact.row_id,
        status=call.status or UNKNOWN,
        duration_seconds=call.duration_seconds,
        updated_at=call.updated_at,
        over_at=heard.now if is_over else None,
        matched_by=why,
        call_id=call.id,
    )


def _call_of(
    contact: Contact,
    launch: Launch,
    rows: Sequence[tuple[int, int, str | None]],
    heard: Heard,
) -> tuple[VendorCall | None, str | None]:
    """The contact's call and how it was found; or why none was taken, where several fit."""
    listed = heard.by_number.get(contact.phone, ())
    others = [row for row in rows if row[0] != contact.row_id]
    held = {call_id for _, _, call_id in others if call_id is not None}
    fitting = [call for call in listed if call.id not in held and _fits(call, launch, heard)]
    if contact.call_id is not None:
        ours = next((call for call in listed if call.id == contact.call_id), None)
        return ours, None if ours is None else _how(ours, fitting)
    is_contested = any(_may_have(row, call, heard) for row in others for call in fitting)
    if len(fitting) == 1 and not is_contested:
        return fitting[0], BY_NUMBER_AND_ASSISTANT
    if not fitting:
        return None, None
    if is_contested:
        return (
            None,
            "calls to this number may be those of another row or list: none was taken",
        )
    return None, f"{len(fitting)} calls fit its number, assistant and time: none was taken for it"


def _how(ours: VendorCall, fitting: Sequence[VendorCall]) -> str:
    """A contact keeps the call that it has; that others fit by now, as after a retry, is told."""
    more = sum(call.id != ours.id for call in fitting)
    return BY_NUMBER_AND_ASSISTANT + (f"; {more} more fit by now" if more else "")


def _may_have(row: tuple[int, int, str | None], call: VendorCall, heard: Heard) -> bool:
    """Whether a call may be that of another row: of one that has none, or has one after which its
    campaign called again.
    """
    _, launch_id, call_id = row
    launch = heard.launches.get(launch_id)
    if launch is None or not _fits(call, launch, heard):
        return False
    if call_id is None:
        return True
    its_own = next((one for one in heard.by_number.get(call.to, ()) if one.id == call_id), None)
    is_over = launch.ended_at is not None and launch.ended_at < (call.created_at or heard.now)
    return its_own is not None and its_own.status.lower() in MAY_BE_RETRIED and not is_over


def _fits(call: VendorCall, launch: Launch, heard: Heard) -> bool:
    """By time, and by who calls: what the vendor leaves out contradicts nothing, but something must
    agree.
    """
    if launch.started_at is None or call.created_at is None:
        return False
    offset = timedelta(seconds=heard.clock_offset or 0)
    if call.created_at < launch.started_at + offset - EARLIER:
        return False
    pairs = [
        (call.assistant_id, launch.assistant_id),
        (call.phone_number_id, launch.phone_number_id),
    ]
    told = [(theirs, ours) for theirs, ours in pairs if theirs is not None and ours is not None]
    return bool(told) and all(theirs == ours for theirs, ours in told)


def _is_over(call: VendorCall, *, is_closed: bool) -> bool:
    """A campaign that goes on may call again; one that is completed does not."""
    status = call.status.lower()
    if status in ENDED:
        return True
    return is_closed and (call.ended_at is not None or status in MAY_BE_RETRIED)
