"""sftp-sync demo"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

SPEED = 30.0
LONGEST_WAIT_SECONDS = 40.0
BETWEEN_LOOKS_SECONDS = 1.0


def demo(
    folder: Annotated[
        Path | None,
        typer.Option(help="Where its files lie. Default: a new folder.", show_default=False),
    ] = None,
) -> None:
    """The whole job on this machine, against a sandbox."""
    from sftp_sync.cli import office
    from sftp_sync.cli.screen import console, plain
    from sftp_sync.sandbox.ground import Ground

    office.set_up_logs(verbose=False, quiet=True)
    place = folder or Path(tempfile.mkdtemp(prefix="sftp-sync-demo-"))
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    screen = console()
    with Ground(place.absolute(), speed=SPEED) as ground:
        screen.print("An SFTP server and a vendor's API run on this machine now.")
        for path in ground.drop_samples():
            screen.print(f"The partner has dropped {plain(path.name)}.")
        for words in ("check-config --quiet", "test-connection", "sync --dry-run", "sync"):
            _do(ground.config, *words.split())
        for words in ("files", "rows 2"):
            _do(ground.config, *words.split())
        screen.print("\nThe calls are on their way; results are fetched when they are over.")
        if not _wait_for_results(ground.config):
            screen.print("Some are still under way; a later sync will bring their results.")
        for words in ("sync", "status", "report renewals"):
            _do(ground.config, *words.split())
        _do(ground.config, "report", "renewals", "--output", str(place / "report.html"))
        _show_outbox(ground.partner / "outbox")
    screen.print(f"\nEverything lies in {plain(place)}: config.yaml, report.html, partner/outbox.")


def _do(config: Path, *words: str) -> None:
    """Run a command as a person would, in a process of its own."""
    typer.secho(f"\n$ sftp-sync {' '.join(words)}", bold=True)
    done = _run(config, *words, capture=False)
    if done.returncode not in {0, 1}:
        raise typer.Exit(done.returncode)


def _run(config: Path, *words: str, capture: bool) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sftp_sync", *words, "--config", str(config)]
    return subprocess.run(command, check=False, capture_output=capture, text=True)  # noqa: S603 - our own command


def _wait_for_results(config: Path) -> bool:
    """Follow the calls until all of them are over; whether they were, before long."""
    ends_at = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < ends_at:
        _run(config, "sync", "--only", "follow", "--quiet", capture=True)
        told = json.loads(_run(config, "report", "renewals", "--json", capture=True).stdout)
        if not told["outcomes"]["under_way"]:
            return True
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return False


def _show_outbox(outbox: Path) -> None:
    from sftp_sync.cli.screen import console, plain

    screen = console()
    screen.print("\n[bold]What the partner finds in the outbox[/]")
    for path in sorted(outbox.iterdir()):
        screen.print(f"  {plain(path)}")
    for ending in ("rejects.csv", "results.csv"):
        for path in sorted(outbox.glob(f"*.{ending}")):
            screen.print(f"\n[bold]{plain(path.name)}[/]")
            screen.print(plain(path.read_text("utf-8-sig")))
