"""Bytes through a session, many requests under way at once: speed without unbounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from typing import NamedTuple

from sftp_sync.remote.sftp.packets import Kind, NonsenseError, Status, long, number, string
from sftp_sync.remote.sftp.session import Session, StatusError

# Larger requests are cut short by some servers and refused by others.
PIECE_BYTES = 32768
# With its header still one SSH packet of the size that servers take.
WRITTEN_BYTES = 32_000
# OpenSSH's own client keeps 64 requests under way: two megabytes at most wait in memory.
UNDER_WAY = 64


class TruncatedError(Exception):
    """A file turned out shorter than the server had said."""


class Piece(NamedTuple):
    """A part of a file that has been asked for."""

    request: int
    offset: int
    length: int


class Download:
    """The bytes of an open file in order. With a known size exactly that many, or an error: a
    file that grows meanwhile is for the caller to notice.
    """

    def __init__(self, session: Session, handle: bytes, size: int | None) -> None:
        self._session = session
        self._handle = handle
        # Some servers call every file empty: only reading tells.
        self._size = size or None
        self._asked_bytes = 0
        self._under_way: deque[Piece] = deque()

    def chunks(self) -> Generator[bytes]:
        """The file, a piece at a time."""
        self._session.begin_work()
        try:
            self._ask_ahead()
            while self._under_way:
                piece = self._under_way.popleft()
                received = self._content(piece)
                if received is None:
                    self._check_whole(piece.offset)
                    return
                if len(received) < piece.length:
                    self._under_way.appendleft(self._rest_of(piece, len(received)))
                self._ask_ahead()
                yield received
        finally:
            self._session.forget(*(piece.request for piece in self._under_way))

    def _ask_ahead(self) -> None:
        while len(self._under_way) < UNDER_WAY and (
            self._size is None or self._asked_bytes < self._size
        ):
            length = PIECE_BYTES
            if self._size is not None:
                length = min(length, self._size - self._asked_bytes)
            self._under_way.append(self._ask(self._asked_bytes, length))
            self._asked_bytes += length

    def _ask(self, offset: int, length: int) -> Piece:
        request = self._session.post(Kind.READ, string(self._handle), long(offset), number(length))
        return Piece(request, offset, length)

    def _rest_of(self, piece: Piece, received_bytes: int) -> Piece:
        return self._ask(piece.offset + received_bytes, piece.length - received_bytes)

    def _content(self, piece: Piece) -> bytes | None:
        try:
            kind, reader = self._session.answer(piece.request)
        except StatusError as error:
            if error.code == Status.EOF:
                return None
            raise
        received = reader.string() if kind == Kind.DATA else b""
        if not 0 < len(received) <= piece.length:
            raise NonsenseError("the server answers a read with something else")
        return received

    def _check_whole(self, received_bytes: int) -> None:
        if self._size is not None and received_bytes < self._size:
            raise TruncatedError(f"the file ended after {received_bytes} of {self._size} bytes")


def upload(session: Session, handle: bytes, chunks: Iterable[bytes]) -> int:
    """Write everything to an open file; how many bytes the server has confirmed."""
    under_way: deque[int] = deque()
    offset = 0
    session.begin_work()
    try:
        for chunk in chunks:
            under_way.append(session.post(Kind.WRITE, string(handle), long(offset), string(chunk)))
            offset += len(chunk)
            if len(under_way) >= UNDER_WAY:
                session.answer(under_way.popleft())
        while under_way:
            session.answer(under_way.popleft())
    finally:
        session.forget(*under_way)
    return offset
