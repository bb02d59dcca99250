"""Who says what a piece of a learned walk is called: options, numbers, or a person who listens to it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final

from probe.script import check_expectation
from probe.words import Language, printable, word
from siaga.cli import say
from siaga.cli.exits import usage
from siaga.learning import Piece, Walked, free_name, write

SKIP: Final = "-"
PLAYERS: Final = (
    ("paplay",), ("pw-play",), ("aplay", "-q"), ("play", "-q"), ("afplay",),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"),
)  # fmt: skip
"""Programs that play a WAV file, and how they do it without words."""
PATIENCE_S: Final = 10.0
"""How much longer than the piece a player may take."""


def given(names: str | None, folder: Path) -> tuple[str, ...] | None:
    """The names of ``--names``; None where there are none. Raises Stop 64 for wrong, double and taken ones."""
    if names is None:
        return None
    wanted = tuple(name.strip() for name in names.split(","))
    known = taken(folder)
    for place, name in enumerate(wanted):
        if name == SKIP:
            continue
        if not fit(name):
            raise usage(f"--names: {name!r}: use letters, digits, dots, - and _, beginning with a letter or digit")
        if name in known or name in wanted[:place]:
            raise usage(f"--names: {name!r} is taken; {folder} has: {', '.join(sorted(known)) or 'nothing'}")
    return wanted


def fit(name: str) -> bool:
    """Whether a script can expect a prompt of this name."""
    try:
        check_expectation(f"prompt:{name}")
    except ValueError:
        return False
    return True


def taken(folder: Path) -> set[str]:
    """Names of the recordings that are there."""
    return {path.stem for path in folder.glob("*.wav")} if folder.is_dir() else set()


def names_of(walk: Walked, named: tuple[str, ...] | None, folder: Path, language: Language) -> dict[int, str]:
    """The names of the new pieces by their number; what has none is not kept."""
    if named is None and sys.stdin.isatty() and sys.stderr.isatty():
        with tempfile.TemporaryDirectory(prefix="siaga-learn-") as scratch:
            return by_hand(walk, taken(folder), language, _asked, lambda piece: _play(piece, Path(scratch), language))
    for piece in walk.pieces:
        say.err(told(piece, walk, language))
    new = [piece for piece in walk.pieces if piece.new]
    for piece in (piece for piece in new if piece.cut.after_music):
        say.err(word("learn.left_out", language, second=f"{piece.cut.from_s:.1f}"))
    kept = [piece for piece in new if not piece.cut.after_music]
    if named is None:
        return dict(_numbered(kept, taken(folder)))
    if over := named[len(kept) :]:
        say.err(word("learn.too_many", language, names=", ".join(over), count=len(kept)))
    return {piece.number: name for piece, name in zip(kept, named, strict=False) if name != SKIP}


def _numbered(pieces: list[Piece], known: set[str]) -> Iterator[tuple[int, str]]:
    for piece in pieces:
        name = free_name(piece.number, known)
        known.add(name)
        yield piece.number, name


def by_hand(
    walk: Walked, known: set[str], language: Language, ask: Callable[[str], str], play: Callable[[Piece], None]
) -> dict[int, str]:
    """Ask for each new piece; an empty answer asks again, the end of all answers skips what is left."""
    names: dict[int, str] = {}
    for piece in walk.pieces:
        say.err(told(piece, walk, language))
        if piece.new and piece.cut.after_music:
            say.err(word("learn.after_music", language))
        while piece.new and piece.number not in names:
            answer = ask(word("learn.ask", language))
            name = answer.strip()
            if not answer or name == "s":
                break
            if name == "p":
                play(piece)
            elif name in known or name in names.values():
                say.err(word("learn.taken", language, name=name))
            elif fit(name):
                names[piece.number] = name
            elif name:
                say.err(word("learn.bad_name", language, name=name))
    return names


def told(piece: Piece, walk: Walked, language: Language) -> str:
    """A line about a piece: where it was, and what it is if that is known."""
    key = "learn.after_key" if piece.after else "learn.after_answer"
    line = word(
        "learn.piece",
        language,
        number=piece.number,
        count=len(walk.pieces),
        length=f"{piece.length_s:.1f}",
        second=f"{piece.cut.from_s:.1f}",
        after=word(key, language, **({"digits": piece.after} if piece.after else {})),
    )
    if piece.cut.known:
        return f"{line} ({word('learn.known', language, name=piece.cut.known)})"
    return line if piece.new else f"{line} ({word('learn.same', language, number=piece.same_as)})"


def _asked(question: str) -> str:
    """A line of the terminal with its end; "" when there are no more."""
    sys.stderr.write(question)  # without a new line: the answer stands behind it
    sys.stderr.flush()
    return sys.stdin.readline()


def _play(piece: Piece, scratch: Path, language: Language) -> None:
    path = scratch / f"{piece.number}.wav"
    if not path.exists():
        write(path, piece.samples)
    players = [command for command in PLAYERS if shutil.which(command[0])]
    if not players:
        say.err(word("learn.no_player", language, players=", ".join(one[0] for one in PLAYERS), path=path))
        return
    failures = (_failed([*player, str(path)], piece.length_s + PATIENCE_S) for player in players)
    told = list(takewhile(bool, failures))  # up to the first that plays it
    if len(told) == len(players):
        say.err(word("learn.player_failed", language, error="; ".join(told), path=path))


def _failed(command: list[str], within_s: float) -> str:
    """Play; what went wrong, "" when nothing did."""
    try:
        done = subprocess.run(  # noqa: S603 - one of ours
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=within_s, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{command[0]}: {error}"
    if not done.returncode:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return printable(f"{command[0]}: {said[-1] if said else f'exit {done.returncode}'}")
