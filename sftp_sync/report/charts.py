"""The geometry of bars: counts in, places out. Across, places are percentages, so that a page needs
no script to fit a chart into any width; up and down they are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sftp_sync.model import many
from sftp_sync.report.fates import Fate
from sftp_sync.report.spans import unit
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Day
from sftp_sync.report.wording import compact, date_of, days_of, percentage

PLOT_PIXELS = 220
TICKS = 5
DATES_BELOW = 9
FEW_BARS = 12
VERY_FEW_BARS = 5
BAR_SHARE, WIDEST_BAR = 0.76, 9.0
SEAM_PIXELS = 1.0
THINNEST_WITH_SEAM = 3.0
ROOM_FOR_LABEL = 11.0
THINNEST_PIECE = 0.6


@dataclass(frozen=True)
class Piece:
    """A part of a bar: where it begins, how far it reaches, and what is written into it."""

    fate: Fate
    number: int
    begin: float
    length: float
    label: str = ""


@dataclass(frozen=True)
class Column:
    """The bar of a day. `is_minor` labels give way where the page is narrow."""

    begin: float
    middle: float
    width: float
    pieces: tuple[Piece, ...]
    title: str
    top: float
    number: str = ""
    date: str = ""
    is_minor: bool = False


@dataclass(frozen=True)
class Tick:
    """A line across, with its number."""

    at: float
    label: str


@dataclass(frozen=True)
class ColumnChart:
    """Bars that stand side by side, one for each day."""

    height: int
    ticks: tuple[Tick, ...]
    columns: tuple[Column, ...]
    unit: str
    summary: str


def column_chart(bars: Sequence[Day]) -> ColumnChart:
    """Outcomes over time."""
    step = _step(max((bar.tally.total for bar in bars), default=0))
    highest = max((bar.tally.total for bar in bars), default=0)
    ceiling = step * max(1, math.ceil(highest / step))
    ticks = range(0, ceiling + 1, step)
    return ColumnChart(
        height=PLOT_PIXELS,
        ticks=tuple(Tick(_up(number, ceiling), compact(number)) for number in ticks),
        columns=tuple(_column(bars, at, ceiling) for at in range(len(bars))),
        unit=unit(bars),
        summary=_summary(bars),
    )


def stacked_bar(tally: Tally) -> tuple[Piece, ...]:
    """The fates of some rows as parts of one bar, as percentages of it."""
    there = [(fate, tally.fates[fate]) for fate in Fate if tally.fates.get(fate)]
    # A few rows among very many must be seen too; the others make room.
    lengths = [max(THINNEST_PIECE, 100 * number / tally.total) for _, number in there]
    pieces: list[Piece] = []
    begin = 0.0
    for (fate, number), wanted in zip(there, lengths, strict=True):
        length = 100 * wanted / sum(lengths)
        label = percentage(number, tally.total) if length >= ROOM_FOR_LABEL else ""
        pieces.append(Piece(fate, number, round(begin, 3), round(length, 3), label))
        begin += length
    return tuple(pieces)


def bar_title(tally: Tally) -> str:
    """A bar in words, for whoever cannot see it."""
    parts = [f"{tally.fates[fate]:,} {fate.words}" for fate in Fate if tally.fates.get(fate)]
    return f"{many(tally.total, 'row')}: {', '.join(parts)}" if parts else "no rows"


def _column(bars: Sequence[Day], at: int, ceiling: int) -> Column:
    bar, slot = bars[at], 100 / len(bars)
    width = min(slot * BAR_SHARE, WIDEST_BAR)
    middle = (at + 0.5) * slot
    # Counted from the last bar, so that the latest day always has its date.
    back, every = len(bars) - 1 - at, math.ceil(len(bars) / DATES_BELOW)
    highest = max(range(len(bars)), key=lambda one: bars[one].tally.total)
    has_number = bar.tally.total and (len(bars) <= FEW_BARS or at == highest)
    return Column(
        begin=round(middle - width / 2, 3),
        middle=round(middle, 3),
        width=round(width, 3),
        pieces=tuple(_standing(bar.tally, ceiling)),
        title=f"{days_of(bar)}: {bar_title(bar.tally)}",
        top=_up(bar.tally.total, ceiling),
        number=label_of(bar.tally.total) if has_number else "",
        date=date_of(bar) if back % every == 0 else "",
        is_minor=bool(back // every % 2) and len(bars) > VERY_FEW_BARS,
    )


def _standing(tally: Tally, ceiling: int) -> list[Piece]:
    pieces, below = [], 0
    for fate in Fate:
        number = tally.fates.get(fate, 0)
        if number:
            top, bottom = _up(below + number, ceiling), _up(below, ceiling)
            seam = SEAM_PIXELS if bottom - top >= THINNEST_WITH_SEAM else 0.0
            pieces.append(Piece(fate, number, round(top, 2), round(bottom - top - seam, 2)))
            below += number
    return pieces


def _up(number: int, ceiling: int) -> float:
    return round(PLOT_PIXELS * (1 - number / ceiling), 2)


def label_of(number: int) -> str:
    """A number over a bar, in as few signs as it takes."""
    exact = 10_000
    return f"{number:,}" if number < exact else compact(round(number, 1 - len(str(number)) + 2))


def _step(highest: int) -> int:
    """The distance of lines: 1, 2, 5, 10, 20, 50, …, at most five of them."""
    least = max(1, math.ceil(highest / TICKS))
    power = int("1".ljust(len(str(least)), "0"))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least)


def _summary(bars: Sequence[Day]) -> str:
    counted = [bar for bar in bars if bar.tally.total]
    if not counted:
        return "No rows in this time."
    best = max(counted, key=lambda bar: bar.tally.total)
    total = sum(bar.tally.total for bar in counted)
    return (
        f"{many(total, 'row')} on {many(len(counted), unit(bars))} of {len(bars)};"
        f" most, {best.tally.total:,}, on {days_of(best)}."
    )
