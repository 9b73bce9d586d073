"""The program that reads: told of a file, it forks a reader for it, and tells how that has ended.

It is started without an environment and knows nothing but what is written in this package. Its
stdin is the socket on which files come: with each the two sockets for its reader, one to say what
is in it, and one that tells how it has ended. Who closes the second ends the reader.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sftp_sync import phones
from sftp_sync.reading.confinement import confine, die_with
from sftp_sync.reading.reader import read_aloud
from sftp_sync.reading.wire import LONGEST_ORDER, Order

DESCRIPTORS = 3
CONTROL = 0


@dataclass(frozen=True)
class Reader:
    """One that was forked. `handle` becomes readable when it has ended."""

    pid: int
    handle: int
    status: socket.socket


def main() -> None:
    """Until whoever started it closes the socket, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What every list needs is there before the first one comes.
    phones.parse("2125550100", "US")
    # What is there stays: no reader has to look through it, and so to copy it.
    gc.freeze()
    control = socket.socket(fileno=CONTROL)
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while _serve(control, selector):
            pass


def _serve(control: socket.socket, selector: selectors.BaseSelector) -> bool:
    """What has come; whether more may come."""
    ready = [key.data for key, _ in selector.select()]
    # Each once: what ends by itself is let go of in the same moment, and is ready twice. And those
    # who end before those who begin, who get the same numbers for their descriptors.
    for reader in dict.fromkeys(one for one in ready if one is not None):
        _end(reader, selector)
    if None not in ready:
        return True
    message, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
    if message:
        _begin(descriptors, control, selector)
    return bool(message)


def _begin(
    descriptors: list[int], control: socket.socket, selector: selectors.BaseSelector
) -> None:
    file, data, status = descriptors
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        os.close(status)
        selector.close()
        os._exit(_read(file, data, parent))
    os.close(file)
    os.close(data)
    reader = Reader(pid, os.pidfd_open(pid), socket.socket(fileno=status))
    selector.register(reader.handle, selectors.EVENT_READ, reader)
    selector.register(reader.status, selectors.EVENT_READ, reader)


def _end(reader: Reader, selector: selectors.BaseSelector) -> None:
    """It has ended by itself, or nobody listens any more."""
    signal.pidfd_send_signal(reader.handle, signal.SIGKILL)
    _, status = os.waitpid(reader.pid, 0)
    selector.unregister(reader.handle)
    selector.unregister(reader.status)
    os.close(reader.handle)
    with reader.status, suppress(ConnectionError):
        reader.status.send(b"%d" % os.waitstatus_to_exitcode(status))


def _read(file: int, data: int, parent: int) -> int:
    die_with(parent)
    with socket.socket(fileno=data) as channel, channel.makefile("rwb") as stream:
        order = Order.parsed(stream.readline(LONGEST_ORDER))
        confine(order.memory, order.seconds)
        read_aloud(Path(f"/dev/fd/{file}"), order, stream)
    return 0


if __name__ == "__main__":
    main()
