"""Reads a configuration file: bytes, TOML, and where everything stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probe.setting_errors import Place
from siaga.config_errors import ConfigError, Located
from siaga.config_locate import Positions, locate

_AT = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)
MAX_MESSAGE = 600
"""Characters; what is longer repeats a text nobody wants to read again."""
MAX_BYTES = 4 * 1024 * 1024
"""Nobody writes a longer configuration; a wrong path (a recording, a device) is refused before it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A configuration that is valid TOML."""

    path: Path
    raw: bytes = b""
    data: dict[str, Any] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)

    @classmethod
    def empty(cls, folder: Path) -> Document:
        """A document without a word, as if it lay in ``folder``."""
        return cls(path=folder / "siaga.toml")

    @property
    def folder(self) -> Path:
        return self.path.absolute().parent

    def shown(self, path: Path) -> str:
        """A path as people wrote it: relative to the file where it lies below it."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def locate(self, places: Iterable[Place]) -> tuple[Located, ...]:
        """Mistakes with their positions, in the order of the file, each once."""
        found = set()
        for place in places:
            at = self.positions.of(place.loc, key=place.on_key)
            path = ".".join(part if (part := str(loc)).isprintable() else repr(part) for loc in place.loc)
            message = place.message if len(place.message) <= MAX_MESSAGE else f"{place.message[:MAX_MESSAGE]}…"
            found.add(Located(str(self.path), at.line, at.column, path, " ".join(message.splitlines())))
        return tuple(sorted(found))


def read(path: Path) -> Document:
    """The file as a document. Raises ConfigError when it is absent, unreadable, no UTF-8 or no TOML."""
    raw = _bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8 text"
        raise ConfigError([Located(str(path), line, column, "", message)]) from error
    try:
        data, positions = tomllib.loads(text), locate(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from error
    except RecursionError as error:
        raise ConfigError([Located(str(path), 1, 1, "", "brackets are nested too deeply")]) from error
    return Document(path=path, raw=raw, data=data, positions=positions)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "; name the configuration with -c FILE" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError([Located(str(path), 0, 0, "", f"{error.strerror or error}{hint}")]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError([Located(str(path), 0, 0, "", f"longer than {MAX_BYTES} bytes: this is no configuration")])
    return raw


def _syntax(path: Path, text: str, said: str) -> Located:
    match = _AT.fullmatch(said)
    what = match["what"] if match else said
    if match and match["line"]:
        line, column = int(match["line"]), int(match["column"])
    else:
        body = text.replace("\r\n", "\n")
        line, column = body.count("\n") + 1, len(body) - (body.rfind("\n") + 1) + 1
    if what.startswith("Cannot overwrite"):  # tomllib points behind the value; people look for the key
        before = text.replace("\r\n", "\n").split("\n")[line - 1]
        column = len(before) - len(before.lstrip()) + 1
    rest = text.replace("\r\n", "\n").split("\n", line - 1)[-1][column - 1 :]
    return Located(str(path), line, column, "", f"not TOML: {_plain(what)}{_advice(what, rest)}")


def _plain(what: str) -> str:
    """``[trunk.a]`` for the ``('trunk', 'a')`` of tomllib."""

    def header(match: re.Match[str]) -> str:
        return "[" + ".".join(re.findall(r"'([^']*)'", match.group())) + "]"

    return re.sub(r"\((?:'[^']*',? ?)+\)", header, what)


_ADVICE = (
    ("Invalid value", '; a value is missing, or is text without quotes: key = "value"'),
    ("Expected '='", "; a line is key = value, or a [table] header"),
    ("Cannot overwrite", "; this key was set before: each may stand once"),
    ("Cannot declare", "; this table was declared before: each may stand once"),
    ("Unterminated string", "; close it with the quote it began with"),
    ("Illegal character '\\n'", "; close the text with a quote on the same line"),
    ("Unclosed array", "; close it with ]"),
    ("Unclosed inline table", "; close it with } on the same line"),
    ("Unescaped '\\'", "; write \\\\ for a backslash, or use single quotes"),
    ("Expected newline", "; one key = value per line"),
)


def _advice(what: str, rest: str) -> str:
    if not rest.strip() and what.startswith(("Invalid value", "Unclosed")):
        return "; the file ends inside a list or an inline table: close it with ] or }"
    if what.startswith("Invalid initial character for a key part") and rest[0] in "\n#":
        return "; an inline table { … } stands on one line"
    return next((advice for begin, advice in _ADVICE if what.startswith(begin)), "")
