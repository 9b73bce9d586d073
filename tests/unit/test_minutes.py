"""What became of rows is said once a minute and file."""

from __future__ import annotations

from structlog.testing import capture_logs

from sftp_sync.model import RowState
from sftp_sync.sending.minutes import MINUTE, Minutes


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_once_a_minute_each_file_has_a_line_with_its_counts() -> None:
    clock = Clock()
    minutes = Minutes(clock)
    with capture_logs() as said:
        for state in (RowState.ACCEPTED, RowState.ACCEPTED, RowState.REFUSED):
            minutes.count("renewals", 3, state)
        minutes.count("reminders", 4, RowState.UNCERTAIN)
        clock.now += MINUTE - 1
        minutes.pass_by()
        assert said == []
        clock.now += 1
        minutes.pass_by()
        minutes.pass_by()
    line = {"event": "rows_sent", "log_level": "info"}
    assert said == [
        line | {"campaign": "renewals", "file": 3, "accepted": 2, "refused": 1},
        line | {"campaign": "reminders", "file": 4, "uncertain": 1},
    ]


def test_at_the_end_the_rest_is_said_and_nothing_where_nothing_was_sent() -> None:
    minutes = Minutes(Clock())
    with capture_logs() as said:
        minutes.say()
        minutes.count("renewals", 3, RowState.ACCEPTED)
        minutes.say()
        minutes.say()
    assert [one["accepted"] for one in said] == [1]
