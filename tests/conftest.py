"""What pytest needs to know before it reads any test."""

import pytest
from hypothesis import HealthCheck, settings

# What the helpers assert is to be told as fully as what the tests assert.
pytest.register_assert_rewrite("tests.support")

from tests.support.examples import examples  # noqa: E402 - only now may they be imported

# How long an example takes says something of the machine and its guests, nothing of the code.
settings.register_profile(
    "any machine",
    parent=settings(),
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: several workers then end at the same time. What is thorough
    through the installed command runs with what is slow.
    """
    for item in items:
        if "system" in item.path.parts and item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_haste)


def _haste(item: pytest.Item) -> float:
    if item.get_closest_marker("slow") is None:
        return 0.0
    patience = item.get_closest_marker("timeout")
    return -1.0 if patience is None else -float(patience.args[0])
