"""What a command loads before it has done its work: a person waits for every library of it.

No clock is asked, which would tell more of the machine than of us: what is not loaded cannot cost.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sftp_sync.cli import files, rows
from sftp_sync.model import FileState, RowState
from tests.support.daily_life import House

ROOT = Path(__file__).parents[2]
LIBRARIES = {
    *("alembic", "apscheduler", "charset_normalizer", "cryptography", "httpcore", "httpx"),
    *("jinja2", "numpy", "openpyxl", "pandas", "paramiko", "phonenumbers", "prometheus_client"),
    *("psycopg", "pydantic", "rich", "ruamel", "sqlalchemy", "starlette", "structlog", "uvicorn"),
}
CONFIGURATION = {"pydantic", "ruamel"}
LEDGER = {*CONFIGURATION, "sqlalchemy"}
MAY_LOAD = {
    "check-config": {*CONFIGURATION, "rich", "structlog"},
    "check-config --json": {*CONFIGURATION, "rich", "structlog"},
    "status": {*LEDGER, "rich", "structlog"},
    "status --json": {*LEDGER, "rich", "structlog"},
    "files": {*LEDGER, "rich", "structlog"},
    "sync": {*LEDGER, "rich", "structlog"},
    "pause renewals": {*LEDGER, "rich", "structlog"},
}


def loaded_by(*words: str) -> set[str]:
    """The modules that a command has loaded by its end."""
    command = [sys.executable, "-X", "importtime", "-m", "sftp_sync", *words]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in {0, 1}, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in told}


def libraries_in(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} & LIBRARIES


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.local()
    return house


def test_help_loads_no_library_but_that_of_the_command_line() -> None:
    loaded = loaded_by("--help")

    assert "typer" in loaded
    assert libraries_in(loaded) == set()
    assert "sftp_sync.model" not in loaded


def test_the_version_is_that_of_the_project_and_needs_no_configuration(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sftp_sync", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"sftp-sync {project['version']}\n"
    assert libraries_in(loaded_by("--version")) == set()


@pytest.mark.parametrize("words", MAY_LOAD)
def test_a_command_loads_only_what_it_works_with(house: House, words: str) -> None:
    loaded = loaded_by(*words.split(), "--config", str(house.config))

    assert libraries_in(loaded) <= MAY_LOAD[words]
    assert {name for name in loaded if name.startswith("sqlalchemy.dialects.postgresql")} == set()


def test_the_states_that_help_names_are_those_of_the_ledger() -> None:
    assert tuple(one for one in FileState if one != FileState.ENTERING) == files.STATES
    assert tuple(RowState) == rows.STATES
