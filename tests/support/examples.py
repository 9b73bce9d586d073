"""How many examples stand for all: a part at a desk, every one in CI.

    @settings(max_examples=examples(3_000))
    @pytest.mark.parametrize("phone", some(PHONES, 5))

CI sets EVERY_EXAMPLE in one of its passes; what `some` leaves out at a desk is marked `thorough`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

EVERY_EXAMPLE = os.environ.get("EVERY_EXAMPLE") == "1"
PART = 10
AT_LEAST = 10


def examples(every: int) -> int:
    """So many are tried here, where CI tries every one."""
    return every if EVERY_EXAMPLE else max(every // PART, min(every, AT_LEAST))


def some(values: Sequence[Any], many: int) -> list[Any]:
    """The values as parameters: so many of them at a desk, evenly spread, and all in CI."""
    at_a_desk = {number * len(values) // many for number in range(many)}
    return [
        value if number in at_a_desk else pytest.param(value, marks=pytest.mark.thorough)
        for number, value in enumerate(values)
    ]
