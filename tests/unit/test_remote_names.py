from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.remote.names import (
    LONGEST_NAME_BYTES,
    is_plain_name,
    part_name,
    part_path,
    text,
    wire,
)


@given(st.binary())
def test_any_bytes_survive_as_text(raw: bytes) -> None:
    assert wire(text(raw)) == raw


@given(st.binary(min_size=1, max_size=255))
def test_a_part_name_always_fits_and_is_hidden(raw: bytes) -> None:
    part = part_name(text(raw))
    assert len(wire(part)) <= LONGEST_NAME_BYTES
    assert part.startswith(".")
    assert part.endswith(".part")


def test_a_part_lies_beside_its_file() -> None:
    assert part_path("/outbox/a.csv") == "/outbox/.a.csv.part"
    assert part_path("a.csv") == ".a.csv.part"


def test_long_names_that_differ_at_the_end_have_different_parts() -> None:
    assert part_name("x" * 254 + "a") != part_name("x" * 254 + "b")


def test_a_name_that_could_lead_elsewhere_is_not_plain() -> None:
    for name in ("../../etc/passwd", "/etc/passwd", "a/b", "..", ".", "", "a\0b"):
        assert not is_plain_name(name)
    for name in ("leads.csv", "..csv", "a\\b", "\udcff.csv", "-rf"):
        assert is_plain_name(name)
