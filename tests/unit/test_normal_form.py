"""Which spellings are one vendor campaign, and which are not."""

from __future__ import annotations

from itertools import combinations

import pytest

from sftp_sync.model.normal_form import normal_address, normal_campaign_id, normal_identity

UUID = "550e8400-e29b-41d4-a716-446655440000"
# The first of each is the normal form; a server must take all of a line for the same.
ONE = [
    ("https://api.example.com/v1", "HTTPS://API.Example.COM/v1", "https://api.example.com:443/v1/"),
    (
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com.",
        " https://api.example.com",
    ),
    (
        "https://api.example.com/v1",
        "https://api.example.com/%76%31",
        "https://api.example.com/./x/../v1",
    ),
    (
        "https://api.example.com/a%2Fb%C3%BC",
        "https://api.example.com/a%2fb%c3%bc",
        "https://api.example.com/a%2Fb\u00fc",
    ),
    (
        "https://xn--mnchen-3ya.example/v1",
        "https://M\u00dcNCHEN.example/v1",
        "https://mu\u0308nchen.example/v1",
    ),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ("http://[::1]/v1", "http://[0:0::1]:80/v1", "http://[::0001]/v1"),
]
# No spelling tells where a name leads to, or what a server makes of a path.
MANY = [
    "http://127.0.0.1/v1",
    "http://localhost/v1",
    "http://[::1]/v1",
    "https://127.0.0.1/v1",
    "https://api.example.com/v1",
    "https://api.example.com/V1",
    "https://api.example.com/v1/v1",
    "https://api.example.com//v1",
    "https://api.example.com:8443/v1",
    "https://www.api.example.com/v1",
    "https://fa\u00df.example/v1",
    "https://fass.example/v1",
]


@pytest.mark.parametrize("spellings", ONE)
def test_what_every_server_takes_for_the_same_is_written_the_same(
    spellings: tuple[str, ...],
) -> None:
    assert {normal_address(one) for one in spellings} == {spellings[0]}


@pytest.mark.parametrize(("one", "other"), list(combinations(MANY, 2)))
def test_what_may_be_two_servers_stays_two(one: str, other: str) -> None:
    assert normal_address(one) != normal_address(other)


@pytest.mark.parametrize("address", [*(one[0] for one in ONE), *map(normal_address, MANY)])
def test_a_normal_form_stays_as_it_is(address: str) -> None:
    assert normal_address(address) == address


def test_a_uuid_is_the_same_in_capitals_and_any_other_id_is_opaque() -> None:
    assert normal_campaign_id(f" {UUID.upper()} ") == UUID
    assert normal_campaign_id("Spring-Campaign/7") == "Spring-Campaign/7"
    assert normal_campaign_id(UUID.replace("-", "").upper()) == UUID.replace("-", "").upper()


@pytest.mark.parametrize(
    ("identity", "normal"),
    [
        (f"https://API.example.com:443/v1/#{UUID.upper()}", f"https://api.example.com/v1#{UUID}"),
        ("https://api.example.com/#a/b#C", "https://api.example.com#a/b#C"),
        (
            "https://kathan.example.com#user_1/Renewals",
            "https://kathan.example.com#user_1/Renewals",
        ),
        ("elsewhere", "elsewhere"),
    ],
)
def test_an_identity_is_an_address_and_an_id(identity: str, normal: str) -> None:
    assert normal_identity(identity) == normal
