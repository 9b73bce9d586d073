"""Numbers on the command line that nothing can have: a sentence and exit 2, never a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.daily_life import House
from tests.support.forking import COMMAND

HUGE = "99999999999999999999999"
ABSURD = [
    (("rows", HUGE), f"There is no file {HUGE}.\nType: sftp-sync files"),
    (("rows", "0"), "There is no file 0."),
    (("rows", "9223372036854775807"), "There is no file 9223372036854775807."),
    (("rows", "one"), "one is no id of a file."),
    (("rows", "9" * 5000), f"{'9' * 40} is no id of a file."),
    (("rows", "1", "--limit", "-1"), "--limit"),
    (("rows", "1", "--limit", HUGE), "--limit"),
    (("release", HUGE), f"There is no file {HUGE}."),
    (("release", "1", "0"), "There is no file 0."),
    (("reject", "9223372036854775808"), "There is no file 9223372036854775808."),
    (("retry", HUGE, "--state", "refused"), f"There is no file {HUGE}."),
    (("resolve", HUGE, "resend"), f"There is no row or file {HUGE}.\nType: sftp-sync rows FILE"),
    (("resolve", "--file", HUGE, "resend"), f"There is no row or file {HUGE}."),
    (("resolve", "--file", "99", "resend"), "There is no file 99.\nType: sftp-sync files"),
]
ABSURD_SANDBOXES = [
    ("--speed", "0"),
    ("--speed=-3",),
    ("--speed", "nan"),
    ("--speed", "inf"),
    ("--speed", "fast"),
    ("--sftp-port", HUGE),
    ("--api-port=-1",),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"))
    made.local()
    return made


@pytest.mark.parametrize(("words", "said"), ABSURD)
def test_an_id_that_the_ledger_cannot_have_is_said(
    words: tuple[str, ...], said: str, house: House
) -> None:
    done = house.run(*words)
    assert done.code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ABSURD_SANDBOXES)
def test_a_sandbox_that_cannot_be_is_not_begun(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "sandbox", *words], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert words[0].partition("=")[0] in done.stderr
    assert not (tmp_path / "sftp-sync-sandbox").exists()
