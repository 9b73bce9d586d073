"""What a remote must do. One contract test holds every implementation to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from sftp_sync.model import RemoteFile

Progress = Callable[[int], None]
"""Told how many bytes have passed since it was last told."""


class Remote(Protocol):
    """A partner's server, connected. Paths are POSIX text; a name that is not UTF-8 carries
    surrogate escapes, as `os.fsdecode` gives them.

    Every method raises `RemoteUnavailable` (try later) or `RemoteRefused` (a person must act) with
    what happened and what to do, never an error of the library behind it, and ends within
    the timeout even where the server goes silent.
    """

    @property
    def seen(self) -> Mapping[str, str]:
        """What was seen while connecting, by step of test-connection (`resolve` … `sign_in`)."""

    def list(self, folder: str) -> Iterator[RemoteFile]:
        """Every entry of a folder, not below it; `RemoteMissing` where there is no such folder."""

    def stat(self, path: str) -> RemoteFile | None:
        """One entry, itself and not what a link points to; None where there is none."""

    def fetch(self, path: str, into: BinaryIO, progress: Progress | None = None) -> int:
        """The bytes of a file as they are now, streamed; how many came."""

    def put(self, source: Path, path: str, *, may_replace: bool = False) -> None:
        """Upload under `.NAME.part` beside `path`, check the size, rename into place.

        Never seen torn under its final name. A taken name is `RemoteExists`, unless `may_replace`.
        Done when the server's size of the final name says so, or the rename succeeded and the
        receiver has taken the file away. Leftovers of an earlier attempt at the same name go.
        """

    def rename(self, path: str, new_path: str) -> None:
        """Give a file another name; `RemoteExists` rather than overwrite anything."""

    def remove(self, path: str) -> None:
        """Remove a file; no error where there is none."""

    def close(self) -> None:
        """Let go of the connection."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
