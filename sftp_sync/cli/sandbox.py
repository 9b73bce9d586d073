"""sftp-sync sandbox"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

SLOWEST, FASTEST = 0.01, 100_000


def a_speed(written: str) -> float:
    """How much faster than life; a call must neither last for ever nor be over before it began."""
    try:
        speed = float(written)
    except ValueError:
        speed = 0
    if not SLOWEST <= speed <= FASTEST:
        raise typer.BadParameter(f"must be a number from {SLOWEST:g} to {FASTEST:g}, as 60.")
    return speed


def sandbox(
    folder: Annotated[Path, typer.Option(help="Where its files lie; kept between runs.")] = Path(
        "sftp-sync-sandbox"
    ),
    sftp_port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    api_port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    speed: Annotated[
        float,
        typer.Option(parser=a_speed, metavar="NUMBER", help="How much faster than life."),
    ] = 60.0,
    samples: Annotated[bool, typer.Option(help="Leave sample lists in the inbox.")] = True,
) -> None:
    """An SFTP server and both vendors' APIs, to rehearse with. On loopback, until Ctrl-C."""
    from sftp_sync.sandbox.ground import Ground, Ports

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = Ports(sftp_port, api_port)
    ground = Ground(folder.absolute(), speed=speed, ports=ports, kathan=True)
    if samples:
        ground.drop_samples()
    with ground:
        typer.echo(f"# partner's files: {ground.partner}")
        typer.echo(f"# configuration:   {ground.config}")
        typer.echo(ground.config.read_text())
        typer.echo(f"# now type, beside this: sftp-sync test-connection -c {ground.config}")
        typer.echo(f"#                        sftp-sync sync -c {ground.config}")
        signal.pause()
