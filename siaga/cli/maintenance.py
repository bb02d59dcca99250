"""``siaga maintenance``: planned maintenance, said in seconds; tests that it hinders stay visible and do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from datetime import datetime

    from siaga.cli.exits import Stop
    from siaga.cli.recorded import Recorded
    from storage.maintenance import Window

maintenance = typer.Typer(help="Planned maintenance.", no_args_is_help=True)

ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who says so. Default: the login name.")]


@maintenance.command()
def add(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A probe, a service (layanan) or a channel.")],
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="End: 2h (from now), 03:00, 2026-11-21T03:00.")],
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Beginning: 22:00, 2026-11-20T22:00, or 3h-ago. Default: now."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
) -> int:
    """Enter planned maintenance; one that has begun already is marked as entered late."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import usage
    from siaga.cli.moments import beginning, later
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from storage.maintenance import Windows

    with recorded(config) as found:
        now = datetime.now(UTC)
        _known(target, found)
        begins = beginning(start, "--from", found.zone, now) if start else now
        ends = later(to, "--to", found.zone, now, begins)
        if ends <= begins:
            raise usage(_backwards(to, begins, ends, found))
        window = Windows(found.database).add(target, begins, ends, reason, now, who(by))
        number, start_said, end_said, *_ = _row(window, found)
        values = {"number": number, "target": target, "start": start_said, "end": end_said}
        say.out(word("maintenance.added", found.language, **values))
        if window.backdated:
            say.out(word("maintenance.backdated", found.language))
    return 0


@maintenance.command("list")
def list_(
    config: ConfigOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False,
) -> int:
    """Show the maintenance that is under way or to come, from the configuration and by hand."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.recorded import recorded
    from siaga.cli.table import table
    from siaga.windows import all_windows

    with recorded(config) as found:
        now = datetime.now(UTC)
        windows = [w for w in all_windows(found.config, found.database) if everything or (w.to > now and not w.empty)]
        if not windows:
            say.out(word("maintenance.none", found.language))
            return 0
        keys = ("number", "start", "end", "target", "source", "reason")
        heads = [word(f"maintenance.{key}", found.language) for key in keys]
        say.out(table(heads, [_row(window, found) for window in sorted(windows, key=lambda w: w.from_)]))
    return 0


@maintenance.command()
def end(
    number: Annotated[int, typer.Argument(metavar="NO", help="Number of a maintenance that was entered by hand.")],
    by: ByOption = None,
    config: ConfigOption = None,
) -> int:
    """End maintenance now."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from storage.maintenance import Windows

    with recorded(config) as found:
        now = datetime.now(UTC)
        _numbered(number, found)
        if Windows(found.database).end(number, now, who(by)) is None:
            raise _unknown(number, found, "maintenance.unknown")
        time = f"{now.astimezone(found.zone):%H.%M}"
        say.out(word("maintenance.ended", found.language, number=number, time=time))
    return 0


@maintenance.command()
def withdraw(
    number: Annotated[int, typer.Argument(metavar="NO", help="Number of a maintenance that was entered by hand.")],
    by: ByOption = None,
    config: ConfigOption = None,
) -> int:
    """Take back maintenance that was entered by mistake: it no longer counts at all, and stays in `list --all`."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from storage.maintenance import Windows

    with recorded(config) as found:
        _numbered(number, found)
        if Windows(found.database).withdraw(number, datetime.now(UTC), who(by)) is None:
            raise _unknown(number, found, "maintenance.nothing_to_withdraw")
        say.out(word("maintenance.withdrawn", found.language, number=number))
    return 0


def _numbered(number: int, found: Recorded) -> None:
    """A database cannot even be asked for a number that is too big for it."""
    if not 0 < number < 2**31:
        raise _unknown(number, found, "maintenance.unknown")


def _unknown(number: int, found: Recorded, key: str) -> Stop:
    from probe.words import word
    from siaga.cli.exits import usage

    return usage(word(key, found.language, number=number))


def _backwards(to: str, begins: datetime, ends: datetime, found: Recorded) -> str:
    """Which instants the two words were taken for: only so can the reader see what went wrong."""
    end_said, start_said = (f"{moment.astimezone(found.zone):%Y-%m-%d %H.%M}" for moment in (ends, begins))
    return f"--to: {to!r} is {end_said}, which is not after the beginning, {start_said}; give a later end, such as 2h"


def _known(target: str, found: Recorded) -> None:
    from siaga.cli.exits import usage

    probes = found.config.probes
    known = {name for p in probes for name in (p.name, p.service, p.channel) if name}
    if target not in known:
        raise usage(f"unknown target {target!r}; {found.config.path} has: {', '.join(sorted(known)) or 'none'}")


def _source(window: Window) -> str:
    if window.source == "config":
        return "config_late" if window.backdated else "config"
    return "late" if window.backdated else "cli"


def _row(window: Window, found: Recorded) -> list[str]:
    from probe.words import NOTHING, word

    source = "withdrawn" if window.empty else _source(window)
    return [
        str(window.id) if window.id is not None else NOTHING,
        f"{window.from_.astimezone(found.zone):%Y-%m-%d %H.%M}",
        f"{window.to.astimezone(found.zone):%Y-%m-%d %H.%M}",
        window.target,
        word(f"maintenance.source_{source}", found.language),
        window.reason,
    ]
