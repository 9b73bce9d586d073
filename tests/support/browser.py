"""A real browser for tests: Debian's Chromium without a window, spoken to over a pipe.

with browser(tmp_path) as chromium:
    seen = chromium.open(path.as_uri(), Screen(390, 800, is_dark=True))
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-pipe",
)
ENOUGH_SECONDS = 60
# It reads from descriptor 3 and writes to 4, whatever numbers our pipes have.
LAUNCHER = """
import os, sys
ends = [os.dup(int(end)) for end in sys.argv[1:3]]
for end, wanted in zip(ends, (3, 4)):
    os.dup2(end, wanted)
    os.set_inheritable(wanted, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass(frozen=True)
class Screen:
    """What a page is looked at on."""

    width: int = 1280
    height: int = 900
    is_dark: bool = False
    is_paper: bool = False


@dataclass
class Seen:
    """A page as the browser has it: what it is, what it asked for, and what was complained of."""

    session: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Browser:
    """A running Chromium. Messages of its protocol end with a NUL."""

    def __init__(self, ours: int, its: int) -> None:
        self._ours, self._its = ours, its
        self._numbers = itertools.count(1)
        self._rest = b""
        self._seen: dict[str, Seen] = {}
        self._loaded: set[str] = set()

    def open(self, address: str, screen: Screen | None = None) -> Seen:
        """Load a page to its end."""
        screen = screen or Screen()
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
        seen = Seen(attached["sessionId"])
        self._seen[seen.session] = seen
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable", {}, seen)
        self.look_on(seen, screen)
        self._loaded.discard(seen.session)
        answer = self._ask("Page.navigate", {"url": address}, seen)
        assert "errorText" not in answer, answer
        self._until(lambda: seen.session in self._loaded)
        return seen

    def look_on(self, seen: Seen, screen: Screen) -> None:
        """Another screen, or paper."""
        size = {"width": screen.width, "height": screen.height, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 1}, seen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.is_dark else "light"}
        media = "print" if screen.is_paper else "screen"
        self._ask("Emulation.setEmulatedMedia", {"media": media, "features": [scheme]}, seen)

    def evaluate(self, seen: Seen, expression: str) -> Any:
        """What an expression comes to in a page, as JSON."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._ask("Runtime.evaluate", asked, seen)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, seen: Seen, path: Path) -> Path:
        """The whole page as a PNG."""
        asked = {"captureBeyondViewport": True, "format": "png"}
        picture = self._ask("Page.captureScreenshot", asked, seen)
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    def printed(self, seen: Seen) -> bytes:
        """The page on paper, as a PDF."""
        asked = {"printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self._ask("Page.printToPDF", asked, seen)["data"])

    def _ask(self, method: str, words: dict[str, Any], seen: Seen | None = None) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": words}
        if seen is not None:
            message["sessionId"] = seen.session
        os.write(self._its, json.dumps(message).encode() + b"\0")
        answers: list[dict[str, Any]] = []
        self._until(lambda: bool(answers), number, answers)
        assert "error" not in answers[0], answers[0]
        return dict(answers[0]["result"])

    def _until(
        self, is_there: Any, number: int | None = None, answers: list[dict[str, Any]] | None = None
    ) -> None:
        while not is_there():
            message = self._next()
            if answers is not None and message.get("id") == number:
                answers.append(message)
            elif "method" in message:
                self._note(message)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._ours, 1 << 20)
            assert chunk, "the browser has gone"
            self._rest += chunk
        raw, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(raw))

    def _note(self, message: dict[str, Any]) -> None:
        seen, said = self._seen.get(message.get("sessionId", "")), message["params"]
        if seen is None:
            return
        match message["method"]:
            case "Page.loadEventFired":
                self._loaded.add(seen.session)
            case "Network.requestWillBeSent":
                seen.requests.append(said["request"]["url"])
            case "Runtime.exceptionThrown":
                seen.complaints.append(said["exceptionDetails"]["text"])
            case "Runtime.consoleAPICalled" if said["type"] in {"error", "warning", "assert"}:
                seen.complaints.append(f"console.{said['type']}: {said['args']}")
            case "Log.entryAdded" if said["entry"]["level"] in {"error", "warning"}:
                seen.complaints.append(said["entry"]["text"])


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium whose profile lies in a folder. None on a laptop skips; none in CI fails."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    to_read, its_output = os.pipe()
    its_input, to_write = os.pipe()
    command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
    running = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(its_input), str(its_output), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(its_input, its_output),
        start_new_session=True,
    )
    os.close(its_input)
    os.close(its_output)
    guard = signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(ENOUGH_SECONDS)
    try:
        yield Browser(to_read, to_write)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, guard)
        os.close(to_write)
        os.close(to_read)
        _end(running)


def _too_late(*_: object) -> None:
    pytest.fail(f"Chromium was not done within {ENOUGH_SECONDS} seconds")


def _end(running: subprocess.Popen[bytes]) -> None:
    """It ends by itself once nobody speaks to it; its helpers are of its session."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
