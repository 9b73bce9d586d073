"""What the state directory has seen of a ledger's numbers: a file for each, raised after the
ledger's own and never lowered. An older ledger that is put back is behind them.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sftp_sync.ledger.engine import PRIVATE

CLAIMS = "claims"
PRIVATE_FOLDER = 0o700
WIDTH = 20
UNREADABLE = -1


class SeenNumbers:
    """The numbers of one ledger that this state directory has seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, _NumberFile] = {}
        self._guard = threading.Lock()

    def all(self) -> dict[str, int]:
        """Every number by its name; `UNREADABLE` where something else is in its place. What cannot
        be read at all cannot be written either, and nothing is claimed then.
        """
        found: dict[str, int] = {}
        for path in _listed(self.folder):
            with suppress(OSError):
                found[path.name] = _parsed(path.read_bytes()[:WIDTH])
        return found

    def is_missing(self) -> bool:
        """Whether nothing was ever seen of this ledger here; not where that cannot be told."""
        try:
            self.folder.stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def of(self, name: str) -> int:
        """One of them; zero where none was seen."""
        return self._file(name).number()

    def others(self) -> list[str]:
        """Other ledgers of which this state directory has numbers."""
        here = (one for one in _listed(self.folder.parent) if one != self.folder)
        return sorted(one.name for one in here if _listed(one))

    def make_folder(self) -> None:
        """Where they lie: from now on a ledger without it comes from elsewhere."""
        make_lasting(self.folder)

    def raise_to(self, name: str, number: int) -> None:
        """This number was seen; when it returns, a power cut does not change that."""
        self._file(name).raise_to(number)

    def close(self) -> None:
        """Let go of the files."""
        with self._guard:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _file(self, name: str) -> _NumberFile:
        with self._guard:
            return self._files.setdefault(name, _NumberFile(self.folder / name))


class _NumberFile:
    """One number. Several processes may raise it at once: the largest stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._guard = threading.Lock()

    def number(self) -> int:
        with self._guard, self._locked() as descriptor:
            return _parsed(os.pread(descriptor, WIDTH, 0))

    def raise_to(self, number: int) -> None:
        with self._guard, self._locked() as descriptor:
            if _parsed(os.pread(descriptor, WIDTH, 0)) < number:
                os.pwrite(descriptor, b"%0*d\n" % (WIDTH, number), 0)
                os.fdatasync(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = self._opened()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield descriptor
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _opened(self) -> int:
        """The file, made where it is not there, or is there no more."""
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self.close()
        if self._descriptor is None:
            make_lasting(self._path.parent)
            is_new = not self._path.exists()
            self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, PRIVATE)
            if is_new:
                os.fsync(self._descriptor)
                _sync_folder(self._path.parent)
        return self._descriptor


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def make_lasting(folder: Path) -> None:
    """A folder that a power cut does not take away again."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        with suppress(FileExistsError):
            one.mkdir(PRIVATE_FOLDER)
        _sync_folder(one.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parsed(content: bytes) -> int:
    # An empty one was only just made.
    if not content:
        return 0
    return int(content) if content.isdigit() else UNREADABLE
