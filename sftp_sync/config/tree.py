"""YAML text as plain values, with the line of each, and every problem of the text at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sftp_sync.config.nodes import MOST_LEVELS, TOO_DEEP, NotYaml, composed
from sftp_sync.config.problems import ConfigProblems, Problem, Where, dotted, one_line
from sftp_sync.config.scalars import require_whole_characters, scalar, whole

MAX_BYTES = 10_000_000
MOST_VALUES = 200_000
TOO_MANY = "aliases (*) of aliases make this larger than any configuration. Write it out."
BRACKETS = ("[", "{", '"', "'")
START = (
    "It starts with `state_dir: …`, `accounts:` and `campaigns:`; `sftp-sync sandbox` prints one."
)
NAMED = ("accounts", "campaigns")
# What stands below these is a secret, also where it is no word and no block.
SECRETS = (
    *("database", "token", "password", "private_key", "private_key_passphrase"),
    *("webhook", "smtp"),
)
INSIDE_ITSELF = "an alias (*) inside its own anchor (&). Write it out."


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
        """Note a problem at a place. What was written in place of a secret names no place."""
        at = self.line(where) if line is None else line
        self.problems.append(Problem(at, dotted(_above_secrets(where)), one_line(message)))


def _above_secrets(where: Where) -> Where:
    names = 2 if where[:1] and where[0] in NAMED else 0
    for position, part in enumerate(where):
        if position >= names and part in SECRETS:
            return where[: position + 1]
    return where


def read_tree(path: Path, hint: str = START) -> Tree:
    """The file as values with lines; `ConfigProblems` where it cannot be read at all. `hint` says
    what should stand in a file that holds no keys.
    """
    try:
        root = composed(_text(path))
        if root is None:
            raise ConfigProblems(path, [Problem(0, "", f"empty. {hint}")])
        tree = _built(root)
    except NotYaml as error:
        raise ConfigProblems(path, [error.problem]) from None
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
        root = composed(text)
        tree = Tree() if root is None else _built(root)
    except NotYaml:
        raise ValueError(f"{text} is not a value: a bracket or a quote is not closed.") from None
    if tree.problems:
        raise ValueError(tree.problems[0].message)
    return tree.value


def _built(root: Node) -> Tree:
    tree = Tree()
    tree.value = _Builder(tree).value(root, ())
    return tree


def _number_or_text(text: str) -> object:
    number = whole(text.strip())
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
    except PermissionError as error:
        message = f"cannot be read ({error.strerror}). Put `sudo` before what you have typed."
        raise ConfigProblems(path, [Problem(0, "", message)]) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}."
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


class _Builder:
    """Turns YAML's nodes into values, noting lines and problems in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._open: tuple[Node, ...] = ()
        self._left = MOST_VALUES

    def value(self, node: Node, where: Where) -> object:
        """What a node says."""
        self._tree.lines.setdefault(where, node.start_mark.line + 1)
        if self._is_among(node, self._open):
            self._tree.complain(where, INSIDE_ITSELF)
            return None
        self._spend(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node, where)
        self._open += (node,)
        try:
            if isinstance(node, SequenceNode):
                return [self.value(item, (*where, i)) for i, item in enumerate(node.value)]
            return self._mapping(node, where) if isinstance(node, MappingNode) else None
        finally:
            self._open = self._open[:-1]

    def _is_among(self, node: Node, others: tuple[Node, ...]) -> bool:
        return any(node is other for other in others)

    def _spend(self, node: Node) -> None:
        """A few lines of aliases to aliases say more than any machine holds."""
        self._left -= 1
        if self._left < 0 or len(self._open) >= MOST_LEVELS:
            message = TOO_MANY if self._left < 0 else TOO_DEEP
            raise NotYaml(Problem(node.start_mark.line + 1, "", message))

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
        for merged in self._merged(node, where, self._open):
            for key, line, value in self._entries(merged, where):
                if key not in built:
                    self._tree.lines[(*where, key)] = line
                    built[key] = self.value(value, (*where, key))
        return built

    def _entries(self, node: MappingNode, where: Where) -> Iterator[tuple[str, int, Node]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            if fault := _fault_of(key, value, in_brackets=bool(node.flow_style)):
                self._tree.complain(where, fault, line)
            elif not _is_merge(key):
                yield str(key.value), line, value

    def _merged(
        self, node: MappingNode, where: Where, above: tuple[Node, ...]
    ) -> Iterator[MappingNode]:
        for key, value in node.value:
            if not _is_merge(key):
                continue
            line = key.start_mark.line + 1
            blocks = value.value if isinstance(value, SequenceNode) else [value]
            for block in blocks:
                self._spend(block)
                if self._is_among(block, above):
                    self._tree.complain(where, INSIDE_ITSELF, line)
                elif isinstance(block, MappingNode):
                    yield block
                    yield from self._merged(block, where, (*above, block))
                else:
                    self._tree.complain(where, "<< takes a block of keys, as *name.", line)

    def _scalar(self, node: ScalarNode, where: Where) -> object:
        try:
            return scalar(node)
        except ValueError as error:
            self._tree.complain(where, str(error))
            return None


def _fault_of(key: Node, value: Node, *, in_brackets: bool) -> str | None:
    """Why this is no key and value. A secret with `,` or `:` in it may look like one."""
    if not isinstance(key, ScalarNode):
        return "a key must be a plain word."
    name, colon, _ = str(key.value).partition(":")
    if colon and name in SECRETS:
        return f"{name}: needs a space after its colon."
    if in_brackets and isinstance(value, ScalarNode) and not value.value and value.style is None:
        return "a word without a value. Text with , [ ] { } in it must be in quotes."
    try:
        require_whole_characters(str(key.value))
    except ValueError as error:
        return f"a key {error}"
    return None


def _is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.value == "<<" and key.style is None
