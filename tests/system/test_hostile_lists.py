"""An inbox full of lists that were made to hold us up, through the installed command."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.support.daily_life import House
from tests.support.hostile_lists import READ, REFUSED

GOOD = b"phone,name\n+12125550123,Ann\n+12125550124,Bob\n"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_gets_its_verdict_and_every_good_list_beside_them_comes_in(tmp_path: Path) -> None:
    house = House(tmp_path)
    hostile, other = house.local("hostile", contacts={"region": "US"}), house.local("other")
    refused, read = dict[str, str](), set[str]()
    for number, (_, content, says) in enumerate(REFUSED):
        hostile.drop(f"refused-{number}", content(), age_seconds=900 - number)
        refused[f"refused-{number}"] = says
    for number, (_, content, _) in enumerate(READ):
        hostile.drop(f"read-{number}", content(), age_seconds=800 - number)
        read.add(f"read-{number}")
    hostile.drop("good.csv", GOOD)
    other.drop("good.csv", GOOD)
    house.change("hostile", files={"pattern": ["*"]}, contacts={"region": "US"})
    said = house.sync("--only", "collect")
    assert said.code == 1, said.said
    assert "Traceback" not in said.said
    files = {file.name: file for file in house.files("hostile")}
    assert set(files) == {*refused, *read, "good.csv"}
    for name, says in refused.items():
        assert (files[name].state, says in str(files[name].reason)) == ("unreadable", True), name
    assert {name for name in read if files[name].state == "unreadable"} == set()
    assert files["good.csv"].state == "dispatching"
    assert [file.state for file in house.files("other")] == ["dispatching"]
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert largest < 1_000, "no process has taken a gigabyte"
