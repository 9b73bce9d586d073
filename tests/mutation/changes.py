"""Small changes to a module, each a fault that somebody could make.

for variant in variants(ast.parse(source)):
    variant.text()  # the module with this fault
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

OPPOSITES: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Their arguments are conditions that all must hold.
CONJUNCTIONS = {"where", "and_", "having", "filter"}
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MORE_THAN_A_FEW = 2
# Of a long place only what is near the fault is shown.
CONTEXT = 30
IN_TEXT = (ast.JoinedStr, ast.FormattedValue)
NOT_RUN = {"annotation", "returns", "decorator_list", "type_params"}


@dataclass(frozen=True)
class Variant:
    """One fault, in a tree that is otherwise as it was written."""

    tree: ast.Module
    holder: tuple[ast.AST, str, int | None]
    node: ast.AST
    other: ast.AST
    # The functions and classes that it is in.
    place: str
    lines: range

    @property
    def is_in_function(self) -> bool:
        """Whether the place does not run when the module is imported."""
        return self.place.endswith("()")

    @property
    def said(self) -> str:
        """What was there, and what is there instead."""
        before, after = (" ".join(ast.unparse(one).split()) for one in (self.node, self.other))
        first = max(0, _same(before, after) - CONTEXT)
        last = -max(0, _same(before[: first - 1 : -1], after[: first - 1 : -1]) - CONTEXT) or None
        return f"{before[first:last]} → {after[first:last]}"

    def text(self) -> str:
        """The module with this fault."""
        self._put(self.other)
        try:
            return ast.unparse(ast.fix_missing_locations(self.tree))
        finally:
            self._put(self.node)

    def _put(self, node: ast.AST) -> None:
        parent, field, index = self.holder
        if index is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[index] = node


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def variants(tree: ast.Module) -> Iterator[Variant]:
    """Every change that is worth a test, in the order of the text."""
    yield from _below(tree, tree, "", range(1, 2))


def _below(tree: ast.Module, parent: ast.AST, place: str, lines: range) -> Iterator[Variant]:
    for field, index, child in _children(parent):
        own = lines
        # Inside a formatted text Python 3.11 knows no lines.
        if isinstance(child, ast.stmt | ast.expr) and not isinstance(parent, IN_TEXT):
            own = range(child.lineno, (child.end_lineno or child.lineno) + 1)
        for other in _others(child, field):
            yield Variant(tree, (parent, field, index), child, other, place or "module", own)
        deeper = place
        if isinstance(child, ast.arguments):
            # Defaults are worked out when the function is made.
            deeper = place.removesuffix("()")
        elif isinstance(child, NAMED):
            call = "" if isinstance(child, ast.ClassDef) else "()"
            deeper = f"{place}.{child.name}{call}".removeprefix(".")
        yield from _below(tree, child, deeper, own)


def _children(parent: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(parent):
        if field in NOT_RUN or (field == "slice" and isinstance(value, ast.Tuple)):
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from (
                (field, index, child)
                for index, child in enumerate(value)
                if isinstance(child, ast.AST) and not _is_no_code(parent, child)
            )


def _is_no_code(parent: ast.AST, child: ast.AST) -> bool:
    match child:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case _:
            # A formatted text is changed as a whole.
            return isinstance(parent, ast.JoinedStr) and isinstance(child, ast.Constant)


def _others(node: ast.AST, field: str) -> Iterator[ast.AST]:
    """What could stand there by mistake."""
    if isinstance(node, ast.stmt):
        yield from _other_statements(node)
    elif isinstance(node, ast.expr):
        if field in {"test", "ifs", "guard"} and not isinstance(node, ast.Constant):
            yield from (ast.Constant(True), ast.Constant(False))
        yield from _other_operators(node)
        yield from _other_values(node)
        yield from _other_collections(node)


def _other_statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case _:
            pass


def _other_operators(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(OPPOSITES[type(op)](), values)
            for rest in _without_one(values):
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.Compare(left=left, ops=[first, *more], comparators=others):
            yield ast.Compare(left, [OPPOSITES[type(first)](), *more], others)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPPOSITES:
            yield ast.BinOp(left, OPPOSITES[type(op)](), right)
            if isinstance(op, ast.BitAnd | ast.BitOr):
                yield from (left, right)
        case _:
            pass


def _other_values(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=value):
            yield from _other_constants(value)
        case ast.JoinedStr(values=values):
            yield ast.JoinedStr([ast.Constant("XX"), *values])
        case ast.Name(id=name, ctx=ast.Load()) if name in OTHER_NAMES:
            yield ast.Name(OTHER_NAMES[name], ast.Load())
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(func=func, args=args, keywords=keywords):
            yield from (ast.Call(func, args, rest) for rest in _without_one(keywords, 0))
            if getattr(func, "attr", getattr(func, "id", "")) in CONJUNCTIONS:
                yield from (ast.Call(func, rest, keywords) for rest in _without_one(args))
        case _:
            pass


def _other_collections(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Tuple(elts=elements, ctx=ast.Load()):
            yield from (ast.Tuple(rest, ast.Load()) for rest in _without_one(elements))
        case ast.Set(elts=elements):
            yield from (ast.Set(rest) for rest in _without_one(elements))
        case ast.Dict(keys=keys, values=values):
            for rest in _without_one(list(zip(keys, values, strict=True)), 0):
                yield ast.Dict([key for key, _ in rest], [value for _, value in rest])
        case _:
            pass


def _other_constants(value: object) -> Iterator[ast.AST]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int() | float():
            # A limit is tested by what compares with it: only its size is at stake here.
            yield ast.Constant(value * 2 if value > MORE_THAN_A_FEW else value + 1)
        case str():
            yield ast.Constant(f"XX{value}")
        case bytes():
            yield ast.Constant(b"XX" + value)
        case _:
            pass


def _without_one(elements: Sequence[Any], at_least: int = 1) -> Iterator[list[Any]]:
    """Each way to leave one of several out."""
    for left_out in range(len(elements)) if len(elements) > at_least else ():
        yield [one for index, one in enumerate(elements) if index != left_out]
