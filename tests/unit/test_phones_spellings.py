"""A number is found however it is written, and not in a longer one."""

from __future__ import annotations

import pytest

from sftp_sync.phones import finder


@pytest.mark.parametrize(
    "text",
    [
        "+12125550123",
        "12125550123",
        "2125550123",
        "(212) 555-0123",
        "+1 (212) 555 0123",
        "001 212 555 0123",
        "011-1-212-555-0123",
        "212.555.0123",
        "2125550123.0",
        "call 212 555 0123 after five",
        '["Ann", "+12125550123"]',
        "tel:+1-212-555-0123;ext=5",
    ],
)
def test_a_number_is_found(text: str) -> None:
    assert finder("+12125550123")(text)


@pytest.mark.parametrize(
    "text",
    ["", "Ann", "+12125550124", "92125550123", "21255501234", "555 0123", "4412125550123"],
)
def test_another_is_not(text: str) -> None:
    assert not finder("+12125550123")(text)


@pytest.mark.parametrize(
    "text", ["+49 (0)30 1234567", "030 1234567", "0049301234567", "+49301234567", "30/1234567"]
)
def test_a_number_with_a_trunk_prefix_is_found(text: str) -> None:
    assert finder("+49301234567")(text)


def test_a_number_whose_zero_belongs_to_it_is_found() -> None:
    assert finder("+390612345678")("06 1234 5678")
