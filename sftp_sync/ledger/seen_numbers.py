"""What the state directory has seen of a ledger's numbers: a file for each, raised after the
ledger's own and never lowered. An older ledger that is put back is behind them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from contextlib import suppress
from pathlib import Path

from sftp_sync.ledger.engine import PRIVATE

CLAIMS = "claims"
PRIVATE_FOLDER = 0o700
UNREADABLE = -1
DIGITS = 20
# A number stands twice in its place: while the two differ, it is being written.
PLACE = struct.Struct(f"={DIGITS}sx{DIGITS}sx")
PLACES = 100
LOOKS = 1000


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
                found[path.name] = _read(path)
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
    """One number, as large as the largest of its places. Each process writes in a place of its own:
    one that is stopped while it writes holds up nobody.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._place = 0
        self._guard = threading.Lock()

    def number(self) -> int:
        with self._guard:
            self._opened()
            return _read(self._path)

    def raise_to(self, number: int) -> None:
        with self._guard:
            descriptor = self._opened()
            at = self._place * PLACE.size
            if _largest(os.pread(descriptor, PLACE.size, at)) < number:
                os.pwrite(descriptor, _written(number), at)
                os.fdatasync(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        """The file, made where it is not there, or is there no more."""
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self.close()
        if self._descriptor is None:
            make_lasting(self._path.parent)
            is_new = not self._path.exists()
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, PRIVATE)
            try:
                self._place = _taken(descriptor)
                if is_new:
                    os.fsync(descriptor)
                    _sync_folder(self._path.parent)
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
        return self._descriptor


def _taken(descriptor: int) -> int:
    """A place in the file that is nobody's; the system lets go of it with the descriptor."""
    for place in range(PLACES):
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place * PLACE.size, PLACE.size, 0)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.EACCES}:
                raise
        else:
            return place
    raise OSError(errno.EUSERS, f"{PLACES} processes write this number")


def _read(path: Path) -> int:
    """The number in this file; what is being written is looked at again."""
    for _ in range(LOOKS):
        number = _largest(path.read_bytes()[: PLACES * PLACE.size])
        if number != UNREADABLE:
            break
    return number


def _largest(content: bytes) -> int:
    if not content:
        return 0
    places = (content[at : at + PLACE.size] for at in range(0, len(content), PLACE.size))
    # A place that nobody has written in yet, before one that somebody has, is a hole.
    numbers = [_parsed(place) for place in places if place.strip(b"\0")]
    return UNREADABLE if UNREADABLE in numbers else max(numbers, default=UNREADABLE)


def _parsed(place: bytes) -> int:
    if len(place) == PLACE.size:
        first, second = PLACE.unpack(place)
        if first == second and first.isdigit():
            return int(first)
    return UNREADABLE


def _written(number: int) -> bytes:
    digits = b"%0*d" % (DIGITS, number)
    return b"%b %b\n" % (digits, digits)


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
