"""What can go wrong at Kathan, on order."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.sandbox.talkover_faults import NEVER, When


@dataclass(frozen=True)
class KathanFaults:
    """Every switch. The first group meets single requests (`When.on`: calls are starts, drafts,
    changes, lists, reads), the second is the vendor's nature.
    """

    reset_before_reading: When = NEVER
    unauthorized: When = NEVER
    too_many_requests: When = NEVER
    server_error: When = NEVER
    drop_after_accept: When = NEVER
    bad_gateway_after_accept: When = NEVER
    truncated_body: When = NEVER
    slow_answer: When = NEVER
    slow_seconds: float = 2.0

    ignores_schedule: bool = False
    schedule_in_zone: str | None = None
    hides_list_id: bool = False
    starts_by_itself: bool = False
    start_leaves_draft: bool = False
    shows_status: str | None = None
    refuses_number: str | None = None
    over_at_once: bool = False
    hides_who_calls: bool = False
    hides_ends: bool = False
    other_words: bool = False
    retries_as_calls: bool = False
    clock_offset_seconds: float = 0.0
