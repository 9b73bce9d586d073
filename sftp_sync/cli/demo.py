"""sftp-sync demo"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

SPEED = 600.0


def demo(
    folder: Annotated[
        Path | None,
        typer.Option(help="Where its files lie. Default: a new folder.", show_default=False),
    ] = None,
) -> None:
    """The whole job on this machine, against a sandbox: no configuration, no network, no root."""
    from sftp_sync.cli.screen import console, plain
    from sftp_sync.sandbox.ground import Ground

    place = folder or Path(tempfile.mkdtemp(prefix="sftp-sync-demo-"))
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    screen = console()
    with Ground(place.absolute(), speed=SPEED) as ground:
        screen.print("An SFTP server and a vendor's API run on this machine now.")
        for path in ground.drop_samples():
            screen.print(f"The partner has dropped {plain(path.name)}.")
        _do(ground.config, "check-config", "--quiet")
        _do(ground.config, "test-connection")
        _do(ground.config, "sync", "--dry-run")
        _do(ground.config, "sync")
        _do(ground.config, "files")
        _do(ground.config, "rows", "1")
        _do(ground.config, "status")
        screen.print("\n[bold]What the partner finds in the outbox[/]")
        for path in sorted((ground.partner / "outbox").iterdir()):
            screen.print(f"  {plain(path)}")
            if path.name.endswith(".rejects.csv"):
                screen.print(plain(_indented(path.read_text("utf-8-sig"))))
    screen.print(f"\nEverything lies in {plain(place)}. The configuration is config.yaml there.")


def _do(config: Path, *words: str) -> None:
    """Run a command as a person would, in a process of its own."""
    typer.secho(f"\n$ sftp-sync {' '.join(words)}", bold=True)
    command = [sys.executable, "-m", "sftp_sync", *words, "--config", str(config)]
    done = subprocess.run(command, check=False)  # noqa: S603 - our own command
    if done.returncode not in {0, 1}:
        raise typer.Exit(done.returncode)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
