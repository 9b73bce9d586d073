"""Made-up lists for property tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.examples import examples

FEW = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"])
CELLS = st.text(CHARACTERS, max_size=12)
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@st.composite
def grids(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELLS) -> list[list[str]]:
    """A header whose names differ, and rows with something in each."""
    header = draw(st.lists(NAMES, min_size=2, max_size=5, unique_by=str.casefold))
    rows = st.lists(cells, min_size=len(header), max_size=len(header)).filter(
        lambda row: any(cell.strip() for cell in row)
    )
    return [header, *draw(st.lists(rows, max_size=6))]
