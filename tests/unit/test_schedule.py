"""When a step is due: once per slot, whatever the clock, the zone or the machine does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.config import Schedule
from sftp_sync.config.schedule import Expect, read_schedule
from sftp_sync.model import RunRecord
from sftp_sync.timetable import Timetable, is_due, next_run, offset_of, shown_next_run

# Forwards and back, on both halves of the globe, by an hour, by half an hour, and at midnight.
ZONES = {
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Australia/Sydney": (date(2026, 10, 4), date(2026, 4, 5)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 5)),
}
EDGES = [(zone, day) for zone, days in ZONES.items() for day in days]
TIMES = [time(0), time(0, 30), time(1), time(1, 30), time(2), time(2, 15), time(3), time(23, 55)]
DAY = timedelta(days=1)
FIRST_SEEN = datetime(2026, 3, 1, tzinfo=UTC)
LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def daily(at: time = time(6, 30), zone: str = "UTC") -> Timetable:
    return Timetable(Schedule("daily"), at, zone)


def cron(line: str, zone: str = "UTC") -> Timetable:
    return Timetable(read_schedule({"cron": line}), zone=zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def record(planned: Timetable, **changes: datetime | None) -> RunRecord:
    return RunRecord("renewals", "collect", str(planned), **{"since": LAST_YEAR, **changes})  # type: ignore[arg-type]  # by name


def runs(planned: Timetable, start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """When a daemon that looks so often runs the step, remembering what it served."""
    known = record(planned, since=start)
    ran, now = [], start
    while now < end:
        due = next_run(planned, known, now)
        assert due is not None
        if is_due(planned, known, now):
            ran.append(now)
            known = record(planned, since=start, served_until=now - planned.offset)
        # It need not be asked before it says so, but never exactly then.
        now += every * max((due - now) // every, 1)
    return ran


def noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("at", TIMES, ids=str)
@pytest.mark.parametrize(("zone", "edge"), EDGES)
def test_daily_runs_once_on_each_local_day_over_every_change_of_the_clocks(
    zone: str, edge: date, at: time
) -> None:
    planned = daily(at, zone)
    start, end = noon(edge - 3 * DAY, zone), noon(edge + 3 * DAY, zone)
    ran = runs(planned, start, end, timedelta(minutes=5))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in ran]
    first = edge - (3 if at > time(12) else 2) * DAY
    assert days == [first + DAY * shift for shift in range(6)]


@pytest.mark.parametrize(("zone", "edge"), EDGES)
def test_a_cron_line_with_an_hour_runs_once_a_day_over_every_change(zone: str, edge: date) -> None:
    for line in ("30 1 * * *", "15 2 * * *", "0 0 * * *"):
        ran = runs(
            cron(line, zone), noon(edge - DAY, zone), noon(edge + DAY, zone), timedelta(minutes=5)
        )
        assert len(ran) == 2, line


@pytest.mark.parametrize(("zone", "edge"), EDGES)
def test_a_cron_line_for_every_quarter_of_an_hour_never_pauses_or_doubles(
    zone: str, edge: date
) -> None:
    start = noon(edge - DAY, zone)
    ran = runs(cron("*/15 * * * *", zone), start, start + 2 * DAY, timedelta(minutes=5))
    assert {later - earlier for earlier, later in pairwise(ran)} == {timedelta(minutes=15)}


def test_a_time_that_comes_twice_is_had_the_first_time() -> None:
    planned = daily(time(1, 30), "America/New_York")
    assert planned.slot_after(utc("2026-11-01 00:00")) == utc("2026-11-01 05:30")
    assert planned.slot_after(utc("2026-11-01 05:30")) == utc("2026-11-02 06:30")


def test_a_time_that_is_left_out_is_had_later_that_day() -> None:
    planned = daily(time(2, 30), "America/New_York")
    assert planned.slot_after(utc("2026-03-08 05:00")) == utc("2026-03-08 07:30")
    assert planned.slot_after(utc("2026-03-08 07:30")) == utc("2026-03-09 06:30")


def test_a_day_that_an_island_left_out_is_left_out() -> None:
    planned = daily(time(6), "Pacific/Apia")
    first = planned.slot_after(utc("2011-12-29 20:00"))
    assert first == utc("2011-12-30 16:00")
    assert planned.slot_after(utc("2011-12-30 16:00")) == utc("2011-12-31 16:00")


@pytest.mark.parametrize(
    ("planned", "now", "expected"),
    [
        (daily(), "2026-11-20 06:29", "2026-11-20 06:30"),
        (daily(), "2026-11-20 06:30", "2026-11-21 06:30"),
        (daily(time(6, 30), "America/New_York"), "2026-11-20 12:00", "2026-11-21 11:30"),
        (Timetable(Schedule("hourly")), "2026-11-20 06:29", "2026-11-20 07:00"),
        (Timetable(read_schedule({"every": "15m"})), "2026-11-20 06:29", "2026-11-20 06:30"),
        (cron("0 7 * * mon-fri"), "2026-11-20 07:00", "2026-11-23 07:00"),
        (cron("0 7 * * 1-5"), "2026-11-20 07:00", "2026-11-23 07:00"),
        (cron("0 7 * * 0"), "2026-11-20 07:00", "2026-11-22 07:00"),
        (cron("0 7 * * 7"), "2026-11-20 07:00", "2026-11-22 07:00"),
        (cron("0 7 * * fri-mon"), "2026-11-20 07:00", "2026-11-21 07:00"),
        (cron("0 7 * * 1-5/2"), "2026-11-20 07:00", "2026-11-23 07:00"),
        (cron("0 7 * * */2"), "2026-11-20 07:00", "2026-11-21 07:00"),
        (cron("0 7 * * */2"), "2026-11-22 07:00", "2026-11-24 07:00"),
        (cron("0 7 * * */6"), "2026-11-20 07:00", "2026-11-21 07:00"),
        (cron("0 7 * * *"), "2026-11-20 07:00", "2026-11-21 07:00"),
        # Of two fields that begin with a star both must hold, as cron has it.
        (cron("0 7 */10 * */4"), "2026-11-20 07:00", "2026-12-31 07:00"),
        (cron("0 7 1 * */2"), "2026-11-20 07:00", "2026-12-01 07:00"),
        (cron("0 7 1 * mon"), "2026-11-24 07:00", "2026-11-30 07:00"),
        (cron("0 7 1 * mon"), "2026-11-30 07:00", "2026-12-01 07:00"),
        (cron("0 7 29 2 *"), "2026-11-20 07:00", "2028-02-29 07:00"),
    ],
    ids=str,
)
def test_the_next_slot_is_the_one_an_operator_expects(
    planned: Timetable, now: str, expected: str
) -> None:
    assert planned.slot_after(utc(now)) == utc(expected)
    assert next_run(planned, None, utc(now)) == utc(expected)


@pytest.mark.parametrize("line", ["0 7 * * 8", "0 7 * * noday", "7 * * *", "61 * * * *", "0 7 * *"])
def test_what_is_no_cron_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is no cron line"):
        read_schedule({"cron": line})


def test_where_a_file_is_expected_somebody_looks_at_that_time() -> None:
    weekdays = Expect(time(9), (0, 1, 2, 3, 4))
    planned = replace(daily(zone="Europe/Berlin"), expected=weekdays)
    # Friday at 06:30 and 09:00 in Berlin, then Saturday.
    assert planned.slot_after(utc("2026-11-20 00:00")) == utc("2026-11-20 05:30")
    assert planned.slot_after(utc("2026-11-20 05:30")) == utc("2026-11-20 08:00")
    assert planned.slot_after(utc("2026-11-20 08:00")) == utc("2026-11-21 05:30")
    assert str(planned) != str(daily(zone="Europe/Berlin"))
    once_a_week = replace(cron("0 7 1 1 *"), expected=Expect(time(9), (3,)))
    assert once_a_week.slot_after(utc("2026-11-19 09:00")) == utc("2026-11-26 09:00")


def test_what_is_fetched_by_hand_is_not_fetched_where_a_file_is_expected() -> None:
    planned = Timetable(Schedule(), expected=Expect(time(9)))
    assert planned.slot_after(FIRST_SEEN) is None


def test_manual_is_never_due_and_neither_is_a_day_that_does_not_exist() -> None:
    assert next_run(Timetable(Schedule()), None, FIRST_SEEN) is None
    assert next_run(Timetable(Schedule("cron", cron="0 7 31 2 *")), None, FIRST_SEEN) is None


def test_missed_slots_are_made_up_for_by_one_run() -> None:
    planned = daily()
    known = record(planned, served_until=utc("2026-11-16 06:30"))
    back = utc("2026-11-20 05:00")
    assert is_due(planned, known, back)
    served = record(planned, served_until=back)
    assert next_run(planned, served, back) == utc("2026-11-20 06:30")


def test_a_late_run_of_yesterday_does_not_take_the_place_of_todays() -> None:
    planned = daily(time(23, 50))
    served = record(planned, served_until=utc("2026-11-21 00:10"))
    assert next_run(planned, served, utc("2026-11-21 00:11")) == utc("2026-11-21 23:50")


def test_what_is_new_has_missed_nothing() -> None:
    now = utc("2026-11-20 10:00")
    assert not is_due(daily(), record(daily(), since=now), now)
    assert next_run(daily(), record(daily(), since=now), now) == utc("2026-11-21 06:30")


def test_another_schedule_counts_from_when_it_came_into_force() -> None:
    known = record(daily(), served_until=utc("2026-11-20 06:30"), since=utc("2026-11-20 10:00"))
    changed = daily(time(8))
    assert next_run(changed, known, utc("2026-11-20 10:00")) == utc("2026-11-21 08:00")


def test_a_clock_set_back_by_a_little_runs_no_slot_twice() -> None:
    known = record(daily(), served_until=utc("2026-11-20 06:30:02"))
    assert next_run(daily(), known, utc("2026-11-20 06:29:10")) == utc("2026-11-21 06:30")


@pytest.mark.parametrize("planned", [daily(), Timetable(Schedule("hourly"))])
def test_a_clock_that_was_far_ahead_does_not_keep_us_waiting(planned: Timetable) -> None:
    known = record(planned, served_until=utc("2027-06-01 06:30"), since=utc("2027-01-01 00:00"))
    now = utc("2026-11-20 06:29")
    assert next_run(planned, known, now) == planned.slot_after(now)


def test_a_failed_run_is_tried_again_before_its_next_slot_and_never_later() -> None:
    now = utc("2026-11-20 06:31")
    again = record(daily(), served_until=now, retry_at=utc("2026-11-20 06:36"))
    assert next_run(daily(), again, now) == utc("2026-11-20 06:36")
    late = record(daily(), served_until=now, retry_at=utc("2026-11-22 06:36"))
    assert next_run(daily(), late, now) == utc("2026-11-21 06:30")


def test_hourly_campaigns_are_spread_over_the_hour_and_stay_where_they_are() -> None:
    hourly = Timetable(Schedule("hourly"))
    offsets = [offset_of(f"partner-{number}", hourly) for number in range(200)]
    assert offsets == [offset_of(f"partner-{number}", hourly) for number in range(200)]
    assert all(timedelta() <= one < timedelta(hours=1) for one in offsets)
    in_quarters = [
        sum(one // timedelta(minutes=15) == part for one in offsets) for part in range(4)
    ]
    assert min(in_quarters) > 30


def test_a_time_of_day_is_kept_to_the_minute() -> None:
    for planned in (daily(), cron("30 6 * * *")):
        late = offset_of("renewals", planned)
        assert timedelta() < late < timedelta(minutes=1)
        shifted = Timetable(planned.schedule, planned.daily_at, planned.zone, late)
        now = utc("2026-11-20 06:00")
        assert next_run(shifted, None, now) == utc("2026-11-20 06:30") + late
        assert shown_next_run(shifted, None, now) == utc("2026-11-20 06:30")


@given(
    st.sampled_from([read_schedule(one) for one in ("hourly", "daily", {"every": "7m"})]),
    st.sampled_from([*ZONES, "UTC", "Asia/Kathmandu"]),
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside
    st.floats(0, 1),
)
def test_a_run_is_never_due_again_right_after_it(
    schedule: Schedule, zone: str, now: datetime, share: float
) -> None:
    planned = Timetable(schedule, time(2, 30), zone, timedelta(minutes=7) * share)
    assert not is_due(planned, record(planned, served_until=now - planned.offset), now)
    coming = next_run(planned, None, now)
    assert coming is not None
    assert now < coming <= now + timedelta(days=2, hours=2)


def test_a_slot_that_an_offset_has_not_reached_yet_is_not_served_by_the_run_before() -> None:
    planned = Timetable(Schedule("hourly"), offset=timedelta(minutes=40))
    ran = runs(planned, utc("2026-11-20 00:00"), utc("2026-11-21 00:00"), timedelta(minutes=1))
    assert [moment.minute for moment in ran] == [40] * 24
