"""What pytest needs to know before it reads any test."""

import pytest

# What the helpers assert is to be told as fully as what the tests assert.
pytest.register_assert_rewrite("tests.support")
