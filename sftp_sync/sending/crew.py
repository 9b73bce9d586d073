"""The threads of an account: as many as requests may be under way."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


class Crew(Generic[T]):
    """Does pieces of work side by side, and hands back what came of them in the order they end.

    The threads do not keep the process alive: what they are at when it ends is as after a crash.
    """

    def __init__(self, name: str, size: int) -> None:
        self.under_way = 0
        self._work: queue.SimpleQueue[Callable[[], T] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True)
            for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, work: Callable[[], T]) -> None:
        """Hand over a piece of work; a thread is free for it."""
        self.under_way += 1
        self._work.put(work)

    def next_done(self, within_seconds: float) -> T | None:
        """What came of the next piece of work, or its error; None where none ended in time."""
        try:
            answer = self._done.get(timeout=max(within_seconds, 0))
        except queue.Empty:
            return None
        self.under_way -= 1
        return answer()

    def dismiss(self) -> None:
        """No more work."""
        for _ in self._threads:
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            self._done.put(_outcome_of(work))


def _outcome_of(work: Callable[[], T]) -> Callable[[], T]:
    """Do it now; what it came to, value or error, is had when it is asked for."""
    try:
        done = work()
    except BaseException as error:  # noqa: BLE001 - raised again by whoever asks
        return partial(_fail, error)
    return lambda: done


def _fail(error: BaseException) -> NoReturn:
    raise error
