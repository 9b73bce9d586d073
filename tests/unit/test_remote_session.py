"""The session against servers that keep to the protocol in unusual ways, or do not keep to it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sftp_sync.model import RemoteFile
from sftp_sync.remote.sftp.listing import MOST_ENTRIES, TooManyEntriesError, entries
from sftp_sync.remote.sftp.packets import (
    BrokenConnectionError,
    Kind,
    Reader,
    Status,
    number,
    string,
)
from sftp_sync.remote.sftp.session import LARGEST_PACKET, Session, StatusError
from sftp_sync.remote.sftp.transfer import Download, TruncatedError, upload
from tests.support.examples import examples

Answering = Callable[[int, int, Reader], list[bytes]]


def packet(kind: Kind, *parts: bytes) -> bytes:
    content = bytes([kind]) + b"".join(parts)
    return number(len(content)) + content


def status(request: int, code: int, text: bytes = b"") -> bytes:
    return packet(Kind.STATUS, number(request), number(code), string(text), string(b""))


def data(request: int, content: bytes) -> bytes:
    return packet(Kind.DATA, number(request), string(content))


class Wire:
    """A channel whose other end is a function."""

    def __init__(self, answering: Answering, greeting: bytes | None = None) -> None:
        self._answering = answering
        self._greeting = greeting or packet(Kind.VERSION, number(3))
        self._answers = b""
        self._sent = b""
        self.batch: list[bytes] = []

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def send(self, sent: bytes) -> int:
        self._sent += sent
        if len(self._sent) >= 4 + int.from_bytes(self._sent[:4], "big"):
            self._answer(self._sent)
            self._sent = b""
        return len(sent)

    def _answer(self, sent: bytes) -> None:
        kind, reader = sent[4], Reader(sent[5:])
        if kind == Kind.INIT:
            self._answers += self._greeting
            return
        self._answers += b"".join(self._answering(kind, reader.number(), reader))

    def recv(self, most: int) -> bytes:
        received, self._answers = self._answers[:most], self._answers[most:]
        return received


def session(answering: Answering, greeting: bytes | None = None) -> Session:
    return Session(Wire(answering, greeting), 1)  # type: ignore[arg-type]  # as much of a channel as is used


def serving(content: bytes, most: int = 1 << 20) -> Answering:
    """Reads of a file, at most so many bytes at a time."""

    def answer(_kind: int, request: int, reader: Reader) -> list[bytes]:
        reader.string()
        offset, length = reader.long(), reader.number()
        piece = content[offset : offset + min(length, most)]
        return [data(request, piece) if piece else status(request, Status.EOF)]

    return answer


def downloaded(answering: Answering, size: int | None) -> bytes:
    return b"".join(Download(session(answering), b"h", size).chunks())


@settings(max_examples=examples(60))
@given(
    size=st.integers(0, 200_000),
    most=st.sampled_from([7_000, 16_384, 32_768, 1 << 20]),
    is_told=st.booleans(),
)
def test_short_answers_and_unknown_sizes_lose_no_byte(size: int, most: int, is_told: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
    content = bytes(number % 251 for number in range(size))
    assert downloaded(serving(content, most), size if is_told else None) == content


def test_answers_in_another_order_are_put_in_order() -> None:
    content = bytes(number % 251 for number in range(100_000))
    waiting: list[bytes] = []

    def backwards(kind: int, request: int, reader: Reader) -> list[bytes]:
        waiting.insert(0, serving(content)(kind, request, reader)[0])
        return [waiting.pop(0) for _ in range(4)] if len(waiting) == 4 else []

    assert downloaded(backwards, len(content)) == content


def test_a_file_called_empty_is_read_all_the_same() -> None:
    assert downloaded(serving(b"phone\n"), 0) == b"phone\n"


def test_a_file_shorter_than_told_is_not_taken_for_whole() -> None:
    with pytest.raises(TruncatedError, match="after 50000 of 60000 bytes"):
        downloaded(serving(b"x" * 50_000), 60_000)


@pytest.mark.parametrize("length", [0, 32_769])
def test_more_or_less_than_was_asked_for_is_no_answer(length: int) -> None:
    with pytest.raises(BrokenConnectionError):
        downloaded(lambda _kind, request, _reader: [data(request, b"x" * length)], 50_000)


def test_what_is_left_of_an_abandoned_download_disturbs_nothing() -> None:
    content = b"x" * 1_000_000
    opened = session(serving(content))
    chunks = Download(opened, b"h", len(content)).chunks()
    next(chunks)
    chunks.close()
    assert b"".join(Download(opened, b"h", len(content)).chunks()) == content


def test_an_upload_that_fails_in_the_middle_says_so() -> None:
    def full(_kind: int, request: int, reader: Reader) -> list[bytes]:
        reader.string()
        is_full = reader.long() >= 500_000
        return [status(request, Status.FAILURE if is_full else Status.OK)]

    with pytest.raises(StatusError) as caught:
        upload(session(full), b"h", iter([b"x" * 32_768] * 100))
    assert caught.value.code == Status.FAILURE


@pytest.mark.parametrize("words", [string(b"Zugriff verweigert \xfc\xff"), b""])
def test_words_of_a_refusal_may_be_any_bytes_or_missing(words: bytes) -> None:
    asked = session(
        lambda _kind, request, _reader: [
            packet(Kind.STATUS, number(request), number(Status.FAILURE), words)
        ]
    )
    with pytest.raises(StatusError):
        asked.look(b"/inbox")


def test_extensions_are_remembered() -> None:
    greeting = packet(Kind.VERSION, number(3), string(b"posix-rename@openssh.com"), string(b"1"))
    assert session(serving(b""), greeting).extensions == {"posix-rename@openssh.com": b"1"}


@pytest.mark.parametrize(
    "greeting",
    [
        b"Welcome to the shell\n",
        b"\xff\xff\xff\xff" * 4,
        number(0),
        packet(Kind.HANDLE, number(3)),
        packet(Kind.VERSION, b"\0"),
        packet(Kind.VERSION, number(3), number(99)),
    ],
)
def test_a_greeting_that_is_none_breaks_the_connection(greeting: bytes) -> None:
    with pytest.raises(BrokenConnectionError):
        session(serving(b""), greeting)


@given(st.binary(max_size=200))
def test_no_answer_can_do_worse_than_break_the_connection(noise: bytes) -> None:
    asked = session(lambda *_: [noise])
    with pytest.raises((BrokenConnectionError, StatusError)):
        list(entries(asked, b"/inbox"))


def test_once_broken_it_stays_broken() -> None:
    asked = session(lambda *_: [])
    for _ in range(2):
        with pytest.raises(BrokenConnectionError, match="closed the connection"):
            asked.look(b"/inbox")
    assert asked.is_broken


def test_hostile_names_are_shown_and_never_taken_for_files() -> None:
    names = [b"../../etc/passwd", b"/etc/passwd", b"a\0b", b".", b"..", b"leads.csv"]
    regular = number(4) + number(0o100644)

    def listing(kind: int, request: int, _reader: Reader) -> list[bytes]:
        if kind == Kind.OPENDIR:
            return [packet(Kind.HANDLE, number(request), string(b"h"))]
        if kind == Kind.READDIR and names:
            listed = [string(name) + string(b"") + regular for name in names]
            names.clear()
            return [packet(Kind.NAME, number(request), number(len(listed)), *listed)]
        return [status(request, Status.EOF if kind == Kind.READDIR else Status.OK)]

    found = {file.name: file.kind for file in entries(session(listing), b"/inbox")}
    assert found == {
        "../../etc/passwd": "other",
        "/etc/passwd": "other",
        "a\0b": "other",
        "leads.csv": "file",
    }


class TestAServerThatFloods:
    @pytest.mark.parametrize("other", [0, 99])
    def test_with_answers_that_nobody_awaits_is_left(self, other: int) -> None:
        asked = session(lambda _kind, _request, _reader: [status(other, Status.OK)] * 1000)
        with pytest.raises(BrokenConnectionError, match="what nobody has asked"):
            asked.look(b"/inbox")

    def test_with_the_same_answer_again_is_left(self) -> None:
        attributes = number(0)
        asked = session(
            lambda _kind, request, _reader: [packet(Kind.ATTRS, number(request), attributes)] * 2
        )
        asked.look(b"/inbox")
        with pytest.raises(BrokenConnectionError, match="what nobody has asked"):
            asked.look(b"/inbox")

    def test_with_one_answer_of_more_than_a_megabyte_is_left(self) -> None:
        asked = session(lambda _kind, request, _reader: [data(request, b"x" * LARGEST_PACKET)])
        with pytest.raises(BrokenConnectionError, match="are no SFTP"):
            asked.look(b"/inbox")

    def test_with_a_folder_without_an_end_is_left(self) -> None:
        entry = string(b"list.csv") + string(b"") + number(0)

        def listing(kind: int, request: int, _reader: Reader) -> list[bytes]:
            if kind == Kind.OPENDIR:
                return [packet(Kind.HANDLE, number(request), string(b"h"))]
            if kind == Kind.READDIR:
                return [packet(Kind.NAME, number(request), number(5_000), entry * 5_000)]
            return [status(request, Status.OK)]

        came: list[RemoteFile] = []
        with pytest.raises(TooManyEntriesError, match="more than 200,000 entries"):
            came.extend(entries(session(listing), b"/inbox"))
        assert len(came) == MOST_ENTRIES


class Drip(Wire):
    """A channel that is never silent, and lets a byte through now and then."""

    drips: int | None = None

    def recv(self, most: int) -> bytes:
        return super().recv(self._drip(most))

    def send(self, sent: bytes) -> int:
        return super().send(sent[: self._drip(len(sent))])

    def _drip(self, size: int) -> int:
        if self.drips is None:
            return size
        self.drips += 1
        time.sleep(0.02)
        return 1


def look(asked: Session) -> object:
    return asked.look(b"/inbox")


def list_it(asked: Session) -> object:
    return list(entries(asked, b"/inbox"))


def download(asked: Session) -> object:
    return b"".join(Download(asked, b"h", 100_000).chunks())


def store(asked: Session) -> object:
    return upload(asked, b"h", iter([b"x" * 32_000] * 3))


@pytest.mark.parametrize("work", [look, list_it, download, store])
def test_a_server_that_drips_is_left_soon(work: Callable[[Session], object]) -> None:
    wire = Drip(lambda _kind, request, _reader: [data(request, b"x" * 32_768)])
    asked = Session(wire, 0.2)  # type: ignore[arg-type]  # as much of a channel as is used
    wire.drips = 0
    with pytest.raises(BrokenConnectionError, match="bytes through in"):
        work(asked)
    # Ten of them are the time that the server has.
    assert 0 < wire.drips <= 11


def test_one_that_answers_each_question_late_is_not_left() -> None:
    class Late(Wire):
        def recv(self, most: int) -> bytes:
            time.sleep(0.15)
            return super().recv(most)

    late = Late(lambda _kind, request, _reader: [packet(Kind.ATTRS, number(request), number(0))])
    asked = Session(late, 0.2)  # type: ignore[arg-type]  # as much of a channel as is used
    for _ in range(5):
        asked.look(b"/inbox")
