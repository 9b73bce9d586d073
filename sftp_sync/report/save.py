"""A report becomes a file: wholly, or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from sftp_sync.errors import UsageError


def save(content: bytes, path: Path) -> Path:
    """Write a report and say where it lies. Whoever opens it meanwhile sees the one before."""
    try:
        # Resolved: a link stays one, and what it points to is replaced.
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise _refused(path, "it is not a file")
        # Not named after the target, whose name may be as long as names can be.
        beside = target.parent / f".sftp-sync-{uuid.uuid4().hex}.part"
        _write(content, beside, target)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    except (RuntimeError, ValueError) as error:
        raise _refused(path, str(error)) from error
    return target


def _write(content: bytes, beside: Path, target: Path) -> None:
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        f"--output: {path} cannot be written: {why}.",
        fix="Name a file in a folder where the service's user may write, or type --output - and"
        " send the page where you like: sftp-sync report CAMPAIGN --output - > report.html",
    )
