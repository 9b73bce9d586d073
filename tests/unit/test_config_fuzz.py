"""Whatever an editor, a template or a tired operator makes of the example: a configuration, or a
list of problems with lines, and never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sftp_sync.config import ConfigProblems, Problem, load
from tests.support.examples import examples

EXAMPLE = (Path(__file__).parents[2] / "config.example.yaml").read_text("utf-8").splitlines()
LINES = [re.sub(r"\s+#.*", "", line) for line in EXAMPLE if not line.startswith("#")]
VALUES = [
    *("", "null", "true", "0", "-1", "1.5", "1e400", ".nan", "99999999999999999999", "[]", "{}"),
    *("[[]]", "{a: {b: c}}", "''", "' '", '"\\0"', "*nowhere", "&a x", "!!int x", "!!binary eA=="),
    *("{env: [a]}", "{file: null}", "{credential: 1}", "{every: {}}", "{cron: 5}", "{by: null}"),
    *("{cron: '* * * * 9'}", "http://[", "//", "2026-13-45", "0o8", "0x", "\u2028", "é", "@"),
    *(
        "{{",
        "<<",
        "<<: x",
        "? x",
        "9" * 400,
        "9" * 5000,
        "nan",
        "!!float 1x",
        "!!float",
        "!!int None",
    ),
    *(
        '"\\UFFFFFFFF"',
        '"\\ud800"',
        "&a [*a]",
        "[" * 600,
        "{a: " * 600,
        "[" * 60 + "]" * 60,
        "{a, a}",
    ),
    *("&a {<<: *a}", "&a {<<: [*a]}", "&a {b: {<<: *a}}", "a*" * 2000, "x" * 70_000, "a..b:80"),
]
edits = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1),
        st.one_of(
            st.none(),
            st.sampled_from(VALUES).map(lambda value: ("value", value)),
            st.sampled_from(
                ("  ", "\t", "- ", "? ", "x", "x: &a\n  <<: *a\n", "%YAML 1.1\n---\n")
            ).map(lambda text: ("before", text)),
            st.text(max_size=8).map(lambda text: ("after", text)),
        ),
    ),
    min_size=1,
    max_size=4,
)


def edited(line: str, edit: tuple[str, str] | None) -> str:
    match edit:
        case ("value", value):
            return f"{line.split(':', maxsplit=1)[0]}: {value}"
        case ("before", text):
            return text + line
        case ("after", text):
            return line + text
        case _:
            return ""


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits)
def test_a_damaged_configuration_has_problems_and_no_traceback(
    tmp_path: Path, changes: list[tuple[int, tuple[str, str] | None]]
) -> None:
    lines = LINES.copy()
    for position, edit in changes:
        lines[position] = edited(lines[position], edit)
    path = tmp_path / "config.yaml"
    text = "\n".join(lines)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for problem in problems_of(path):
        assert 0 <= problem.line <= text.count("\n") + 2
        assert "pydantic" not in problem.message


def problems_of(path: Path) -> tuple[Problem, ...]:
    try:
        load(path, {})
    except ConfigProblems as error:
        return error.problems
    return ()


@pytest.mark.parametrize("value", VALUES)
def test_any_value_at_every_key_has_problems_and_no_traceback(value: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("\n".join(edited(line, ("value", value)) for line in LINES))
    assert problems_of(path)


@pytest.mark.slow
@pytest.mark.parametrize("value", VALUES)
def test_any_value_at_any_one_key_has_no_traceback(value: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    block = re.compile(r"^(\s*[\w-]+): (?!$)")
    for position, line in enumerate(LINES):
        if match := block.match(line):
            lines = [*LINES[:position], f"{match[1]}: {value}", *LINES[position + 1 :]]
            path.write_text("\n".join(lines))
            problems_of(path)
