"""The vendors that make the calls."""
