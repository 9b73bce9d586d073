"""What a partner's server has refused during one run: it is not asked for the same again in it."""

from __future__ import annotations

from dataclasses import dataclass, field

ENOUGH_IN_A_ROW = 10


@dataclass
class Refusals:
    """One refusal must not hold up what would be permitted, and many in a row mean that nothing
    is: then the server is left in peace until the next run.
    """

    refused: set[int] = field(default_factory=set)
    _in_a_row: int = 0

    def note(self, number: int) -> None:
        """This one was refused."""
        self.refused.add(number)
        self._in_a_row += 1

    def end_row(self) -> None:
        """Something was permitted."""
        self._in_a_row = 0

    def is_worth_asking(self, number: int) -> bool:
        """Whether to try this one in this run."""
        return self._in_a_row < ENOUGH_IN_A_ROW and number not in self.refused
