"""Commands whose streams are closed, full, or cannot show a letter: no bug of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.calls import a_list, numbers
from tests.support.daily_life import House
from tests.support.forking import COMMAND


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"))
    partner = made.local()
    partner.drop("müllers.csv", a_list(numbers(2)))
    assert made.sync("--only", "collect").code == 0
    return made


def in_a_shell(house: House, line: str) -> subprocess.CompletedProcess[str]:
    """A command as somebody types it, with redirections."""
    return subprocess.run(
        ["sh", "-c", f'"{COMMAND}" {line.format(config=house.config)}'],
        env=os.environ | house.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["status", "sync --only collect", "files --json"])
def test_a_closed_stream_changes_nothing(command: str, streams: str, house: House) -> None:
    done = in_a_shell(house, f"{command} --config {{config}} {streams}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("command", ["status", "files --json"])
def test_a_full_disk_behind_a_stream_is_said(command: str, house: House) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = in_a_shell(house, f"{command} --config {{config}} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("There is no room where the output goes.")
    assert "Traceback" not in done.stderr


def test_a_state_directory_that_is_a_file_is_said(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local()
    house.write()
    shutil.rmtree(house.state)
    house.state.write_bytes(b"")
    done = in_a_shell(house, "status --config {config}")
    assert done.returncode == 2
    assert "is a file.\nName a folder under state_dir" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_what_cannot_be_shown_is_spelled_out(encoding: str, house: House) -> None:
    done = subprocess.run(
        [COMMAND, "files", "--config", house.config],
        env=os.environ | house.environment | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "ü".encode(encoding, "backslashreplace") + b"llers.csv" in done.stdout
