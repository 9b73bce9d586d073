"""The pinned versions that production installs are those that the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==([^ ;\\]+)", re.MULTILINE)


def pins() -> dict[str, str]:
    found = PIN.findall((ROOT / "requirements.lock").read_text())
    return {str(canonicalize_name(name)): version for name, version in found}


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [
        Requirement(line)
        for line in [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    ]


def test_every_dependency_is_pinned_within_its_range() -> None:
    pinned = pins()
    assert {
        f"{one} is pinned to {pinned.get(canonicalize_name(one.name))}"
        for one in wanted()
        if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0"))
    } == set()


def test_every_pin_has_a_hash_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text()
    entries = [one for one in re.split(r"\n(?=\S)", text.strip()) if not one.startswith("#")]
    assert {PIN.match(one) is not None for one in entries} == {True}
    assert [one for one in entries if "--hash=sha256:" not in one] == []
    assert "://" not in text
