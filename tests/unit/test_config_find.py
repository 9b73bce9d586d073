"""Where a configuration is looked for, and what is said where it may not be read."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sftp_sync.config import ConfigProblems, find_config, load
from sftp_sync.errors import ConfigError


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """A folder that we may not look into, whoever we are."""
    before = os.geteuid()
    folder.chmod(0)
    if before == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(before)
        folder.chmod(0o700)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the service's configuration lies, beside an empty working directory; in a place that
    anybody can reach, as pytest's own are not.
    """
    with tempfile.TemporaryDirectory(prefix="installed-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "here").mkdir()
        monkeypatch.chdir(home / "here")
        place = home / "etc" / "config.yaml"
        place.parent.mkdir()
        place.write_text("accounts: {}\n")
        monkeypatch.setattr("sftp_sync.config.find.PLACES", (Path("config.yaml"), place))
        yield place
        monkeypatch.undo()


def test_the_configuration_is_found_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {"SFTP_SYNC_CONFIG": "/from/environment"}
    assert find_config(Path("named"), environment) == Path("named")
    assert find_config(None, environment) == Path("/from/environment")
    (tmp_path / "config.yaml").touch()
    assert find_config(None, {}) == Path("config.yaml")


def test_a_configuration_that_is_nowhere_names_all_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sftp_sync.config.find.PLACES", (Path("config.yaml"), tmp_path / "etc"))
    with pytest.raises(ConfigError, match=r"no -c PATH, no .SFTP_SYNC_CONFIG") as caught:
        find_config(None, {})
    assert "./config.yaml" in caught.value.message
    assert "sftp-sync sandbox" in caught.value.fix


def test_a_configuration_that_others_may_not_look_at_is_found_and_says_what_to_type(
    installed: Path,
) -> None:
    with closed(installed.parent):
        found = find_config(None, {})
        with pytest.raises(ConfigProblems, match=r"Permission denied.*sudo"):
            load(found, {})
    assert found == installed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a stranger's file")
@pytest.mark.parametrize(("owner", "mode"), [("nobody", 0o600), ("root", 0o660), ("root", 0o602)])
def test_root_does_not_read_what_somebody_else_may_have_written(
    installed: Path, owner: str, mode: int
) -> None:
    strange = Path.cwd() / "config.yaml"
    strange.touch()
    os.chown(strange, pwd.getpwnam(owner).pw_uid, -1)
    strange.chmod(mode)
    assert find_config(None, {}) == installed
    assert find_config(strange, {}) == strange
    installed.unlink()
    with pytest.raises(ConfigError, match=r"config\.yaml is not read") as caught:
        find_config(None, {})
    subprocess.run(["sh", "-c", caught.value.fix.partition("type: ")[2]], check=True)
    assert find_config(None, {}) == Path("config.yaml")


def test_a_working_directory_that_may_not_be_looked_into_is_passed_over(installed: Path) -> None:
    # `sudo -u sftp-sync sftp-sync status`, typed in root's own folder.
    with closed(Path.cwd()):
        assert find_config(None, {}) == installed


def test_where_only_the_working_directory_is_closed_there_is_none(installed: Path) -> None:
    installed.unlink()
    with closed(Path.cwd()), pytest.raises(ConfigError, match="No configuration"):
        find_config(None, {})
