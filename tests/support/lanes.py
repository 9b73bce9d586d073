"""What every crash walk shares: folders in memory, and points walked on several lanes at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one
Lane = TypeVar("Lane")


@contextmanager
def lane_folder() -> Iterator[Path]:
    """A folder of a lane's own, in memory where that can be."""
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="lane-", dir=memory) as folder:
        yield Path(folder)


def walk_on_all(
    lanes: Sequence[Lane], points: Iterable[int], act: Callable[[Lane, int], None]
) -> list[str]:
    """Act at all these points, on all lanes at once; every failure is told with its point."""
    free: SimpleQueue[Lane] = SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def one(point: int) -> str | None:
        lane = free.get()
        try:
            act(lane, point)
        except AssertionError as error:
            return f"{point}: {error}"
        finally:
            free.put(lane)
        return None

    with ThreadPoolExecutor(len(lanes)) as crew:
        return [said for said in crew.map(one, points) if said is not None]
