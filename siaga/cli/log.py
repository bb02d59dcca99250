"""``siaga log``: the record, newest tests last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from siaga.cli.options import ConfigOption, probe_names

if TYPE_CHECKING:
    from probe.words import Language
    from siaga.cli.recorded import Recorded
    from storage.results import Filter, Results
    from storage.values import Entry

PAGE: Final = 500
SHOWN: Final = 50
"""Tests on a screen, unless asked otherwise."""


def log(
    config: ConfigOption = None,
    probe: Annotated[
        str | None, typer.Option(metavar="NAME", autocompletion=probe_names, help="Only this probe.")
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only this service (layanan).")] = None,
    skill: Annotated[str | None, typer.Option(metavar="NAME", help="Only this skill.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From: today, 2h, 3d, 2026-11-20, 14:00.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before: as --since.")] = None,
    verdict: Annotated[
        str | None, typer.Option(metavar="VERDICT", help="pass, degraded, fail or inconclusive.")
    ] = None,
    owner: Annotated[str | None, typer.Option(metavar="OWNER", help="ioc, team_leader or siaga.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="done, lost or missed.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The newest N; default 50, with --json all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, oldest first.")] = False,
) -> int:
    """Show what was tested and what came of it."""
    from siaga.cli.recorded import recorded
    from storage.results import Results

    with recorded(config, reading=True) as found:
        wanted = _filter(found, probe, service, skill, since, until, verdict, owner, state)
        results = Results(found.database, found.evidence)
        if as_json:
            return _json(found, results, wanted, limit)
        return _table(found, results, wanted, limit or SHOWN)


def _filter(
    found: Recorded,
    probe: str | None,
    service: str | None,
    skill: str | None,
    since: str | None,
    until: str | None,
    verdict: str | None,
    owner: str | None,
    state: str | None,
) -> Filter:
    from datetime import UTC, datetime

    from probe.reasons import Owner, Verdict
    from siaga.cli.choose import one_of
    from siaga.cli.moments import moment
    from storage.results import Filter
    from storage.values import RunState

    now = datetime.now(UTC)
    final = [s for s in RunState if s not in (RunState.QUEUED, RunState.RUNNING)]
    return Filter(
        probe=probe,
        service=service,
        skill=skill,
        since=moment(since, "--since", found.zone, now) if since else None,
        until=moment(until, "--until", found.zone, now) if until else None,
        verdict=one_of(verdict, "--verdict", list(Verdict)),
        owner=one_of(owner, "--owner", list(Owner)),
        state=one_of(state, "--state", final),
    )


def _json(found: Recorded, results: Results, wanted: Filter, limit: int | None) -> int:
    """All that match, oldest first and page by page; with a limit the newest of them, still oldest first."""
    from siaga.cli import say
    from storage.results import Cursor

    if limit is not None:
        page = results.page(wanted, limit=limit)[::-1]
        details = results.details(page)
        for entry in page:
            say.out_json(_object(found, results, entry, details))
        return 0
    after: Cursor | None = None
    while page := results.page(wanted, after, PAGE, newest_first=False):
        details = results.details(page)
        for entry in page:
            say.out_json(_object(found, results, entry, details))
        after = Cursor.of(page[-1])
    return 0


def _object(found: Recorded, results: Results, entry: Entry, details: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return results.as_json(entry, details.get(entry.seq), found.language, found.target_of(entry.probe))


def _table(found: Recorded, results: Results, wanted: Filter, limit: int) -> int:
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.panel import COLOURS
    from siaga.cli.table import table

    page = results.page(wanted, limit=limit)[::-1]
    if not page:
        say.out(word("log.none", found.language))
        return 0
    heads = [
        word(f"log.{key}", found.language) for key in ("time", "probe", "kind", "verdict", "agent", "issue", "run")
    ]
    say.out(table(heads, [_row(entry, found) for entry in page], [COLOURS[entry.verdict] for entry in page]))
    if len(page) == limit:
        say.err(word("log.more", found.language, count=limit))
    return 0


def _row(entry: Entry, found: Recorded) -> list[str]:
    from probe.words import NOTHING, word

    agent_ms = entry.figures.agent_ms
    seconds = NOTHING if agent_ms is None else f"{agent_ms / 1000:.1f}"
    return [
        f"{entry.at.astimezone(found.zone):%Y-%m-%d %H.%M.%S}",
        entry.probe or NOTHING,
        word(f"trigger.{entry.trigger}", found.language),
        word(f"verdict.{entry.verdict}", found.language),
        seconds.replace(".", ",") if found.language == "id" else seconds,
        _issue(entry, found.language),
        entry.run_id,
    ]


def _issue(entry: Entry, language: Language) -> str:
    from probe.words import NOTHING, word

    if entry.cause:
        return word("log.missed", language, cause=word(f"cause.{entry.cause}", language))
    if entry.stage and entry.reason:
        return f"{word(f'stage.{entry.stage}', language)}: {word(f'reason.{entry.reason}', language)}"
    return word("log.peak", language) if entry.mode == "peak" else NOTHING
