"""The first thing anybody runs: the whole job on this machine, to its end."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.forking import COMMAND


def test_the_demo_ends_with_every_call_over_and_every_file_in_the_outbox(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "demo", "--folder", tmp_path / "demo"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "still under way" not in done.stdout
    assert "Nothing is outstanding." in done.stdout
    outbox = tmp_path / "demo" / "partner" / "outbox"
    (receipt,) = outbox.glob("renewals-2026-11.csv.*.receipt.json")
    assert json.loads(receipt.read_text("utf-8"))["rows"]["invalid"] == 4
    (rejects,) = outbox.glob("renewals-2026-11.csv.*.rejects.csv")
    assert len(rejects.read_text("utf-8-sig").splitlines()) == 1 + 4
    came_home = [
        path.read_text("utf-8-sig").splitlines()[1:] for path in outbox.glob("*.results.*")
    ]
    assert sum(map(len, came_home)) == 8
    assert (tmp_path / "demo" / "report.html").is_file()
