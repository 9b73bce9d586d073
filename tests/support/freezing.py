"""A process that is stopped where it stands, while it keeps nobody else from writing."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.remotes import until


def freeze(process_id: int, ledger: Path) -> None:
    """Stop it at a moment when it does not keep everybody from writing."""
    assert until(lambda: _is_frozen_well(process_id, ledger), 30), "it cannot be stopped well"


@contextmanager
def frozen(process_id: int, ledger: Path) -> Iterator[None]:
    """Stopped for as long as the block lasts."""
    freeze(process_id, ledger)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


def _is_frozen_well(process_id: int, ledger: Path) -> bool:
    os.kill(process_id, signal.SIGSTOP)
    # A thread that is at the disk stops only when it is done there.
    tasks = Path(f"/proc/{process_id}/task")
    assert until(lambda: all(map(_has_stopped, tasks.iterdir())), 30), "a thread does not stop"
    other = sqlite3.connect(ledger, isolation_level=None, timeout=0.5)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        os.kill(process_id, signal.SIGCONT)
        return False
    finally:
        other.close()
    return True


def _has_stopped(task: Path) -> bool:
    return ") T" in (task / "stat").read_text("utf-8")
