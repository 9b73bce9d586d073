"""XML without the parts of it that can hurt: no document types, no entities of one's own; no piece
of markup, no depth and no number of names without bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, ClassVar
from xml.parsers import expat

_CHUNK_BYTES = 65_536
# A tag or a comment is begun again with every chunk until its end has come.
_LONGEST_MARKUP_BYTES = 1_048_576
_DEEPEST = 100
# The parser keeps every name that it has met.
_MOST_NAMES = 10_000
_FOREIGN = "?"
_ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
# A spreadsheet's own limit, and how many characters one of them can take as `_x000D_`.
MAX_CELL_CHARACTERS = 32_767
_MAX_WRITTEN_CHARACTERS = 7 * MAX_CELL_CHARACTERS
_TOO_LONG = "a cell is longer than any spreadsheet writes"

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]


def parse_stream(parser: expat.XMLParserType, stream: IO[bytes]) -> Iterator[None]:
    """The whole of a part. After each piece the caller takes what has come."""
    fed = 0
    while chunk := stream.read(_CHUNK_BYTES):
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > _LONGEST_MARKUP_BYTES:
            raise ValueError("a piece of its markup is longer than any spreadsheet writes")
        if len(parser.intern) > _MOST_NAMES:
            raise ValueError("it has more kinds of elements than any spreadsheet writes")
        yield
    parser.Parse(b"", True)
    yield


def each_element(stream: IO[bytes], met: Start) -> None:
    """Every element of a part, called by the way to it: `workbook/sheets/sheet`.

    What is not in the namespace of the first one is `?` on that way.
    """
    way: list[str] = []
    main = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal main
        space, _, local = name.rpartition(" ")
        main = main if way else space
        way.append(local if space == main else _FOREIGN)
        _refuse_too_deep(len(way))
        met("/".join(way), attributes)

    def end(_: str) -> None:
        way.pop()

    for _ in parse_stream(_new_parser(start, end), stream):
        pass


class Listener:
    """Hears the known elements of a part, and their text, where the format puts them.

    `PARENTS`: a known element → those in which it stands. What is not known is passed over with
    all that is in it, and refuses the part where it stands in one of the `CLOSED` ones and is not
    named there: in `TEXTS` and `LISTS` whatever it is, else if it is of the namespace of the first
    element. So do elements `NOWHERE_ELSE` to be found.
    """

    ROOT: ClassVar[str]
    PARENTS: ClassVar[Mapping[str, tuple[str, ...]]]
    NOWHERE_ELSE: ClassVar[tuple[str, ...]]
    CLOSED: ClassVar[Mapping[str, tuple[str, ...]]]
    TEXTS: ClassVar[tuple[str, ...]]
    LISTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.parser = _new_parser(self._first, self.end)
        self.open = self.text = self._prefix = ""
        self._parents: dict[str, frozenset[str]] = {}
        self._nowhere_else: frozenset[str] = frozenset()
        self._closed: dict[str, frozenset[str]] = {}
        self._texts = self._shut = frozenset[str]()
        self._around: list[str] = []

    def begin(self) -> None:
        """The first element is there: `full` knows the names from now on."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins, or is passed over."""
        raise NotImplementedError

    def end(self, name: str) -> None:
        """A known element ends."""
        raise NotImplementedError

    def full(self, name: str) -> str:
        """A name as the parser says it, in the namespace of the first element."""
        return self._prefix + name

    def enter(self, name: str) -> bool:
        """Go into an element; False where it is passed over."""
        parents = self._parents.get(name)
        if parents is None:
            self._refuse_in_closed(name)
            self._pass_over()
            return False
        if self.open not in parents:
            raise _misplaced(name)
        self._around.append(self.open)
        self.open, self.text = name, ""
        return True

    def leave(self) -> None:
        """Out of the element that was entered last."""
        self.open = self._around.pop() if self._around else ""

    def _refuse_in_closed(self, name: str) -> None:
        if name in self._closed.get(self.open, (name,)):
            return
        if self.open in self._shut or name.startswith(self._prefix):
            raise _misplaced(name)

    def _first(self, name: str, _: Mapping[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local != self.ROOT:
            raise ValueError(f"a part begins with {local[:40]!r} and not with {self.ROOT!r}")
        self._prefix = name.removesuffix(local)
        self._parents = {
            self.full(child): frozenset(map(self.full, parents))
            for child, parents in self.PARENTS.items()
        }
        self._nowhere_else = frozenset(map(self.full, self.NOWHERE_ELSE))
        self._texts = frozenset(map(self.full, self.TEXTS))
        self._shut = self._texts.union(map(self.full, self.LISTS))
        self._closed = {
            self.full(parent): frozenset(map(self.full, named))
            for parent, named in self.CLOSED.items()
        } | dict.fromkeys(self._texts, frozenset())
        self.open = name
        self.parser.StartElementHandler = self.start
        self.parser.CharacterDataHandler = self._characters
        self.begin()

    def _characters(self, text: str) -> None:
        self.text += text
        if len(self.text) > _MAX_WRITTEN_CHARACTERS:
            if self.open in self._texts:
                raise ValueError(_TOO_LONG)
            # White space between elements.
            self.text = ""

    def _pass_over(self) -> None:
        parser, depth = self.parser, 1
        heard = parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler

        def start(name: str, _: Mapping[str, str]) -> None:
            nonlocal depth
            if name in self._nowhere_else:
                raise _misplaced(name)
            depth += 1
            _refuse_too_deep(depth)

        def end(_: str) -> None:
            nonlocal depth
            depth -= 1
            if not depth:
                (
                    parser.StartElementHandler,
                    parser.EndElementHandler,
                    parser.CharacterDataHandler,
                ) = heard

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = None


class WrittenText:
    """A text as it is written: in one piece, or in runs with a piece each."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._takes_one = True

    def begin_run(self) -> None:
        """The next piece is that of a run."""
        self._takes_one = True

    def add(self, piece: str) -> None:
        """One more piece."""
        if not self._takes_one:
            raise ValueError("a text is written twice")
        self._takes_one = False
        self._length += len(piece)
        if self._length > _MAX_WRITTEN_CHARACTERS:
            raise ValueError(_TOO_LONG)
        self._pieces.append(piece)

    def whole(self) -> str:
        """The text."""
        return self._pieces[0] if len(self._pieces) == 1 else "".join(self._pieces)


def is_true(setting: str | None) -> bool:
    """What is not plainly false is true: a row that may be hidden is."""
    return setting not in {None, "", "0", "false"}


def plain_text(text: str) -> str:
    """A text as the spreadsheet shows it: `_x000D_` stands for a carriage return."""
    if "_x" in text:
        text = _ESCAPED_CHARACTER.sub(lambda match: chr(int(match.group(1), 16)), text)
        # Beyond 16 bits they come in pairs; what is no pair is no character. Nor is NUL.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if len(text) > MAX_CELL_CHARACTERS:
        raise ValueError(_TOO_LONG)
    return text


def _new_parser(start: Start, end: End) -> expat.XMLParserType:
    """A parser that calls with `namespace name`, and refuses document types."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _no_document_type
    return parser


def _no_document_type(*_: object) -> None:
    raise ValueError("it declares a document type, which no spreadsheet writes")


def _refuse_too_deep(depth: int) -> None:
    # The parser keeps every element that is open.
    if depth > _DEEPEST:
        raise ValueError("its elements are nested deeper than any spreadsheet writes")


def _misplaced(name: str) -> ValueError:
    local = name.rpartition(" ")[2]
    return ValueError(f"an element {local[:40]!r} stands where no spreadsheet writes one")
