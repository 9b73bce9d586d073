"""What the state directory has seen: raised by several processes, and held up by none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.ledger.seen_numbers import PLACE, PLACES, UNREADABLE, SeenNumbers

NAME = "dispatch-vendor"


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenNumbers]:
    with closing(SeenNumbers(tmp_path / "claims" / "one")) as opened:
        yield opened


@pytest.fixture
def other(seen: SeenNumbers) -> Iterator[SeenNumbers]:
    with closing(SeenNumbers(seen.folder)) as opened:
        yield opened


def test_what_was_never_seen_is_zero(seen: SeenNumbers) -> None:
    assert (seen.is_missing(), seen.all(), seen.of(NAME)) == (True, {}, 0)


def test_is_there_for_who_comes_later(seen: SeenNumbers, other: SeenNumbers) -> None:
    seen.raise_to(NAME, 7)
    seen.close()
    assert (other.of(NAME), other.all()) == (7, {NAME: 7})


def test_is_never_lowered_by_another(seen: SeenNumbers, other: SeenNumbers) -> None:
    seen.raise_to(NAME, 7)
    other.raise_to(NAME, 5)
    assert (seen.of(NAME), other.of(NAME)) == (7, 7)
    other.raise_to(NAME, 9)
    seen.raise_to(NAME, 8)
    assert (seen.of(NAME), other.of(NAME)) == (9, 9)


def test_two_that_write_at_once_write_in_places_of_their_own(
    seen: SeenNumbers, other: SeenNumbers
) -> None:
    seen.raise_to(NAME, 7)
    other.raise_to(NAME, 9)
    assert (seen.folder / NAME).stat().st_size == 2 * PLACE.size


def test_a_place_is_free_again_when_its_owner_is_gone(
    seen: SeenNumbers, other: SeenNumbers
) -> None:
    seen.raise_to(NAME, 7)
    seen.close()
    other.raise_to(NAME, 5)
    other.raise_to(NAME, 9)
    assert (seen.folder / NAME).stat().st_size == PLACE.size
    assert other.of(NAME) == 9


def test_a_place_that_is_not_written_in_yet_hides_no_other(
    seen: SeenNumbers, other: SeenNumbers
) -> None:
    assert seen.of(NAME) == 0
    other.raise_to(NAME, 9)
    assert (seen.of(NAME), (seen.folder / NAME).read_bytes()[0]) == (9, 0)


def test_a_file_that_was_removed_is_made_anew(seen: SeenNumbers) -> None:
    seen.raise_to(NAME, 7)
    (seen.folder / NAME).unlink()
    seen.raise_to(NAME, 8)
    assert seen.all() == {NAME: 8}


def test_too_many_at_once_are_told_so(seen: SeenNumbers) -> None:
    crowd = [SeenNumbers(seen.folder) for _ in range(PLACES)]
    try:
        for one in crowd:
            one.raise_to(NAME, 7)
        with pytest.raises(OSError, match="100 processes"):
            seen.raise_to(NAME, 8)
    finally:
        for one in crowd:
            one.close()
    seen.raise_to(NAME, 8)
    assert seen.of(NAME) == 8


@given(content=st.binary(min_size=1, max_size=3 * PLACE.size))
def test_anything_else_in_its_place_is_no_number(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("seen")
    (folder / NAME).write_bytes(content)
    with closing(SeenNumbers(folder)) as seen:
        assert seen.all() == {NAME: UNREADABLE}


def test_one_that_is_half_written_is_looked_at_again(seen: SeenNumbers) -> None:
    seen.raise_to(NAME, 7)
    with (seen.folder / NAME).open("r+b") as file:
        os.pwrite(file.fileno(), b"%020d" % 8, 0)
        assert seen.of(NAME) == UNREADABLE
        os.pwrite(file.fileno(), b"%020d" % 8, 21)
    assert seen.of(NAME) == 8
