"""``siaga prompts``: what the centre says, which versions hold, and new wordings that somebody must accept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from datetime import date

    from probe.outcome import Evidence
    from siaga.cli.recorded import Recorded
    from siaga.prompt_book import Wording

prompts = typer.Typer(help="Known prompts and their new wordings.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help='The prompt, as in `expect = "prompt:NAME"`.')]
PLAYERS = (("aplay", "-q"), ("paplay",), ("pw-play",), ("play", "-q"), ("afplay",), ("ffplay", "-autoexit", "-nodisp"))
"""Programs that play a WAV file; the first that is there."""


@prompts.command("list")
def list_(config: ConfigOption = None) -> int:
    """Show the known prompts with the days on which their versions hold, and new wordings to be accepted."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.recorded import recorded
    from siaga.cli.table import table
    from siaga.prompt_book import folders, waiting

    with recorded(config, reading=True) as found:
        known = [row for folder in folders(found.config) for row in _known(folder)]
        heads = [word(f"prompts.{key}", found.language) for key in ("name", "version", "from", "until", "file")]
        say.out(table(heads, known) if known else word("prompts.none", found.language))
        fresh = waiting(found.config, found.database, datetime.now(UTC))
        if fresh:
            keys = ("name", "probe", "first", "last", "times", "run", "heard")
            heads = [word(f"prompts.{key}", found.language) for key in keys]
            rows = [_row(one, found) for one in fresh]
            say.out("")
            say.out(word("prompts.waiting", found.language))
            say.out(table(heads, rows, ["yellow"] * len(rows)))
            say.err(word("prompts.how", found.language))
    return 0


@prompts.command()
def accept(
    name: NameArgument,
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A test that heard it, as `siaga prompts list` has it.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who accepts. Default: the login name.")
    ] = None,
    config: ConfigOption = None,
) -> int:
    """Make what a test heard the recording of a prompt; the old one stays valid until the end of today."""
    import hashlib
    from datetime import UTC, datetime

    from channels.voice.listening.accepting import NotAcceptedError
    from channels.voice.listening.accepting import accept as accepted
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import Exit, Stop
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from siaga.prompt_book import subject
    from storage.journal import Journal

    with recorded(config) as found:
        person = who(by)
        folder, cut = _heard(name, run_id, found)
        old, data = _bytes(folder / f"{name}.wav", found), _intact(cut, found)
        if old == data:
            from siaga.cli.exits import usage

            raise usage(word("prompts.already", found.language, name=name, run=run_id))
        try:
            done = accepted(folder, name, data, found.config.timezone)
        except NotAcceptedError as error:
            raise Stop(Exit.OUR_FAULT, str(error)) from error
        body = {
            "prompt": name, "run": run_id, "heard_sha256": cut.sha256, "known_sha256": hashlib.sha256(old).hexdigest(),
            "kept_as": done.kept_as, "until": done.until.isoformat(),
        }  # fmt: skip
        Journal(found.database).write("prompt", subject(folder, name), body, {"by": person}, datetime.now(UTC))
        values = {"name": name, "run": run_id, "kept": done.kept_as, "until": done.until}
        say.out(word("prompts.accepted", found.language, **values))
    return 0


@prompts.command()
def listen(
    name: NameArgument,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A test that heard other words; absent: the known recording.")
    ] = None,
    silent: Annotated[bool, typer.Option("--path", help="Only print where the recordings lie.")] = False,
    config: ConfigOption = None,
) -> int:
    """Play the known recording of a prompt, and then what a test heard in its place."""
    from siaga.cli import say
    from siaga.cli.recorded import recorded

    with recorded(config, reading=True) as found:
        files = [path for path in _recordings(name, run_id, found) if path.is_file()]
        if not files:
            from probe.words import word
            from siaga.cli.exits import usage

            raise usage(word("prompts.unknown", found.language, name=name))
        for path in files:
            say.out(str(path))
            if not silent:
                _play(path, found)
    return 0


def _known(folder: Path) -> list[list[str]]:
    """The recordings of a folder: each prompt, then its versions."""
    from channels.voice.listening.versions import read_versions
    from probe.words import NOTHING
    from siaga.cli.exits import Exit, Stop

    files = sorted(path.stem for path in folder.glob("*.wav"))
    versions, wrong = read_versions(folder, frozenset(files))
    if wrong:
        raise Stop(Exit.CONFIG, "\n".join(wrong))
    by_file = {version.file: version for version in versions.versions}
    rows = []
    for name in (file for file in files if file not in by_file):
        rows.append([name, NOTHING, NOTHING, NOTHING, str(folder / f"{name}.wav")])
        mine = (version for version in versions.versions if version.name == name)
        rows += [
            [name, v.file, _day(v.begins), _day(v.ends), str(folder / f"{v.file}.wav")]
            for v in sorted(mine, key=lambda v: v.file)
        ]
    return rows


def _row(one: Wording, found: Recorded) -> list[str]:
    from probe.words import NOTHING

    first, last = (f"{at.astimezone(found.zone):%Y-%m-%d %H.%M}" for at in (one.first, one.last))
    path = str(one.heard.path) if one.heard.path.exists() else NOTHING
    return [one.prompt, one.probe, first, last, str(one.times), one.run_id, path]


def _day(day: date | None) -> str:
    from probe.words import NOTHING

    return NOTHING if day is None else day.isoformat()


def _heard(name: str, run_id: str, found: Recorded) -> tuple[Path, Evidence]:
    """The folder of a prompt, and the cut of other words that a test heard in its place. Raises Stop 64."""
    from probe.words import NOTHING, word
    from siaga.cli.exits import usage
    from siaga.prompt_book import heard
    from storage.results import Results

    results = Results(found.database, found.evidence)
    entry = results.entry(run_id)
    if entry is None:
        raise usage(word("show.unknown", found.language, run=run_id))
    probe = found.config.probe(entry.probe or "")
    if probe is None:
        raise usage(word("prompts.no_probe", found.language, run=run_id, probe=entry.probe or NOTHING))
    cuts = heard(results.evidence(entry))
    if name not in cuts:
        there = ", ".join(sorted(cuts)) or NOTHING
        raise usage(word("prompts.not_heard", found.language, name=name, run=run_id, there=there))
    return found.config.prompts_of(probe), cuts[name]


def _recordings(name: str, run_id: str | None, found: Recorded) -> list[Path]:
    from siaga.prompt_book import folders

    if run_id is None:
        return [folder / f"{name}.wav" for folder in folders(found.config)]
    folder, cut = _heard(name, run_id, found)
    return [folder / f"{name}.wav", cut.path]


def _intact(cut: Evidence, found: Recorded) -> bytes:
    """What the cut holds, if it is what was entered. Raises Stop."""
    import hashlib

    from probe.words import word
    from siaga.cli.exits import Exit, Stop

    data = _bytes(cut.path, found)
    if hashlib.sha256(data).hexdigest() != cut.sha256:
        raise Stop(Exit.OUR_FAULT, word("prompts.altered", found.language, path=cut.path))
    return data


def _bytes(path: Path, found: Recorded) -> bytes:
    from probe.words import word
    from siaga.cli.exits import Exit, Stop

    try:
        return path.read_bytes()
    except OSError as error:
        values = {"path": path, "cause": error.strerror}
        raise Stop(Exit.OUR_FAULT, word("prompts.unreadable", found.language, **values)) from error


def _play(path: Path, found: Recorded) -> None:
    """By the first player that is there; none is no failure: the path was told."""
    import shutil
    import subprocess

    from probe.words import word
    from siaga.cli import say

    command = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if command is None:
        say.err(word("prompts.no_player", found.language, players=", ".join(player[0] for player in PLAYERS)))
    elif subprocess.run([*command, str(path)], stdin=subprocess.DEVNULL, check=False).returncode:  # noqa: S603 - known
        say.err(word("prompts.not_played", found.language, player=command[0]))
