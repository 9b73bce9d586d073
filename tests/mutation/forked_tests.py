"""Runs tests in forks of a process that has imported every library: starting Python and importing
them anew takes longer than most tests.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = (
    *("alembic.command", "asyncssh", "charset_normalizer", "cryptography", "httpx", "openpyxl"),
    *("pandas", "paramiko", "phonenumbers", "prometheus_client", "psycopg", "pydantic", "rich"),
    *("ruamel.yaml", "sqlalchemy", "starlette.applications", "structlog", "typer", "uvicorn"),
    *("pytest", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql"),
)


class ForkedTests:
    """Where tests are run for one copy of the tree."""

    def __init__(self, tree: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.forked_tests"],
            cwd=tree,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, words: Sequence[str], seconds: float) -> int:
        """The exit code of pytest; -1 where it did not end in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        is_over, _, _ = select.select([self._process.stdout], [], [], seconds)
        # What the tests have left running goes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        code = int(self._process.stdout.readline())
        return code if is_over else -1

    def close(self) -> None:
        """No more tests."""
        self._process.communicate()


def _serve() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _be_pytest(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be_pytest(words: Sequence[str]) -> None:
    """Never returns."""
    code = 3
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        code = importlib.import_module("pytest").main(list(words))
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
