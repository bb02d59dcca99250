"""Where each key and value of a TOML document stands. For documents that ``tomllib`` has accepted.

``tomllib`` gives values without positions; this second, forgiving reader follows the same grammar (TOML 1.0)
only as far as needed to know where things begin.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Loc = tuple[int | str, ...]

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d[^,\]}\s#]*|[^,\]}\s#]+")


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both from 1, in characters."""

    line: int
    column: int


@dataclass(slots=True)
class Positions:
    """Where the keys and the values of a document begin; a table's value begins at its header."""

    keys: dict[Loc, Position] = field(default_factory=dict)
    values: dict[Loc, Position] = field(default_factory=dict)

    def of(self, loc: Loc, *, key: bool = False) -> Position:
        """The nearest known place of a path: the value, or its key, or what it would stand in."""
        order = (self.keys, self.values) if key else (self.values, self.keys)
        while True:
            for known in order:
                if found := known.get(loc):
                    return found
            if not loc:
                return Position(1, 1)
            loc = loc[:-1]


def locate(text: str) -> Positions:
    """The positions of everything in a valid TOML document. A CR before LF counts for nothing, as in tomllib."""
    return _Reader(text.replace("\r\n", "\n")).read()


class _Reader:
    """A recursive descent over the text that keeps nothing but positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Positions()
        self.line_starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.counts: dict[Loc, int] = {}

    def read(self) -> Positions:
        table: Loc = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.found

    def _here(self, at: int | None = None) -> Position:
        at = self.at if at is None else at
        line = bisect_right(self.line_starts, at)
        return Position(line, at - self.line_starts[line - 1] + 1)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at + 1
        return match.group() if match else ""

    def _header(self) -> Loc:
        start, many = self._here(), self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        loc: Loc = ()
        for part, place in (parts := self._key()):
            loc = (*self._last(loc), part)
            self.found.keys.setdefault(loc, place)
        if many:
            self.counts[loc] = self.counts.get(loc, 0) + 1
            self.found.values.setdefault(loc, start)
            loc = (*loc, self.counts[loc] - 1)
        self.found.keys[loc] = parts[-1][1]
        self.found.values[loc] = start
        self.at += 2 if many else 1
        return loc

    def _last(self, loc: Loc) -> Loc:
        return (*loc, self.counts[loc] - 1) if loc in self.counts else loc

    def _key(self) -> list[tuple[str, Position]]:
        parts = []
        while True:
            self._skip(_SPACE)
            place = self._here()
            quoted = self.text[self.at] in "\"'"
            raw = self._skip(_STRING if quoted else _BARE)
            parts.append((next(iter(tomllib.loads(f"{raw} = 0"))) if quoted else raw, place))
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _pair(self, table: Loc) -> None:
        loc = table
        for part, place in self._key():
            loc = (*loc, part)
            self.found.keys.setdefault(loc, place)
        self.at += 1
        self._skip(_SPACE)
        self._value(loc)

    def _value(self, loc: Loc) -> None:
        self.found.values[loc] = self._here()
        first = self.text[self.at]
        if first == "[":
            self._array(loc)
        elif first == "{":
            self._inline_table(loc)
        else:
            self._skip(_STRING if first in "\"'" else _PLAIN)

    def _array(self, loc: Loc) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == "]":
                break
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._value((*loc, index))
            index += 1
        self.at += 1

    def _inline_table(self, loc: Loc) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == "}":
                break
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(loc)
        self.at += 1
