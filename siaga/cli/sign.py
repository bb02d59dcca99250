"""``siaga sign``: a shift is checked by its PIC; a day is made, checked and approved."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from siaga.cli.recorded import Recorded
    from storage.journal import Journal


class Part(StrEnum):
    """The boxes under a day's report."""

    MADE = "made"
    CHECKED = "checked"
    APPROVED = "approved"


def sign(
    shift: Annotated[str | None, typer.Option("--shift", metavar="NAME", help="Sign a shift of the day.")] = None,
    part: Annotated[Part | None, typer.Option("--as", help="Sign the day: made, checked or approved.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Who signs. Default: the login name.")
    ] = None,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Position of who signs.")] = "",
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="Default: today; yesterday or 2026-11-20.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Sign what has been signed already.")] = False,
    config: ConfigOption = None,
) -> int:
    """Sign the tests of a shift, or the report of a day; with name and time, in the journal."""
    from datetime import UTC, datetime

    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import usage
    from siaga.cli.moments import bounds
    from siaga.cli.moments import day as day_of
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded
    from storage.journal import Journal

    if (shift is None) == (part is None):
        raise usage("sign a shift with --shift NAME, or the day with --as made|checked|approved")
    with recorded(config) as found:
        now = datetime.now(UTC)
        signed = day_of(day, "--day", found.zone, now)
        if signed > now.astimezone(found.zone).date():
            raise usage(f"--day: {signed} has not begun")
        box = _shift(shift, found) if shift is not None else str(part)
        journal = Journal(found.database)
        if part in (Part.CHECKED, Part.APPROVED) and now < bounds(signed, found.zone)[1]:
            raise usage(word("signing.not_over", found.language, day=signed))
        said = shift if shift is not None else word(f"report.{part}", found.language)
        if not again:
            _unsigned(f"{signed}/{box}", f"{said} {signed}", journal, found)
        text = {"name": who(name), "role": role or _role(shift, found)}
        body = {"day": signed.isoformat(), "part": "shift" if shift else box, "shift": shift}
        journal.write("sign", f"{signed}/{box}", body, text, now)
        values = {"day": signed, "name": text["name"]}
        if shift is not None:
            say.out(word("sign.shift", found.language, shift=shift, **values))
        else:
            say.out(word(f"sign.{part}", found.language, **values))
    return 0


def _unsigned(subject: str, box: str, journal: Journal, found: Recorded) -> None:
    """Raises Stop 64 when the box is signed already."""
    from probe.words import word
    from siaga.cli.exits import usage

    given = journal.read(kind="sign", subject=subject)
    if given:
        last = given[-1]
        name = (last.text or {}).get("name") or word("signing.erased", found.language)
        time = f"{last.at.astimezone(found.zone):%Y-%m-%d %H.%M}"
        raise usage(word("signing.already", found.language, box=box, name=name, time=time))


def _shift(name: str, found: Recorded) -> str:
    from siaga.cli.exits import usage

    known = [shift.name for shift in found.config.shifts]
    if name not in known:
        raise usage(f"--shift: unknown shift {name!r}; {found.config.path} has: {', '.join(known) or 'none'}")
    return f"shift:{name}"


def _role(shift: str | None, found: Recorded) -> str:
    return next((s.role for s in found.config.shifts if s.name == shift), "")
