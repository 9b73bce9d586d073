"""The processes that read lists for another one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROGRAM = b"sftp_sync.reading.program"


def nurseries_of(process_id: int) -> list[int]:
    """What it forks its readers from."""
    return [
        child
        for child in _children_of(process_id)
        if PROGRAM in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]


def readers_of(process_id: int | None = None) -> list[int]:
    """Who reads for it now; without a number, for us."""
    nurseries = nurseries_of(process_id or os.getpid())
    return [reader for nursery in nurseries for reader in _children_of(nursery)]


def is_there(process_id: int) -> bool:
    """Whether it runs; what has ended and waits to be asked for is not there."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text("utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _children_of(process_id: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_there(int(entry.name)):
            try:
                stat = (entry / "stat").read_text("utf-8")
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == process_id:
                yield int(entry.name)
