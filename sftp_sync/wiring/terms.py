"""A campaign's kathan block as the terms on which its files become campaigns there."""

from __future__ import annotations

from sftp_sync.config import KathanSettings
from sftp_sync.model import Terms

FIELDS = (
    "assistant_id",
    "phone_number_id",
    "channel",
    "max_concurrency",
    "retry_policy",
    "speech_settings",
    "campaign_context",
    "opening_message_template",
    "use_returning_greeting",
    "use_short_term_summaries",
    "short_term_summaries_limit",
    "machine_detection_timeout_seconds",
)
SCHEDULE = {
    "scheduleStartTime": "schedule_start_time",
    "scheduleEndTime": "schedule_end_time",
}


def terms_of(settings: KathanSettings) -> Terms:
    """What is not set is left to the vendor."""
    written = {name: getattr(settings, name) for name in FIELDS}
    times = {theirs: getattr(settings, ours) for theirs, ours in SCHEDULE.items()}
    return Terms(
        settings={name: value for name, value in written.items() if value is not None},
        schedule={name: value for name, value in times.items() if value is not None},
        overrides=settings.assistant_overrides,
        recipient_list_above=settings.recipient_list_above,
    )
