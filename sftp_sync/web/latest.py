"""A value that is made anew when it has grown old, by one thread, however many ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
TIMES_ITS_LENGTH = 10


class Latest(Generic[T]):
    """Who asks waits a little for a new one, and takes the one before where that is not enough: a
    page must not hang because much is going on.
    """

    def __init__(
        self,
        make: Callable[[], T],
        crew: ThreadPoolExecutor,
        monotonic: Callable[[], float],
        *,
        fresh_seconds: float,
    ) -> None:
        self._make = make
        self._crew = crew
        self._monotonic = monotonic
        self._fresh_seconds = fresh_seconds
        self._guard = threading.Lock()
        self._coming: Future[T] | None = None
        self._value: T | None = None
        self._fresh_until = float("-inf")

    def get(self, patience_seconds: float) -> T | None:
        """The value; None where there is none yet when patience is at its end. What making it
        raises is raised here.
        """
        with self._guard:
            if self._monotonic() < self._fresh_until:
                return self._value
            coming = self._begun()
        with suppress(NotYetError):
            return coming.result(patience_seconds)
        return self._value

    def first(self) -> T:
        """The value that is being made, however long it takes."""
        with self._guard:
            coming = self._begun()
        return coming.result()

    def _begun(self) -> Future[T]:
        if self._coming is None:
            self._coming = self._crew.submit(self._renew)
        return self._coming

    def _renew(self) -> T:
        began = self._monotonic()
        try:
            value = self._make()
        except BaseException:
            with self._guard:
                self._coming = None
            raise
        # What takes long is made more seldom: looking must not be most of what we do.
        ended = self._monotonic()
        pause = max(self._fresh_seconds, TIMES_ITS_LENGTH * (ended - began))
        with self._guard:
            self._value, self._fresh_until, self._coming = value, ended + pause, None
        return value
