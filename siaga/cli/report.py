"""``siaga report``: the daily report, and the list of test contacts for the centre to leave out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.words import Language
    from reports.values import DailyReport
    from siaga.cli.recorded import Recorded
    from siaga.reporting import Day

report = typer.Typer(help="Reports on paper, from the record.", no_args_is_help=True)


class Format(StrEnum):
    """Formats of the daily report."""

    XLSX = "xlsx"
    HTML = "html"
    BOTH = "both"


class ListFormat(StrEnum):
    """Formats of the list of contacts."""

    CSV = "csv"
    XLSX = "xlsx"
    BOTH = "both"


class Tongue(StrEnum):
    """Languages of the reports."""

    ID = "id"
    EN = "en"


DateOption = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="Default: today; yesterday or 2026-11-20.")
]
OutOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE|DIR", help="File or folder to write. Default: here."),
]
ServiceOption = Annotated[str | None, typer.Option("--service", metavar="NAME", help="Only this service (layanan).")]
LanguageOption = Annotated[
    Tongue | None, typer.Option("--language", help="id or en. Default: `language` of the configuration.")
]


@report.command()
def daily(
    date: DateOption = None,
    service: ServiceOption = None,
    output: OutOption = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: as the name after -o says, else xlsx.")
    ] = None,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> int:
    """Write the day's report: Laporan IVR Accessibility & Agent Availability Test.

    Each export stands in the journal; what it says is corrected by a new revision, never silently.
    """
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.recorded import recorded
    from siaga.reporting import report_of
    from siaga.windows import enter_windows

    with recorded(config, reading=True) as found:
        day = _day(found, date)
        formats = _formats(form, output, ("xlsx", "html"))
        tongue = _language(found, language)
        if not found.database.read_only:
            enter_windows(found.config, found.database)
        made = report_of(found.config, found.database, day, _version(), _service(found, service))
        paths = _paths(output, f"laporan-{made.number.replace('/', '-').lower()}", formats)
        for path, kind in zip(paths, formats, strict=True):
            _save(path, _rendered(made, kind, tongue))
        if found.database.read_only:
            say.err(word("reported.not_entered", tongue))
        else:
            _enter(found, made, formats, tongue, day)
        for path in paths:
            _say(path, made, tongue)
    return 0


@report.command()
def exclusion(
    date: DateOption = None,
    service: ServiceOption = None,
    output: OutOption = None,
    form: Annotated[
        ListFormat | None, typer.Option("--format", help="Default: as the name after -o says, else csv.")
    ] = None,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> int:
    """List the day's test contacts, for the centre to leave out of its KPI, quality sampling and surveys.

    Our numbers stand in it in full: by them the centre finds the contacts.
    """
    from probe.words import word
    from reports.exclusion import as_csv, as_workbook, contacts
    from reports.wording import Wording
    from siaga.cli import say
    from siaga.cli.recorded import recorded
    from siaga.reporting import report_of
    from siaga.windows import enter_windows

    with recorded(config, reading=True) as found:
        day = _day(found, date)
        formats = _formats(form, output, ("csv", "xlsx"))
        words = Wording(_language(found, language), found.zone)
        if not found.database.read_only:
            enter_windows(found.config, found.database)
        made = report_of(found.config, found.database, day, _version(), _service(found, service))
        listed = contacts(made.rows)
        paths = _paths(output, words.say("contact.file", day=day.day.isoformat()), formats)
        for path, kind in zip(paths, formats, strict=True):
            _save(path, as_csv(listed, words) if kind == "csv" else as_workbook(listed, words, day.day))
            say.out(word("contact.written", words.language, path=path, count=len(listed)))
    return 0


def _day(found: Recorded, text: str | None) -> Day:
    from datetime import UTC, datetime

    from siaga.cli.exits import usage
    from siaga.cli.moments import bounds
    from siaga.cli.moments import day as day_of
    from siaga.reporting import Day

    now = datetime.now(UTC)
    wanted = day_of(text, "--date", found.zone, now)
    start, end = bounds(wanted, found.zone)
    if start > now:
        raise usage(f"--date: {wanted} has not begun")
    return Day(day=wanted, start=start, end=end, printed=now)


def _service(found: Recorded, name: str | None) -> str | None:
    from siaga.cli.exits import usage

    known = sorted({probe.service for probe in found.config.probes if probe.service})
    if name is not None and name not in known:
        raise usage(f"--service: unknown service {name!r}; {found.config.path} has: {', '.join(known) or 'none'}")
    return name


def _language(found: Recorded, wanted: Tongue | None) -> Language:
    return found.language if wanted is None else wanted.value


def _version() -> str:
    from importlib.metadata import version

    return version("siaga")


def _formats(wanted: StrEnum | None, output: Path | None, known: Sequence[str]) -> tuple[str, ...]:
    """What to write: as asked, or as the file's name says. Raises Stop 64 when the two contradict each other."""
    from siaga.cli.exits import usage

    named = output.suffix.lower().lstrip(".") if output is not None and not output.is_dir() else ""
    if wanted is None:
        if named and named not in known:
            raise usage(f"-o {output}: allowed endings: {', '.join(f'.{k}' for k in known)}")
        return (named or known[0],)
    asked = tuple(known) if wanted.value == "both" else (wanted.value,)
    if named and asked != (named,):
        raise usage(f"-o {output} and --format {wanted.value} do not go together; name a folder, or leave one out")
    return asked


def _paths(output: Path | None, name: str, formats: Sequence[str]) -> list[Path]:
    if output is not None and output.suffix and not output.is_dir():
        return [output]
    folder = output or Path()
    return [folder / f"{name}.{kind}" for kind in formats]


def _rendered(made: DailyReport, kind: str, language: Language) -> bytes:
    from reports.printed import printed

    ready = printed(made, language)
    if kind == "html":
        from reports.page import page

        return page(ready).encode()
    from reports.workbook import workbook

    return workbook(ready)


def _save(path: Path, data: bytes) -> None:
    """As a whole or not at all."""
    from siaga.cli.exits import Exit, Stop

    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise Stop(
            Exit.OUR_FAULT, f"{path} cannot be written ({error.strerror}); name another place with -o"
        ) from error


def _enter(found: Recorded, made: DailyReport, formats: Sequence[str], language: Language, day: Day) -> None:
    """Who took the report out of the record, and what it said."""
    from siaga.cli.people import who
    from storage.journal import Journal

    body = {
        "formats": list(formats),
        "language": language,
        "rev": made.rev,
        "closed": made.period.closed,
        "content": made.content,
        "rows": len(made.rows),
    }
    Journal(found.database).write("export", made.number, body, {"by": who(None)}, day.printed)


def _say(path: Path, made: DailyReport, language: Language) -> None:
    from probe.words import word
    from siaga.cli import say

    state = word("report.provisional", language) if made.rev is None else word("report.rev", language, n=made.rev)
    say.out(word("reported.written", language, path=path, number=made.number, state=state, count=len(made.rows)))
