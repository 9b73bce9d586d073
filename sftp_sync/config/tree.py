"""YAML text as plain values, with the line of each, and every problem of the text at once.

Scalars keep what the operator wrote where YAML would damage it: `0640` and `06:30` stay text, a
date stays text, and a number remembers its spelling for the keys that want text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sftp_sync.config.problems import ConfigProblems, Problem, Where, dotted

MAX_BYTES = 10_000_000
BRACKETS = ("[", "{", '"', "'")
START = (
    "It starts with `state_dir: …`, `accounts:` and `campaigns:`; `sftp-sync sandbox` prints one."
)
STANDARD_TAG = "tag:yaml.org,2002:"


class Number(float):
    """A number with a point or an exponent, as it was written."""

    written: str

    def __new__(cls, written: str) -> Self:
        """Keep the spelling."""
        number = super().__new__(cls, written.replace("_", ""))
        number.written = written
        return number


@dataclass
class Tree:
    """The values of a file, and where they stand."""

    value: object = None
    lines: dict[Where, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of a value; of the block around it where the value is missing."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def complain(self, where: Where, message: str, line: int | None = None) -> None:
        """Note a problem at a place."""
        at = self.line(where) if line is None else line
        self.problems.append(Problem(at, dotted(where), message))


def read_tree(path: Path, hint: str = START) -> Tree:
    """The file as values with lines; `ConfigProblems` where it cannot be read at all. `hint` says
    what should stand in a file that holds no keys.
    """
    try:
        root = _composed(_text(path))
    except MarkedYAMLError as error:
        raise ConfigProblems(path, [_yaml_problem(error)]) from error
    except YAMLError as error:
        message = f"holds a character that YAML does not allow: {str(error).splitlines()[0]}."
        raise ConfigProblems(path, [Problem(0, "", message)]) from error
    if root is None:
        raise ConfigProblems(path, [Problem(0, "", f"empty. {hint}")])
    tree = Tree()
    tree.value = _Builder(tree).value(root, ())
    if not isinstance(tree.value, dict):
        raise ConfigProblems(path, [Problem(1, "", f"not a list of keys. {hint}")])
    return tree


def read_value(text: str) -> object:
    """One value as it is typed on a command line: a list or block in brackets, text in quotes, a
    number, true, false, null; anything else is text as it stands. `ValueError` says what is wrong.
    """
    if text.strip()[:1] not in BRACKETS:
        known = {"null": None, "true": True, "false": False}
        word = text.strip()
        return known[word.lower()] if word.lower() in known else _number_or_text(text)
    try:
        root = _composed(text)
    except YAMLError as error:
        raise ValueError(f"{text} is not a value: a bracket or a quote is not closed.") from error
    tree = Tree()
    tree.value = None if root is None else _Builder(tree).value(root, ())
    if tree.problems:
        raise ValueError(tree.problems[0].message)
    return tree.value


def _composed(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    # A name for another block from here on is good YAML.
    yaml.composer.warn_double_anchors = False
    root: Node | None = yaml.compose(StringIO(text))
    return root


def _number_or_text(text: str) -> object:
    number = _whole(text.strip())
    return text if number is None or str(number) != text.strip() else number


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise ConfigProblems(
                path, [Problem(0, "", "this is a directory. Name the file in it.")]
            )
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        message = "there is no such file. Name another with -c PATH."
        raise ConfigProblems(path, [Problem(0, "", message)]) from error
    except OSError as error:
        message = f"cannot be read ({error.strerror}). Run this as its owner, or change its mode."
        raise ConfigProblems(path, [Problem(0, "", message)]) from error
    if len(raw) > MAX_BYTES:
        message = "larger than 10 MB: this is no configuration. Name another file with -c PATH."
        raise ConfigProblems(path, [Problem(0, "", message)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "not UTF-8 text. Save the file as UTF-8."
        raise ConfigProblems(path, [Problem(line, "", message)]) from error


def _yaml_problem(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    said = str(error.problem or error.context)
    if "'\\t'" in said:
        message = "a tab. Indent with spaces."
    elif "expected a single document" in str(error.context):
        message = "a second document starts here (---). One file holds one configuration."
    else:
        message = f"not YAML: {said}. Look at the indentation, colons and quotes here and above."
    return Problem(line, "", message)


class _Builder:
    """Turns YAML's nodes into values, noting lines and problems in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._open: list[Node] = []

    def value(self, node: Node, where: Where) -> object:
        """What a node says."""
        self._tree.lines.setdefault(where, node.start_mark.line + 1)
        if any(node is ancestor for ancestor in self._open):
            self._tree.complain(where, "an alias (*) inside its own anchor (&). Write it out.")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, where)
        self._open.append(node)
        try:
            if isinstance(node, SequenceNode):
                return [self.value(item, (*where, i)) for i, item in enumerate(node.value)]
            return self._mapping(node, where) if isinstance(node, MappingNode) else None
        finally:
            self._open.pop()

    def _mapping(self, node: MappingNode, where: Where) -> dict[str, object]:
        built: dict[str, object] = {}
        own: dict[str, int] = {}
        for key, line, value in self._entries(node, where):
            if key in own:
                message = f"written twice; the first is on line {own[key]}. Keep one."
                self._tree.complain((*where, key), message, line)
                continue
            own[key] = self._tree.lines[(*where, key)] = line
            built[key] = self.value(value, (*where, key))
        for merged in self._merged(node, where):
            for key, line, value in self._entries(merged, where):
                if key not in built:
                    self._tree.lines[(*where, key)] = line
                    built[key] = self.value(value, (*where, key))
        return built

    def _entries(self, node: MappingNode, where: Where) -> Iterator[tuple[str, int, Node]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._tree.complain(where, "a key must be a plain word.", line)
            elif not _is_merge(key):
                yield str(key.value), line, value

    def _merged(self, node: MappingNode, where: Where) -> Iterator[MappingNode]:
        for key, value in node.value:
            if not _is_merge(key):
                continue
            blocks = value.value if isinstance(value, SequenceNode) else [value]
            for block in blocks:
                if isinstance(block, MappingNode):
                    yield block
                    yield from self._merged(block, where)
                else:
                    line = key.start_mark.line + 1
                    self._tree.complain(where, "<< takes a block of keys, as *name.", line)

    def _scalar(self, node: ScalarNode, where: Where) -> object:
        text, tag = str(node.value), str(node.tag)
        if not tag.startswith(STANDARD_TAG):
            self._tree.complain(where, f"the YAML tag {tag} means nothing here. Remove it.")
            return None
        kind = tag.removeprefix(STANDARD_TAG) if node.style is None else "str"
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int" and str(text) == str(_whole(text)):
            return int(text)
        if kind == "float" and text.lstrip("+-")[0].isdigit():
            return Number(text)
        return text


def _is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.value == "<<" and key.style is None


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
