"""The columns of our own that come back to us when a partner drops one of our files."""

from __future__ import annotations

REJECT_COLUMNS = ("reject_line", "reject_code", "reject_reason")

RESULT_COLUMNS = (
    "result_phone",
    "result_status",
    "result_call_id",
    "result_retries",
    "result_duration_seconds",
    "result_queued_at",
    "result_updated_at",
    "result_final",
    "result_reason",
    "result_line",
)


def is_reject_column(name: str) -> bool:
    """Whether a column was added by us to a rejects file, also for the second time."""
    return name.partition(" (")[0] in REJECT_COLUMNS
