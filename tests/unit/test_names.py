from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.outbox.names import bumped, delivered_name, marked

MOMENT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ANY_NAME = st.binary(min_size=1, max_size=255).filter(lambda raw: not {47, 0} & set(raw))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("list.csv", "list.csv.20261120T063000Z.receipt.json"),
        ("-rf.csv", "_rf.csv.20261120T063000Z.receipt.json"),
        (".hidden.csv", "_hidden.csv.20261120T063000Z.receipt.json"),
        ("..\\..\\etc", "_._.._etc.20261120T063000Z.receipt.json"),
        ('a:b*c?"<d>|.csv', "a_b_c___d__.csv.20261120T063000Z.receipt.json"),
        ("a\nb.csv", "a_nb.csv.20261120T063000Z.receipt.json"),
        ("caf\udce9.csv", "caf_xe9.csv.20261120T063000Z.receipt.json"),
        ("Überprüfung.csv", "Überprüfung.csv.20261120T063000Z.receipt.json"),
    ],
)
def test_a_name_is_made_safe(source: str, name: str) -> None:
    assert delivered_name(source, MOMENT, "receipt.json") == name


@given(ANY_NAME)
def test_every_name_fits_even_while_it_is_uploaded(raw: bytes) -> None:
    name = delivered_name(os.fsdecode(raw), MOMENT, "receipt.json")
    assert len(f".{name}.part".encode()) <= 255
    assert not name.startswith((".", "-", "~"))
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name.endswith(".20261120T063000Z.receipt.json")


def test_long_names_that_differ_at_their_end_still_differ() -> None:
    names = {delivered_name("n" * 250 + end, MOMENT, "receipt.json") for end in ("1", "2")}
    assert len(names) == 2


def test_bumping_moves_the_stamp_and_only_the_last_one() -> None:
    source = "x.20261120T063000Z.results.csv"
    name = delivered_name(source, MOMENT, "rejects.csv")
    assert bumped(name) == f"{source}.20261120T063001Z.rejects.csv"
    assert bumped("a.20261231T235959Z.receipt.json") == "a.20270101T000000Z.receipt.json"


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("list.csv", "list.1.csv"),
        ("list", "list.1"),
        (".csv", ".csv.1"),
        ("a.b.csv", "a.b.1.csv"),
        ("name.with no real ending at all", "name.with no real ending at all.1"),
        ("caf\udce9.csv", "caf\udce9.1.csv"),
    ],
)
def test_a_mark_stands_before_the_ending(name: str, beside: str) -> None:
    assert marked(name, ".1") == beside


@given(ANY_NAME)
def test_a_marked_name_fits_and_is_another_one(raw: bytes) -> None:
    name = os.fsdecode(raw)
    beside = marked(name, ".20261120T063000Z.999")
    assert len(os.fsencode(beside)) <= 255
    assert beside != name


def test_a_cut_does_not_leave_half_a_character() -> None:
    beside = marked("ü" * 125 + ".csv", ".12")
    assert beside.encode().decode() == beside
    assert len(beside.encode()) in {254, 255}
