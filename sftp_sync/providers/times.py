"""The vendor's timestamps: ISO 8601, with Z or an offset, whole seconds or microseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from sftp_sync.providers.shapes import number


def time_of(value: object) -> datetime | None:
    """The moment in UTC; without a zone it is UTC already. None where it cannot be read."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _in_utc(aware)
    seconds = number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
