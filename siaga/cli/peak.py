"""``siaga peak``: fewer tests that stop in the queue, while customers need every agent."""

from __future__ import annotations

from typing import Annotated

import typer

from siaga.cli.options import ConfigOption


def peak(
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="End of peak mode: 3h from now, 14:00, 2026-11-21T14:00."),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Back to normal now.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who says so. Default: the login name.")
    ] = None,
    config: ConfigOption = None,
) -> int:
    """Switch peak mode on until a time, end it, or (without options) say whether it is on."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import usage
    from siaga.cli.moments import later
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from storage.peak import Peak

    if until and end:
        raise usage("--until switches peak mode on and --end switches it off: give one of them")
    with recorded(config) as found:
        now, mode = datetime.now(UTC), Peak(found.database)
        if end:
            say.out(word("peak.off" if mode.end(now, who(by)) else "peak.not_on", found.language))
            return 0
        if until is None:
            stretch = mode.at(now)
        else:
            try:
                stretch = mode.start(now, later(until, "--until", found.zone, now), reason, who(by))
            except ValueError as error:
                raise usage(f"--until: {error}") from error
        if stretch is None:
            say.out(word("peak.not_on", found.language))
        else:
            say.out(word("peak.on", found.language, time=f"{stretch.until.astimezone(found.zone):%Y-%m-%d %H.%M}"))
    return 0
