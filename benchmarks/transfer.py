"""How fast we fetch and deliver, beside plain paramiko, on the same OpenSSH in the same run.

.venv/bin/python -m benchmarks.transfer [MEGABYTES ROUNDS]
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import paramiko

from sftp_sync.remote.sftp import connect
from tests.support.openssh import sshd
from tests.support.sftp_servers import SftpServer, sandbox_sftp

MEGABYTE = 1024 * 1024


class Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, content: object) -> int:
        return len(content)  # type: ignore[arg-type]  # bytes of some sort


def ours_fetch(server: SftpServer) -> None:
    with connect(server.login()) as remote:
        remote.fetch(server.path("/inbox/big.csv"), Nowhere())  # type: ignore[arg-type]  # it only writes


def ours_put(server: SftpServer) -> None:
    with connect(server.login()) as remote:
        remote.put(server.root / "inbox/big.csv", server.path("/outbox/big.csv"), may_replace=True)


def plain(server: SftpServer, act: Callable[[paramiko.SFTPClient], object]) -> None:
    with paramiko.Transport((server.host, server.port)) as transport:
        if server.key is not None:
            key = paramiko.Ed25519Key.from_private_key(io.StringIO(server.key.private))
            transport.connect(username=server.user, pkey=key)
        else:
            transport.connect(username=server.user, password=server.password)
        client = transport.open_sftp_client()
        if client is None:
            raise SystemExit("no SFTP here")
        act(client)


def plain_get(server: SftpServer) -> None:
    path = server.path("/inbox/big.csv")
    plain(server, lambda client: client.getfo(path, Nowhere()))  # type: ignore[arg-type]  # as above


def plain_put(server: SftpServer) -> None:
    source, path = str(server.root / "inbox/big.csv"), server.path("/outbox/big.csv")
    plain(server, lambda client: client.put(source, path))


def megabytes_per_second(act: Callable[[SftpServer], None], server: SftpServer, size: int) -> float:
    began = time.perf_counter()
    act(server)
    return size / (time.perf_counter() - began)


def compare(server: SftpServer, size: int, rounds: int) -> None:
    """Turn about, so that a busy moment hits both."""
    for what, ours, theirs in (
        ("fetch", ours_fetch, plain_get),
        ("put", ours_put, plain_put),
    ):
        pairs = [
            (
                megabytes_per_second(ours, server, size),
                megabytes_per_second(theirs, server, size),
            )
            for _ in range(rounds)
        ]
        our_median = statistics.median(pair[0] for pair in pairs)
        their_median = statistics.median(pair[1] for pair in pairs)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(
            f"  {what:5}  ours {our_median:6.1f} MB/s   "
            f"paramiko {their_median:6.1f} MB/s   ratio {ratio:.2f}"
        )


def main() -> None:
    size, rounds = (int(word) for word in sys.argv[1:] or ("128", "3"))
    for name, start in (("OpenSSH", sshd), ("the sandbox", sandbox_sftp)):
        with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as server:
            (server.root / "inbox/big.csv").write_bytes(os.urandom(MEGABYTE) * size)
            print(f"{name}, {size} MB, {rounds} rounds, median")
            compare(server, size, rounds)


if __name__ == "__main__":
    main()
