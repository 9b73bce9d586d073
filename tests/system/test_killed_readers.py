"""Whoever is killed while a list is read, its reader or the whole program: no list is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.calls import a_list, numbers
from tests.support.daily_life import House, counts
from tests.support.forking import Command, command
from tests.support.readers import readers_of
from tests.support.remotes import until

MANY = 30_000
SECONDS_TO_END = 60
AS_THEY_ARE = {"reject_ratio_above": None, "seen_before_above": None, "first_run_older_than": None}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A long list, and behind it a short one."""
    made = House(tmp_path)
    partner = made.local(hold=AS_THEY_ARE, allow_duplicates=True)
    partner.drop("long.csv", a_list(numbers(100) * (MANY // 100)), age_seconds=200)
    partner.drop("short.csv", a_list(numbers(3)))
    return made


@contextmanager
def reading(house: House) -> Iterator[Command]:
    """The program, while it reads the long list."""
    with command("sync", "--config", str(house.config), "--only", "collect") as running:
        assert until(lambda: readers_of(running.pid), SECONDS_TO_END)
        yield running


def kill_it(house: House) -> None:
    with reading(house) as running:
        running.kill()
        running.wait(SECONDS_TO_END)


def states(house: House) -> dict[str, str]:
    return {file.name: str(file.state) for file in house.files()}


def test_a_list_whose_reader_is_killed_is_unreadable_and_read_when_it_is_released(
    house: House,
) -> None:
    with reading(house) as running:
        for reader in readers_of(running.pid):
            os.kill(reader, signal.SIGKILL)
        out, err = running.communicate(SECONDS_TO_END)
    assert running.returncode == 1, (out, err)
    assert states(house) == {"long.csv": "unreadable", "short.csv": "dispatching"}
    file = house.file("long.csv")
    assert file.reason is not None
    assert "the system ended its reader, as it does where memory is short" in file.reason
    released = house.run("release", str(file.id))
    assert (released.code, "is read again by the next run" in released.stderr) == (0, True)
    assert house.sync("--only", "collect").code == 0
    assert counts(house.files()[-1]) == {"pending": MANY}


def test_a_program_that_was_killed_once_over_a_list_reads_it_last(house: House) -> None:
    kill_it(house)
    assert states(house) == {}
    assert house.sync("--only", "collect").code == 0
    assert [file.name for file in house.files()] == ["short.csv", "long.csv"]
    assert counts(house.file("long.csv")) == {"pending": MANY}


def test_a_list_that_killed_the_program_twice_waits_for_a_person(house: House) -> None:
    short = house.state.parent / "renewals" / "inbox" / "short.csv"
    kill_it(house)
    beside = short.read_bytes()
    short.unlink()
    kill_it(house)
    short.write_bytes(beside)
    third = house.sync("--only", "collect")
    assert third.code == 1, third.said
    assert states(house) == {"short.csv": "dispatching", "long.csv": "unreadable"}
    file = house.file("long.csv")
    assert file.reason is not None
    assert "while it was, sftp-sync was killed 2 times" in file.reason
    assert "sftp-sync release FILE" in file.reason
    assert house.run("release", str(file.id)).code == 0
    assert house.sync("--only", "collect").code == 0
    assert counts(house.files()[-1]) == {"pending": MANY}


def test_a_program_that_is_told_to_stop_holds_nothing_against_a_list(house: House) -> None:
    for _ in range(2):
        with reading(house) as running:
            running.send_signal(signal.SIGTERM)
            assert running.wait(SECONDS_TO_END) == 130
        assert not readers_of(running.pid)
    assert house.sync("--only", "collect").code == 0
    assert [file.name for file in house.files()] == ["long.csv", "short.csv"]
