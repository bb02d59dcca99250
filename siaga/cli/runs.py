"""``siaga runs now``: what is being tested, and what waits for its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from siaga.cli.recorded import Recorded
    from storage.values import Run

runs = typer.Typer(help="Tests on their way.", no_args_is_help=True)


@runs.callback()
def before() -> None:
    """Tests on their way."""


@runs.command()
def now(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> int:
    """Show the tests that run or wait at this moment."""
    from probe.outcome import instant
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.recorded import recorded
    from siaga.cli.table import table

    with recorded(config, reading=True) as found:
        on_the_way = found.runs().live()
        if as_json:
            for run in on_the_way:
                planned, started = run.planned, run.started_at
                say.out_json(
                    {
                        "run_id": planned.run_id,
                        "probe": planned.probe,
                        "state": run.state.value,
                        "trigger": planned.trigger,
                        "slot": instant(planned.slot) if planned.slot else None,
                        "due": instant(planned.due),
                        "started_at": instant(started) if started else None,
                        "owner": run.owner,
                    }
                )
            return 0
        if not on_the_way:
            say.out(word("runs.none", found.language))
            return 0
        heads = [word(key, found.language) for key in ("runs.state", "log.probe", "runs.due", "runs.since", "log.run")]
        say.out(table(heads, [_row(run, found) for run in on_the_way]))
    return 0


def _row(run: Run, found: Recorded) -> list[str]:
    from probe.words import NOTHING, word

    planned = run.planned
    since = f"{run.started_at.astimezone(found.zone):%H.%M.%S}" if run.started_at else NOTHING
    return [
        word(f"state.{run.state}", found.language),
        planned.probe or NOTHING,
        f"{planned.due.astimezone(found.zone):%Y-%m-%d %H.%M.%S}",
        since,
        planned.run_id,
    ]
