"""Where keys and values stand: against documents whose places are known because the test wrote them."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siaga.config_locate import Loc, Position, locate

BARE = st.text("abcXYZ019_-", min_size=1, max_size=6)
STRINGS = st.sampled_from(
    ['"a"', "'a'", '"a]b,c}#=\\""', "'[x]'", '"""\nline\n"quoted" \\\n  more"""', "'''a\n'b' ''c\n'''", '""', "''",
     '""""""', '"""x"""""', "''''two'''", r'"\\"', r'"\u00e9\t"', '"\u00e9\U0001f600"',
     '"# no comment"', "'''#\n[t]\nk = 1'''"]
)  # fmt: skip
SCALARS = STRINGS | st.sampled_from(
    ["1", "-17", "0o7", "0xFF", "1_000", "3.14", "1e5", "inf", "nan", "true", "false", "1979-05-27T07:32:00Z",
     "1979-05-27 07:32:00", "1979-05-27", "07:32:00.5", "1979-05-27 07:32:00+07:00"]
)  # fmt: skip
SPACE = st.text(" \t", max_size=2)
COMMENT = st.sampled_from(["", " # note", "#", " # [t] k = 'v' \"", "\t# caf\u00e9"])


class Writer:
    """Writes TOML and remembers where it put what."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.values: dict[Loc, Position] = {}
        self.keys: dict[Loc, Position] = {}

    def here(self) -> Position:
        body = self.text.replace("\r\n", "\n")
        return Position(body.count("\n") + 1, len(body) - body.rfind("\n"))

    def blank(self) -> None:
        for _ in range(self.draw(st.integers(0, 2))):
            self.text += self.draw(SPACE) + self.draw(COMMENT) + "\n"
        self.text += self.draw(SPACE)

    def key(self, name: str) -> None:
        form = self.draw(st.sampled_from(["bare", "basic", "literal"]))
        self.text += {"bare": name, "basic": f'"{name}"', "literal": f"'{name}'"}[form]

    def pair(self, loc: Loc, taken: set[str], depth: int) -> None:
        parts = self.draw(st.lists(BARE, min_size=1, max_size=3))
        if parts[0] in taken:
            return
        taken.add(parts[0])
        for index, part in enumerate(parts):
            if index:
                self.text += self.draw(SPACE) + "." + self.draw(SPACE)
            loc = (*loc, part)
            self.keys[loc] = self.here()
            self.key(part)
        self.text += self.draw(SPACE) + "=" + self.draw(SPACE)
        self.value(loc, depth)

    def value(self, loc: Loc, depth: int) -> None:
        self.values[loc] = self.here()
        kind = self.draw(st.sampled_from(["scalar", "array", "table"])) if depth else "scalar"
        if kind == "scalar":
            self.text += self.draw(SCALARS)
        elif kind == "array":
            self.array(loc, depth)
        else:
            self.table(loc, depth)

    def array(self, loc: Loc, depth: int) -> None:
        self.text += "["
        count = self.draw(st.integers(0, 3))
        for index in range(count):
            self.blank()
            self.value((*loc, index), depth - 1)
            self.blank()
            if index < count - 1 or self.draw(st.booleans()):
                self.text += ","
        self.blank()
        self.text += "]"

    def table(self, loc: Loc, depth: int) -> None:
        self.text += "{" + self.draw(SPACE)
        taken: set[str] = set()
        for index in range(self.draw(st.integers(0, 3))):
            before, known = self.text, len(taken)
            self.text += f"{self.draw(SPACE)},{self.draw(SPACE)}" if index and taken else ""
            self.pair(loc, taken, depth - 1)
            if len(taken) == known:
                self.text = before
        self.text += self.draw(SPACE) + "}"

    def end_line(self) -> None:
        self.text += self.draw(SPACE) + self.draw(COMMENT) + "\n"

    def document(self) -> None:
        self.blank()
        self.body((), top := set[str]())
        for name in self.draw(st.lists(BARE, unique=True, max_size=3)):
            if name in top:
                continue
            if self.draw(st.booleans()):
                self.header((name,), name)
                self.body((name,), set())
                continue
            for index in range(self.draw(st.integers(1, 3))):
                self.header((name, index), name)
                self.body((name, index), taken := set[str]())
                if (child := self.draw(BARE)) not in taken:
                    self.header((name, index, child), name, child)
                    self.body((name, index, child), set())

    def header(self, loc: Loc, *parts: str) -> None:
        many = isinstance(loc[-1], int)
        self.text += self.draw(SPACE)
        self.values[loc] = self.here()
        self.text += "[[" if many else "["
        for index, part in enumerate(parts):
            self.text += self.draw(SPACE) + ("." if index else "") + self.draw(SPACE)
            if index == len(parts) - 1:
                self.keys[loc] = self.here()
            self.key(part)
        self.text += self.draw(SPACE) + ("]]" if many else "]")
        self.end_line()

    def body(self, loc: Loc, taken: set[str]) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            before, known = self.text, len(taken)
            self.blank()
            self.pair(loc, taken, 3)
            if len(taken) == known:
                self.text = before
            else:
                self.end_line()


@st.composite
def documents(draw: st.DrawFn) -> Writer:
    writer = Writer(draw)
    writer.document()
    if draw(st.booleans()):
        writer.text = writer.text.replace("\n", "\r\n")
    return writer


def locs(value: Any, loc: Loc = ()) -> list[Loc]:
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [found for key, child in children for found in [(*loc, key), *locs(child, (*loc, key))]]


@settings(max_examples=300)
@given(documents())
def test_every_key_and_value_is_found_where_it_was_written(document: Writer) -> None:
    data = tomllib.loads(document.text)  # the generator writes valid TOML, or this test is wrong
    found = locate(document.text)
    assert {loc: found.values.get(loc) for loc in document.values} == document.values
    assert {loc: found.keys.get(loc) for loc in document.keys} == document.keys
    missing = [loc for loc in locs(data) if loc not in found.keys and loc not in found.values]
    assert not missing


@given(documents())
def test_nothing_is_found_that_is_not_in_the_document(document: Writer) -> None:
    real = {(), *locs(tomllib.loads(document.text))}
    found = locate(document.text)
    assert set(found.values) | set(found.keys) <= real


@pytest.mark.parametrize(
    ("text", "loc", "position"),
    [
        ("a = 1", ("a",), (1, 5)),
        ("[t]\nb.c = 'x'", ("t", "b", "c"), (2, 7)),
        ("[[p]]\n[[p]]\nn = 1", ("p", 1), (2, 1)),
        ("[[p]]\n[[p]]\nn = 1", ("p", 1, "n"), (3, 5)),
        ("[[p]]\n[[p.s]]\nx = 1\n[[p.s]]\nx = 2", ("p", 0, "s", 1, "x"), (5, 5)),
        ("[[p]]\n[p.t]\nx = 1\n[[p]]\n[p.t]\nx = 2", ("p", 1, "t", "x"), (6, 5)),
        ("s = [\n  { e = 'a', w = 1 }, # c ]\n  { p = '1' },\n]", ("s", 1, "p"), (3, 9)),
        ("s = [\n  { e = 'a', w = 1 }, # c ]\n  { p = '1' },\n]", ("s", 1), (3, 3)),
        ('m = """\n[no]\nx = 1\n"""\ny = 2', ("y",), (5, 5)),
        ("'quoted key'.\"b.c\" = 1", ("quoted key", "b.c"), (1, 22)),
        ("d = { 2026-12-25 = [] }", ("d", "2026-12-25"), (1, 20)),
        ('"\u00e9" = 1', ("\u00e9",), (1, 7)),
        ("a = 1979-05-27 07:32:00\nb = 1", ("b",), (2, 5)),
        ("[a.b.c]\n[a]\nx = 1", ("a", "b"), (1, 4)),
    ],
)
def test_places_people_ask_for(text: str, loc: Loc, position: tuple[int, int]) -> None:
    tomllib.loads(text)
    assert locate(text).of(loc) == Position(*position)


def test_what_is_missing_stands_at_the_table_it_is_missing_in() -> None:
    found = locate("x = 1\n[[p]]\nn = 1\n[t]\ns = [{ a = 1 }]")
    assert found.of(("p", 0, "to")) == Position(2, 1)
    assert found.of(("t", "s", 0, "b")) == Position(5, 6)
    assert found.of(("nowhere",)) == Position(1, 1)
    assert found.of(("t", "s"), key=True) == Position(5, 1)


def test_a_place_among_a_thousand_probes_is_found() -> None:
    step = '  { expect = "prompt:a", within = "10s" },\n'
    text = "".join(f'[[probe]]\nname = "p{n}"\nscript = [\n{step * 5}]\n' for n in range(1000))
    found = locate(text)
    assert found.of(("probe", 999, "script", 4, "within")).line == 999 * 9 + 8
