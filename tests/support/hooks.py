"""A webhook on this machine that keeps what it is told, and answers as it is asked to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hook:
    """Its address, what it was told, and what it answers next: then 200."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    beats: int = 0

    @property
    def events(self) -> list[tuple[str, str, str]]:
        """All events that were taken: what, of whom, why."""
        return [
            (one["event"], one["scope"], one["cause"])
            for document in self.told
            for one in document["events"]
        ]


@contextmanager
def a_hook() -> Iterator[Hook]:
    """A running webhook."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hook.beats += 1
            self._answer(b'{"events": []}')

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            status = hook.answers.pop(0) if hook.answers else 200
            hook.headers.append(dict(self.headers))
            if status == 200:
                hook.told.append(json.loads(body))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{hook.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=very-secret"
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    try:
        yield hook
    finally:
        server.shutdown()
        serving.join(5)
        server.server_close()
