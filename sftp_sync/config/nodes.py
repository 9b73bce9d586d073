"""YAML text as nodes, or what is wrong with it in a sentence of our own: those of the library quote
the text, and what cannot be read may be a secret.
"""

from __future__ import annotations

import re
from contextlib import suppress
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from sftp_sync.config.problems import Problem

MOST_LEVELS = 50
TOO_DEEP = f"nested too deeply: more than {MOST_LEVELS} blocks inside each other."
IN_QUOTES = "a value that begins with {} must be in quotes."
TAG = IN_QUOTES.format("!")
OPEN_QUOTE = "a quote that is not closed."
LOOK = "Look at the indentation, colons and quotes here and above."
# What the library says, and what we say; the first that fits counts.
GLUED = re.compile(r"\s*(?:- )?(?P<key>[A-Za-z_]\w*):[^\s/]")
SENTENCES = {
    "found undefined alias": f"{IN_QUOTES.format('*')} As an alias it has no anchor (&) above.",
    "scanning an alias": IN_QUOTES.format("*"),
    "scanning an anchor": IN_QUOTES.format("&"),
    "undefined tag handle": TAG,
    **dict.fromkeys(("scanning a tag", "scanning an tag", "parsing a tag", "parsing an tag"), TAG),
    r"character '\t' that cannot start": "a tab. Indent with spaces.",
    "that cannot start any token": IN_QUOTES.format("%, @ or `"),
    "scanning a directive": IN_QUOTES.format("%"),
    "scanning a block scalar": IN_QUOTES.format("| or >"),
    "scanning a quoted scalar": OPEN_QUOTE,
    "scanning a double-quoted scalar": r"\ in double quotes begins an escape. Write \\ for it.",
    "expected a single document": (
        "a second document starts here (---). One file holds one configuration."
    ),
    **{
        phrase: f"not YAML: {phrase}. {LOOK}"
        for phrase in (
            *("mapping values are not allowed here", "mapping keys are not allowed here"),
            *("sequence entries are not allowed here", "could not find expected ':'"),
            *("expected ',' or ']'", "expected ',' or '}'", "expected <block end>"),
        )
    },
}


class NotYaml(Exception):
    """The text has no values. The problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def composed(text: str) -> Node | None:
    """The node at the top; None where there is none, and `NotYaml` where the text is wrong."""
    try:
        root: Node | None = _yaml().compose(StringIO(text))
    except MarkedYAMLError as error:
        raise NotYaml(_colon_without_space(text, error) or _problem(error)) from None
    except ReaderError as error:
        line = text.count("\n", 0, text.find(_character(error))) + 1
        raise NotYaml(Problem(line, "", "holds a character that YAML does not allow.")) from None
    except RecursionError:
        raise NotYaml(Problem(_last_line(text), "", TOO_DEEP)) from None
    except (YAMLError, ValueError, ArithmeticError):
        raise NotYaml(Problem(_last_line(text), "", f"not YAML. {LOOK}")) from None
    return root


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    # A name for another block from here on is good YAML.
    yaml.composer.warn_double_anchors = False
    return yaml


def _problem(error: MarkedYAMLError) -> Problem:
    said = f"{error.context} {error.problem}"
    message = next((ours for phrase, ours in SENTENCES.items() if phrase in said), None)
    mark = error.problem_mark or error.context_mark
    if message == OPEN_QUOTE:
        mark = error.context_mark
    return Problem(mark.line + 1 if mark else 0, "", message or f"not YAML. {LOOK}")


def _colon_without_space(text: str, error: MarkedYAMLError) -> Problem | None:
    """The line above the one that YAML complains of, or that one, where it is a key and its value
    with nothing between them.
    """
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()[: mark.line + 1] if mark else []
    for number in range(len(lines), max(len(lines) - 2, 0), -1):
        if found := GLUED.match(lines[number - 1]):
            return Problem(number, "", f"a space is missing after the colon of {found['key']}:")
    return None


def _character(error: ReaderError) -> str:
    return chr(error.character) if isinstance(error.character, int) else str(error.character)


def _last_line(text: str) -> int:
    """Where reading ends: at one level too many, or at what the library stumbles over."""
    line = depth = 0
    with suppress(YAMLError, ValueError, ArithmeticError):
        for event in _yaml().parse(StringIO(text)):
            line = event.end_mark.line + 1
            depth += isinstance(event, CollectionStartEvent)
            depth -= isinstance(event, CollectionEndEvent)
            if depth > MOST_LEVELS:
                break
    return line
