"""The faults that `make mutants` tries are ones that somebody could make, each of them once."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.changes import variants


def faults(source: str) -> set[str]:
    """What each fault makes of a text, as Python would write it."""
    tree = ast.parse(source)
    made = {variant.text() for variant in variants(tree)}
    assert ast.unparse(tree) == ast.unparse(ast.parse(source))
    return made


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a is None", {"x = a is not None"}),
        ("x = a and b", {"x = a or b", "x = a", "x = b"}),
        ("x = not a", {"x = a"}),
        ("x = 1", {"x = 2"}),
        ("x = 500", {"x = 1000"}),
        ("x = True", {"x = False"}),
        ("x = 'a'", {"x = 'XXa'"}),
        ("x = f'a{b}'", {"x = f'XXa{b}'"}),
        ("x = a + b", {"x = a - b"}),
        ("x = max(a)", {"x = min(a)"}),
        (
            "x = a if b else c",
            {"x = c if b else a", "x = a if True else c", "x = a if False else c"},
        ),
        ("x = f(a, b=c)", {"x = f(a)"}),
        ("x = q.where(a, b)", {"x = q.where(a)", "x = q.where(b)"}),
        ("x = {a, b}", {"x = {a}", "x = {b}"}),
        ("x = {a: b}", {"x = {}"}),
        ("x.y = a", {"pass"}),
        ("f()", {"pass"}),
        ("if a:\n    b = c", {"if True:\n    b = c", "if False:\n    b = c"}),
        ("for a in b:\n    break", {"for a in b:\n    continue"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("def f(a: int | None) -> X[1]:\n    '''A docstring.'''", set()),
        ("import a", set()),
    ],
)
def test_a_text_is_changed_in_each_way_that_matters(source: str, made: set[str]) -> None:
    assert faults(source) == made


def test_a_fault_says_where_it_is_and_what_it_is() -> None:
    source = "class A:\n    def f(self):\n        return self.a\n"
    (fault,) = variants(ast.parse(source))
    assert (fault.place, fault.lines, fault.is_in_function) == ("A.f()", range(3, 4), True)
    assert fault.said == "return self.a → return None"


def test_a_default_belongs_to_the_module_that_makes_the_function() -> None:
    (fault,) = variants(ast.parse("def f(a=True):\n    pass\n"))
    assert (fault.place, fault.is_in_function) == ("f", False)


def test_of_a_long_place_only_what_is_near_the_fault_is_said() -> None:
    (fault,) = variants(ast.parse(f"x = {'a' * 90} < {'b' * 90}"))
    assert fault.said == f"{'a' * 28} < {'b' * 29} → {'a' * 28} <= {'b' * 29}"
