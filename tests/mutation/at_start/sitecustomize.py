"""Measures every Python that a test starts, if `make mutants` asks for it."""

import os

if "COVERAGE_PROCESS_START" in os.environ:
    import coverage

    coverage.process_startup()

    def _be_of_the_test() -> None:
        """What runs from here on runs for the test that runs now."""
        measured = coverage.Coverage.current()
        if measured is not None and (name := os.environ.get("MUTANTS_TEST_NAMED_IN")):
            try:
                with open(name, encoding="utf-8") as file:  # noqa: PTH123 - early, and often
                    measured.switch_context(file.read())
            except OSError:
                pass  # no test runs

    _be_of_the_test()
    os.register_at_fork(after_in_child=_be_of_the_test)
