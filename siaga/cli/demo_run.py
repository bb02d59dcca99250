"""The demonstration itself: five probes at once with a live table, then a verdict on the verdicts."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.outcome import Record
from probe.reasons import Reason
from probe.words import Language, word
from siaga.cli import say
from siaga.cli.box import BoxError, box
from siaga.cli.enacted import Enacted, enacted, read_diary
from siaga.cli.exits import Exit
from siaga.cli.panel import COLOURS
from siaga.cli.progress import PlainProgress, Progress
from siaga.cli.running import Prepared, until_all_stopped
from siaga.config import load
from siaga.parts import Parts, order_of

if TYPE_CHECKING:
    from rich.table import Table

PROBES: Final = ("ivr-ke-agent", "ivr-lambat", "ivr-tombol-mati", "ivr-tanpa-agent", "ivr-sibuk")
"""One healthy, one slow, one with a dead menu key, one where no agent comes, one busy."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One probe of the demonstration: what it found and what the box enacted."""

    record: Record
    enacted: Enacted | None

    @property
    def agrees(self) -> bool:
        """A call that the box knows nothing of proves nothing."""
        return self.enacted is not None and self.enacted.agrees(self.record)


def demonstrate(language: Language, folder: Path | None) -> int:
    """Run the demonstration; 0 when every verdict is what the box enacted, 1 when one is not, 3 when we could not."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="siaga-demo-")) if folder is None else folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    say.err(word("demo.starting", language, folder=folder))
    try:
        with box(folder) as address:
            say.err(word("demo.probing", language, count=len(PROBES), address=address))
            prepared = _prepared(folder, language)
            records = _play(prepared, language)
    except BoxError as error:
        say.err(word("demo.no_lab", language, cause=error))
        return Exit.OUR_FAULT
    diary = read_diary(folder / "truth.jsonl")
    shown = [
        Shown(record, enacted(diary, _number(p.order.to), p.order.script))
        for record, p in zip(records, prepared, strict=True)
    ]
    _tell(shown, language, folder, time.monotonic() - began)
    if any(r.outcome.reason is Reason.INTERRUPTED for r in records):
        return Exit.OUR_FAULT
    return Exit.DONE if all(s.agrees for s in shown) else Exit.FOUND


def _number(to: str) -> str:
    return to.removeprefix("sip:").partition("@")[0]


def _prepared(folder: Path, language: Language) -> list[Prepared]:
    from dataclasses import replace

    config = load(folder / "siaga.toml")
    house = Parts(config).house
    wanted = [probe for name in PROBES if (probe := config.probe(name))]
    return [Prepared(replace(order_of(p, config), language=language), house) for p in wanted]


def _play(prepared: Sequence[Prepared], language: Language) -> list[Record]:
    live = sys.stderr.isatty()
    kind = Progress if live else PlainProgress
    watched = [
        kind(tuple(s.text for s in p.order.script), language, p.order.to, label=p.order.probe or "") for p in prepared
    ]
    with _screen(watched, language) if live else nullcontext():
        return asyncio.run(until_all_stopped(prepared, watched))


def _screen(watched: Sequence[Progress], language: Language) -> AbstractContextManager[object]:
    from rich.console import Console
    from rich.live import Live

    return Live(
        get_renderable=lambda: _live_table(watched, language),
        console=Console(stderr=True),
        refresh_per_second=8,
    )


def _live_table(watched: Sequence[Progress], language: Language) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True)
    for key in ("probe", "step", "clock"):
        table.add_column(word(f"panel.{key}", language), no_wrap=True, max_width=24)
    table.add_column("", ratio=1)
    for one in watched:
        heard = tuple(one.lines)[-1:]
        table.add_row(
            Text(one.label, style="bold"),
            Text(one.step_text()),
            Text(one.clock(), style="cyan"),
            Text(heard[0][1] if heard else "", style="dim", overflow="ellipsis"),
        )
    return table


def _tell(shown: Sequence[Shown], language: Language, folder: Path, took_s: float) -> None:
    from rich.console import Console

    console = Console()
    with console.capture() as told:
        console.print(_result_table(shown, language))
    say.out(told.get().rstrip("\n"))
    for one in shown:
        if not one.agrees:
            say.out(word("demo.should_be", language, probe=one.record.probe, expected=one.enacted or "?"))
    say.out(word("demo.files", language, folder=folder))
    for one in shown:
        kinds = " ".join(e.path.name for e in one.record.outcome.evidence)
        folders = {e.path.parent for e in one.record.outcome.evidence}
        say.out(f"  {one.record.probe:<16} {' '.join(map(str, folders))}: {kinds}")
    good = all(s.agrees for s in shown)
    say.out(word("demo.good", language, seconds=f"{took_s:.0f}") if good else word("demo.bad", language))


def _result_table(shown: Sequence[Shown], language: Language) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column(word("panel.probe", language), no_wrap=True)
    table.add_column(word("panel.verdict", language), no_wrap=True)
    table.add_column(f"{word('panel.stage', language)}: {word('panel.reason', language).lower()}")
    table.add_column(word("panel.agent_in", language), justify="right")
    table.add_column(word("panel.as_expected", language))
    for one in shown:
        outcome = one.record.outcome
        agent_s = outcome.timings.time_to_agent_s
        why = (
            f"{word(f'stage.{outcome.stage}', language)}: {word(f'reason.{outcome.reason}', language)}"
            if outcome.stage and outcome.reason
            else ""
        )
        table.add_row(
            one.record.probe,
            Text(word(f"verdict.{outcome.verdict}", language), style=COLOURS[outcome.verdict]),
            why,
            "" if agent_s is None else f"{agent_s:.1f}",
            Text(word("demo.yes", language)) if one.agrees else Text(word("demo.no", language), style="red"),
        )
    return table
