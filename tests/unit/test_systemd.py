"""The units: whole, tight, and each line with its reason; and what we tell systemd."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.daemon.systemd import Notifier
from tests.support.forking import COMMAND

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "systemd"
SERVICES = ("sftp-sync.service", "sftp-sync-once.service")
UNITS = (*SERVICES, "sftp-sync-once.timer")
MOST_EXPOSED = 1.5
# What a line of these says is said by the line itself.
PLAIN = {"Description", "WantedBy", "OnCalendar"}


@pytest.fixture(scope="module")
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        assert os.environ.get("CI") != "true", "install systemd: the units are tested in CI"
        pytest.skip("systemd is not here")
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would be where the program lies in this environment."""
    for name in UNITS:
        text = (FOLDER / name).read_text("utf-8")
        (tmp_path / name).write_text(
            text.replace("/opt/sftp-sync/bin/sftp-sync", str(COMMAND)), "utf-8"
        )
    return tmp_path


def test_the_units_are_clean(analyze: str, installed: Path) -> None:
    done = subprocess.run(
        [analyze, "verify", "--man=no", *(installed / name for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "sftp-sync" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_are_hardly_exposed(analyze: str, name: str) -> None:
    said = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", FOLDER / name],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level is not None, said
    print(f"{name}: {level[1]}")  # noqa: T201 - a figure
    assert float(level[1]) <= MOST_EXPOSED


def test_a_line_that_does_not_belong_there_is_found(analyze: str, installed: Path) -> None:
    unit = installed / "sftp-sync.service"
    unit.write_text(unit.read_text("utf-8").replace("WatchdogSec=120", "WatchdgSec=120"), "utf-8")
    done = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert "WatchdgSec" in done.stderr


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_line_has_its_reason(path: Path) -> None:
    """Right above it, or above the lines that it stands with."""
    is_explained = False
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            is_explained = True
        elif not line or line.startswith("["):
            is_explained = False
        elif line.partition("=")[0] not in PLAIN:
            assert is_explained, line


def test_both_services_are_shut_in_alike() -> None:
    """The timer's runs may do no more than the daemon."""
    daemon, once = (_settings(FOLDER / name) for name in SERVICES)
    kept = {key for key in daemon if key.startswith(("Protect", "Private", "Restrict", "System"))}
    kept |= {"User", "Group", "UMask", "StateDirectory", "CapabilityBoundingSet", "MemoryMax"}
    kept |= {"NoNewPrivileges", "MemoryDenyWriteExecute", "TasksMax", "LockPersonality"}
    assert len(kept) > 25
    assert {key: once[key] for key in kept} == {key: daemon[key] for key in kept}


def _settings(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


class TestNotifier:
    @pytest.fixture(params=["path", "abstract"])
    def listening(
        self, request: pytest.FixtureRequest, tmp_path: Path
    ) -> Iterator[tuple[str, socket.socket]]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.settimeout(5)
            if request.param == "abstract":
                link.bind("")
                yield "@" + link.getsockname()[1:].decode(), link
            else:
                link.bind(str(tmp_path / "notify"))
                yield str(tmp_path / "notify"), link

    def test_says_what_systemd_understands(self, listening: tuple[str, socket.socket]) -> None:
        address, link = listening
        notifier = Notifier({"NOTIFY_SOCKET": address})
        for say in (notifier.ready, notifier.alive, notifier.stopping):
            say()
        assert [link.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
        notifier.reloading()
        assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", link.recv(100))

    def test_says_a_status_once_and_on_one_line(self, listening: tuple[str, socket.socket]) -> None:
        address, link = listening
        notifier = Notifier({"NOTIFY_SOCKET": address})
        notifier.status("3 campaigns\nREADY=1")
        notifier.status("3 campaigns\nREADY=1")
        notifier.alive()
        assert link.recv(100) == b"STATUS=3 campaigns READY=1"
        assert link.recv(100) == b"WATCHDOG=1"

    @pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
    def test_tells_nobody_where_nobody_listens(self, environment: dict[str, str]) -> None:
        Notifier(environment).ready()
