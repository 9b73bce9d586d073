"""What reading one file may take: memory and time, by its size."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000
# A million rows of a workbook take some 200 MB, in all.
MEMORY, MEMORY_FOR_A_BYTE, MOST_MEMORY = 768 * MEGABYTE, 2, 1536 * MEGABYTE
# A workbook of a million like rows is a few megabytes, and takes a minute or two.
SECONDS, SECONDS_FOR_A_MEGABYTE, MOST_SECONDS = 60, 30, 3_600
# A crowded machine gives a reader a tenth of a core.
PATIENCE = 10


@dataclass(frozen=True)
class Bounds:
    """Bytes of address space, and seconds of processor time."""

    memory: int
    seconds: int

    @classmethod
    def of(cls, size: int) -> Bounds:
        """For a file of so many bytes."""
        return cls(
            memory=min(MEMORY + MEMORY_FOR_A_BYTE * size, MOST_MEMORY),
            seconds=min(SECONDS + SECONDS_FOR_A_MEGABYTE * size // MEGABYTE, MOST_SECONDS),
        )

    @property
    def patience(self) -> float:
        """Seconds of waiting for it in all. A reader whose rows nobody takes yet is not late."""
        return float(self.seconds * PATIENCE)
