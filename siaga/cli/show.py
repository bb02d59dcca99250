"""``siaga show RUN``: one test with everything that is known about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from probe.outcome import Evidence
    from probe.words import Language
    from siaga.call_page import Made
    from siaga.cli.recorded import Recorded
    from storage.values import Entry


def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="ID of a test, as `siaga log` prints it.")],
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The test's JSON object on stdout, nothing else.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page to hear and see the call, for any browser."),
    ] = None,
) -> int:
    """Show one test: its stages as bars, its steps, its evidence and what people remarked."""
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import usage
    from siaga.cli.recorded import recorded
    from storage.results import Results

    with recorded(config, reading=True) as found:
        results = Results(found.database, found.evidence)
        entry = results.entry(run_id)
        if entry is None:
            raise usage(word("show.unknown", found.language, run=run_id))
        detail = results.detail(entry.seq)
        told = results.as_json(entry, detail, found.language, found.target_of(entry.probe))
        if html is not None:
            _write(html, found, entry, told, results.evidence(entry))
        if as_json:
            say.out_json(told)
        if as_json or html is not None:
            return 0
        _print(found, entry, told, erased=detail is None and entry.detail_sha256 is not None)
    return 0


def _write(path: Path, found: Recorded, entry: Entry, told: dict[str, Any], files: Sequence[Evidence]) -> None:
    from probe.words import word
    from siaga.call_page import made
    from siaga.call_page_edition import Edition
    from siaga.cli import say
    from siaga.cli.exits import Exit, Stop
    from storage.evidence import EvidenceError, write_whole

    page = made(entry, told, files, Edition.of(found.config), path)
    if page.audio.address:  # entered before it is written: no voice leaves the house without a trace
        _enter(found, entry, page)
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        write_whole(path.absolute(), page.text.encode())
    except (EvidenceError, OSError) as error:
        raise Stop(Exit.OUR_FAULT, f"{error}; name another place with --html") from error
    say.err(word("show.page", found.language, path=path))


def _enter(found: Recorded, entry: Entry, page: Made) -> None:
    """Who took a recording out of the record, how much of it, and by which page it can be known again."""
    import hashlib
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.people import who
    from storage.journal import Journal

    if found.database.read_only:
        say.err(word("reported.not_entered", found.language))
        return
    digest = hashlib.sha256(page.text.encode()).hexdigest()
    body = {"formats": ["page"], "sound": page.audio.note or "all", "page_sha256": digest}
    Journal(found.database).write("export", entry.run_id, body, {"by": who(None)}, datetime.now(UTC))


def _print(found: Recorded, entry: Entry, told: dict[str, Any], *, erased: bool) -> None:
    from rich.console import Console, Group
    from rich.panel import Panel
    from rich.text import Text

    from probe.words import printable, word
    from siaga.cli import say
    from siaga.cli.panel import COLOURS
    from siaga.cli.show_parts import evidence_lines, head, remarks, stages, steps

    language, colour = found.language, COLOURS[entry.verdict]
    parts: list[RenderableType] = [Text(printable(told["message"]), style="bold"), Text(), head(entry, told, found)]
    parts += [*_titled("waterfall", language, stages(entry, language)), *_titled("steps", language, steps(told))]
    if erased:
        parts += [Text(), Text(word("show.erased", language), style="yellow")]
    if written := remarks(found, entry):
        parts += [Text(), Text(word("show.remarks", language), style="dim"), *written]
    console = Console()
    with console.capture() as printed:
        title = Text(entry.probe or told["target"], style=colour)
        console.print(Panel(Group(*parts), title=title, border_style=colour, subtitle=Text(entry.run_id, style="dim")))
    say.out(printed.get().rstrip("\n"))
    for line in evidence_lines(entry, found):
        say.out(line)


def _titled(key: str, language: Language, part: RenderableType | None) -> list[RenderableType]:
    from rich.text import Text

    from probe.words import word

    return [] if part is None else [Text(), Text(word(f"show.{key}", language), style="dim"), part]
