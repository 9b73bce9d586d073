"""A plugin of pytest: which test ran which lines, in whatever process it ran them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

OUTPUT = "MUTANTS_TESTS_TO"
NAMED_IN = "MUTANTS_TEST_NAMED_IN"


class Recorder:
    """Says at each moment which test runs, and at the end which passed, and how long each took."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._skipped: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        Path(os.environ[NAMED_IN]).write_text(item.nodeid, "utf-8")
        measured = coverage.Coverage.current()
        if measured is not None:
            measured.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.skipped:
            self._skipped.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            said_nothing = self._failed | self._skipped
            passed = {
                test: seconds for test, seconds in self._seconds.items() if test not in said_nothing
            }
            told = {"passed": passed, "failed": sorted(self._failed)}
            Path(os.environ[OUTPUT]).write_text(json.dumps(told), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    handle, os.environ[NAMED_IN] = tempfile.mkstemp(prefix="test-", dir=os.environ["TMPDIR"])
    os.close(handle)
    config.pluginmanager.register(Recorder())
