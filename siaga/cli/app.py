"""The table of verbs, and the one place where an end of a verb becomes an exit code."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Sequence
from typing import Final

import typer
from typer.exceptions import TyperException

from siaga.cli import say
from siaga.cli.call import call
from siaga.cli.check import check
from siaga.cli.demo import demo
from siaga.cli.doctor import doctor
from siaga.cli.exits import Exit, Stop
from siaga.cli.hand_test import test
from siaga.cli.lab import lab
from siaga.cli.learn import learn
from siaga.cli.log import log
from siaga.cli.maintenance import maintenance
from siaga.cli.peak import peak
from siaga.cli.plan import plan
from siaga.cli.probe import probe
from siaga.cli.prompts import prompts
from siaga.cli.report import report
from siaga.cli.runs import runs
from siaga.cli.serve import serve
from siaga.cli.show import show
from siaga.cli.sign import sign
from siaga.cli.signals import stop_request
from siaga.cli.verify import verify
from siaga.cli.version import version

app = typer.Typer(
    name="siaga",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help imports Markdown and Pygments: half of the time of --help, for frames
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check)
app.command()(doctor)
app.command()(probe)
app.command()(call)
app.command()(learn)
app.command()(serve)
app.command()(log)
app.command()(show)
app.command()(plan)
app.add_typer(runs, name="runs")
app.add_typer(test, name="test")
app.command()(sign)
app.add_typer(report, name="report")
app.add_typer(maintenance, name="maintenance")
app.command()(peak)
app.add_typer(prompts, name="prompts")
app.command()(verify)
app.add_typer(lab, name="lab")
app.command()(demo)
app.command()(version)

CALLING = ("probe", "call", "learn", "demo", "serve")
"""Verbs that hang up and say so when they are told to stop."""
BRIEF = ("log", "show", "report")
"""Verbs that read, answer and end: collecting garbage at its usual pace would take a tenth of their time."""
SELDOM: Final = 200_000
"""Objects (about 20 MB) after which garbage is looked for in those; Python's own figure is 700."""


@app.callback()
def before(context: typer.Context) -> None:
    """Proves around the clock that customers of a contact centre reach a person."""
    if context.invoked_subcommand not in CALLING:
        stop_request.disarm()
    if context.invoked_subcommand in BRIEF:
        gc.set_threshold(SELDOM)
    gc.enable()


def run(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code.

    The framework's own codes never get out: its 2 for wrong usage would read as "the target failed".
    """
    if any(not _is_text(argument) for argument in arguments):
        say.err("an argument holds bytes that are no text in UTF-8; write it anew, or set LC_ALL=C.UTF-8")
        return Exit.USAGE
    try:
        code = typer.main.get_command(app).main(args=list(arguments), prog_name="siaga", standalone_mode=False)
    except Stop as stop:
        say.err(stop.message)
        return stop.code
    except TyperException as error:
        return _wrong_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.OUR_FAULT
    except Exception:  # noqa: BLE001 - a mistake of ours must not end as Python's own 1, which means "degraded"
        traceback.print_exc()
        return Exit.OUR_FAULT
    return code if isinstance(code, int) else Exit.DONE


def _is_text(argument: str) -> bool:
    """Bytes that could not be decoded arrive as lone surrogates, which neither a database nor a report takes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)


def _wrong_usage(error: TyperException) -> int:
    error.message = error.message.removeprefix("Value error, ")  # the framework's own words for a choice that is none
    show = getattr(error, "show", None)
    if show is not None:
        show()  # usage line, hint and message, on stderr
    else:
        say.err(error.format_message())
    return Exit.USAGE
