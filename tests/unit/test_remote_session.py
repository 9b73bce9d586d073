"""The session against servers that keep to the protocol in unusual ways, or do not keep to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sftp_sync.remote.sftp.listing import entries
from sftp_sync.remote.sftp.packets import (
    BrokenConnectionError,
    Kind,
    Reader,
    Status,
    number,
    string,
)
from sftp_sync.remote.sftp.session import Session, StatusError
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
        self.batch: list[bytes] = []

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, sent: bytes) -> None:
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
