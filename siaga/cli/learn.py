"""``siaga learn SIP-URI``: one walk through an IVR becomes recordings of its prompts, and the script of a probe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption, VerboseOption

if TYPE_CHECKING:
    from probe.outcome import Record
    from probe.words import Language
    from scheduler.order import Order
    from siaga.config import Config
    from siaga.learning import Walked


def learn(  # noqa: PLR0913, PLR0917 - one parameter per option is how typer reads a command line
    uri: Annotated[
        str, typer.Argument(metavar="SIP-URI", help="Whom to call: sip:1500@pbx.example, or a number with --trunk.")
    ],
    keys: Annotated[str, typer.Option(metavar="KEYS", help="Keys to press, each after what is said: 1,2.")] = "",
    names: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Names of what is new, in order: salam,-,menu (-: skip). Default: asks."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of prompts. Default: `prompts`.")
    ] = None,
    pause: Annotated[str, typer.Option(metavar="TIME", help="Silence after which a key is pressed.")] = "1500ms",
    listen: Annotated[str, typer.Option(metavar="TIME", help="Time without speech that ends the call.")] = "4s",
    cut: Annotated[str, typer.Option(metavar="TIME", help="Silence that parts two prompts.")] = "700ms",
    within: Annotated[str, typer.Option(metavar="TIME", help="How long each wait may take.")] = "60s",
    trunk: Annotated[
        str | None, typer.Option(metavar="NAME", help="Trunk of the configuration to call through.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="SIP-URI", help="Whom the call comes from.")] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Learn the prompts of an IVR from one call.

    Records it, cuts it at pauses and keys, lets you name the pieces, and prints the probe that walks the same way.
    """
    from dataclasses import replace

    from siaga.cli.adhoc import duration, prepared, presses
    from siaga.cli.configured import or_default
    from siaga.cli.learn_names import given
    from siaga.cli.logs import configure
    from siaga.cli.running import played
    from siaga.cli.signals import stop_request

    configure(verbose)
    order = _order(uri, presses(keys, "--keys"), *(duration(*one) for one in _waits(pause, listen, within)))
    cut_s, found = duration(cut, "--cut"), or_default(config)
    folder = (output or found.prompts).absolute()
    named = given(names, folder)
    known = folder if folder.is_dir() else None
    record, order = played(lambda: prepared(order, config, trunk=trunk, from_=from_, prompts=known), order, quiet=False)
    stop_request.disarm()  # the call is over: from here on a signal has its usual meaning
    order = replace(order, language=found.general.language)
    return _learned(record, order, found, folder, cut_s, named)


def _waits(pause: str, listen: str, within: str) -> tuple[tuple[str, str], ...]:
    return (pause, "--pause"), (listen, "--listen"), (within, "--within")


def _order(uri: str, keys: tuple[str, ...], pause_s: float, listen_s: float, within_s: float) -> Order:
    from probe.script import default_cap_s, learn_script
    from scheduler.order import Order

    script = learn_script(keys, pause_s, listen_s, within_s)
    if within_s >= (cap_s := default_cap_s(script)):
        raise typer.BadParameter(f"a call ends after {cap_s:.0f} s", param_hint="--within")
    return Order(channel="sip", to=uri.strip(), script=script, cap_s=cap_s)


def _learned(
    record: Record, order: Order, found: Config, folder: Path, cut_s: float, named: tuple[str, ...] | None
) -> int:
    """Pieces, names, files, script. The exit code is that of the call."""
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import VERDICTS, Exit
    from siaga.cli.learn_names import names_of

    language = order.language
    code = VERDICTS[record.outcome.verdict]
    if code:
        say.err(word("learn.cut_off", language, message=record.message))
    recording = next((e.path for e in record.outcome.evidence if e.kind == "recording"), None)
    if recording is None:
        return code or Exit.OUR_FAULT
    walk = _walked(record, order, recording, cut_s)
    if not walk.pieces:
        say.err(word("learn.nothing", language, path=recording))
        return code or Exit.OUR_FAULT
    names = names_of(walk, named, folder, language)
    _write(walk, names, folder, language)
    say.err(word("learn.paste", language))
    say.out(_probe(walk, names, order, found, folder))
    return code


def _walked(record: Record, order: Order, recording: Path, cut_s: float) -> Walked:
    from channels.voice.listening.bank import PromptBank
    from reports.call_page_sound import NoSoundError
    from siaga.cli.exits import Exit, Stop
    from siaga.learning import walked

    bank = PromptBank.load(order.prompts) if order.prompts else None
    kept = next((e.path for e in record.outcome.evidence if e.kind == "observations"), None)
    try:
        observations = kept.read_text("utf-8") if kept else ""
        return walked(recording, observations, record.outcome.timings.total_s or 0.0, bank, cut_s)
    except (NoSoundError, OSError) as error:
        raise Stop(Exit.OUR_FAULT, str(error)) from error


def _write(walk: Walked, names: dict[int, str], folder: Path, language: Language) -> None:
    from channels.voice.listening.bank import PromptBank
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import Exit, Stop
    from siaga.learning import write

    pieces = {piece.number: piece for piece in walk.pieces}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, name in names.items():
            path = folder / f"{name}.wav"
            write(path, pieces[number].samples)
            say.err(word("learn.written", language, path=path, length=f"{pieces[number].length_s:.1f}"))
    except OSError as error:
        raise Stop(Exit.OUR_FAULT, f"{error}; name another folder with -o") from error
    for sentence in PromptBank.load(folder).warnings:
        say.err(word("learn.warning", language, sentence=f"{folder}: {sentence}"))


def _probe(walk: Walked, names: dict[int, str], order: Order, found: Config, folder: Path) -> str:
    from probe.words import word
    from siaga.learning import probe_of

    elsewhere = None if folder == found.prompts.absolute() else folder
    unnamed = word("learn.unnamed", order.language, length="{length}")
    return probe_of(walk, names, order, [probe.name for probe in found.probes], unnamed, elsewhere)
