"""The SFTP part of test-connection: every step tried for real, and everything put back.

A check that rests on a failed one is left out: whatever comes after a refused sign-in would only
repeat it. The export checks and the archive check stand on their own, so that one run shows
everything there is to mend.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from sftp_sync.errors import RemoteRefused, RemoteUnavailable, SyncError
from sftp_sync.model import RemoteFile, many, shown
from sftp_sync.remote.base import Remote

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

T = TypeVar("T")
Who = Literal["you", "partner", "vendor"]
CONNECTING = ("resolve", "connect", "host_key", "sign_in")
CLOCKS_AGREE_WITHIN_SECONDS = 300
ENOUGH_BYTES = 4096
PROBE = b"sftp-sync tests the connection; this file may be removed.\n"


@dataclass(frozen=True)
class Check:
    """One step: what was seen, and where it failed, what to do and who must do it."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    who: Who = "you"


@dataclass(frozen=True)
class Places:
    """The partner's folders. `archive_path` only where files are moved after the import."""

    import_path: str
    export_path: str
    archive_path: str | None = None


def preflight(
    open_remote: Callable[[], Remote], places: Places, now: Callable[[], float]
) -> tuple[Check, ...]:
    """Every check that can be made, in the order of the contract; never raises what is expected."""
    try:
        remote = open_remote()
    except (RemoteRefused, RemoteUnavailable) as error:
        return _connected_until(error)
    with remote:
        return (*_connected(remote), *_Probe(remote, places, now).checks())


def _connected_until(error: RemoteRefused | RemoteUnavailable) -> tuple[Check, ...]:
    step = error.step if error.step in CONNECTING else "connect"
    passed = CONNECTING[: CONNECTING.index(step)]
    return (*(Check(name, ok=True, detail="ok") for name in passed), _failed(step, error))


def _connected(remote: Remote) -> tuple[Check, ...]:
    return tuple(Check(name, ok=True, detail=remote.seen[name]) for name in CONNECTING)


def _failed(name: str, error: SyncError) -> Check:
    return Check(name, ok=False, detail=error.message, fix=error.fix, who=error.who)


class _Probe:
    """The checks that need a connection, and what they leave to be cleared away."""

    def __init__(self, remote: Remote, places: Places, now: Callable[[], float]) -> None:
        self._remote = remote
        self._places = places
        self._now = now
        # A leading dot and .part: ignored by every receiver that ignores anything.
        self._name = f".sftp-sync-test-{secrets.token_hex(4)}.part"
        self._new_name = f".{self._name}"
        self._leftovers: list[str] = []

    def checks(self) -> tuple[Check, ...]:
        """In the order of the contract; the first broken connection ends them."""
        done: list[Check] = []
        try:
            self._run(done)
        except RemoteUnavailable as error:
            done.append(_failed(error.step, error))
        finally:
            self._clear()
        return tuple(done)

    def _run(self, done: list[Check]) -> None:
        listed = self._check("list_import", self._list_import, done)
        if listed is not None:
            self._check("read_import", lambda: self._read_import(listed), done)
        if self._places.archive_path is not None:
            self._check("archive", self._archive, done)
        if self._check("write_export", self._write_export, done) is None:
            return
        clock = self._clock(self._now())
        if self._check("rename_export", self._rename_export, done) is not None:
            self._check("delete_export", self._delete_export, done)
        done.append(clock)

    def _check(
        self, name: str, attempt: Callable[[], tuple[str, T]], done: list[Check]
    ) -> T | None:
        """Make one check; what it found, None where it failed."""
        try:
            detail, found = attempt()
        except RemoteRefused as error:
            done.append(_failed(name, error))
            return None
        done.append(Check(name, ok=True, detail=detail))
        return found

    def _list_import(self) -> tuple[str, list[RemoteFile]]:
        files = [
            file for file in self._remote.list(self._places.import_path) if file.kind == "file"
        ]
        return f"{many(len(files), 'file')} in {shown(self._places.import_path)}", files

    def _read_import(self, files: list[RemoteFile]) -> tuple[str, bool]:
        if not files:
            return "the folder is empty", True
        first = min(files, key=lambda file: (file.name.startswith("."), file.name))
        received = _FirstBytes()
        with suppress(_EnoughError):
            self._remote.fetch(f"{self._places.import_path}/{first.name}", received)
        return f"{first.shown_name} can be read", True

    def _archive(self) -> tuple[str, bool]:
        """A file of ours goes the way that an imported one will go."""
        target = f"{self._places.archive_path}/{self._name}"
        try:
            source = self._put(self._places.import_path)
            self._leftovers.append(target)
            self._remote.rename(source, target)
            self._remote.remove(target)
        except RemoteRefused as error:
            fix = f"{error.fix} Or set files.after_import: keep."
            raise RemoteRefused(error.message, fix=fix, who=error.who, step="archive") from error
        return f"files can be moved to {shown(self._places.archive_path or '')}", True

    def _write_export(self) -> tuple[str, bool]:
        self._put(self._places.export_path)
        return f"a file can be written to {shown(self._places.export_path)}", True

    def _rename_export(self) -> tuple[str, bool]:
        old = f"{self._places.export_path}/{self._name}"
        new = f"{self._places.export_path}/{self._new_name}"
        if self._remote.stat(old) is None:
            # Each upload is renamed once already; this receiver was quicker than we are.
            return "it was renamed, and the receiver has taken it", True
        self._leftovers.append(new)
        self._remote.rename(old, new)
        return "it can be renamed", True

    def _delete_export(self) -> tuple[str, bool]:
        self._remote.remove(f"{self._places.export_path}/{self._new_name}")
        return "it can be deleted", True

    def _clock(self, written_at: float) -> Check:
        found = self._remote.stat(f"{self._places.export_path}/{self._name}")
        if found is None or found.modified_at is None:
            return Check("clock", ok=True, detail="the server does not tell the time of a file")
        offset = found.modified_at - written_at
        if abs(offset) <= CLOCKS_AGREE_WITHIN_SECONDS:
            return Check("clock", ok=True, detail="the server's clock agrees with ours")
        direction = "ahead of" if offset > 0 else "behind"
        return Check(
            "clock",
            ok=True,
            detail=f"the server's clock is {abs(offset) / 60:.0f} minutes {direction} ours; files "
            "are judged by changes of their time, so this does no harm",
        )

    def _put(self, folder: str) -> str:
        path = f"{folder}/{self._name}"
        self._leftovers.append(path)
        with tempfile.NamedTemporaryFile(suffix=".probe") as probe:
            probe.write(PROBE)
            probe.flush()
            self._remote.put(Path(probe.name), path)
        return path

    def _clear(self) -> None:
        for path in self._leftovers:
            with suppress(RemoteRefused, RemoteUnavailable):
                self._remote.remove(path)


class _EnoughError(Exception):
    """What was to be proved is proved."""


class _FirstBytes(io.BytesIO):
    """Takes the beginning of a file and then wants no more."""

    def write(self, content: ReadableBuffer) -> int:
        written = super().write(content)
        if self.tell() >= ENOUGH_BYTES:
            raise _EnoughError
        return written
