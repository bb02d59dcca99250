"""A run while it goes: on a terminal a live table with a clock on every wait, elsewhere one plain line per event.

Everything goes to stderr; stdout belongs to the answer.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe.observation import Placed
from probe.play import Event, Seen, StepEnded, StepStarted
from probe.walk import StepEnd
from probe.words import Language, printable
from siaga.cli import say
from siaga.cli.narrate import line_of

if TYPE_CHECKING:
    from rich.console import RenderableType

LINES_SHOWN = 8
MARKS = {
    StepEnd.MET: ("✓", "green"),
    StepEnd.SKIPPED: ("○", "dim"),
    StepEnd.CHANGED: ("≈", "yellow"),
    StepEnd.STOPPED: ("■", "yellow"),
    StepEnd.LET_GO: ("·", "dim"),
    StepEnd.NOT_REACHED: ("·", "dim"),
}
"""A step's end on the screen; every other end is a failure."""
FAILED = ("✗", "red")


@dataclass(slots=True)
class Progress:
    """What is known so far of one run; a listener of the player."""

    script: tuple[str, ...]
    language: Language
    target: str = ""
    label: str = ""
    """Which run, where several are watched at once."""
    began: float = field(default_factory=time.monotonic)
    ends: dict[int, tuple[StepEnd, float]] = field(default_factory=dict)
    current: StepStarted | None = None
    lines: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=LINES_SHOWN))

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case StepStarted():
                self.current = event
            case StepEnded():
                self.ends[event.index] = (event.run.end, event.run.waited_s or 0.0)
                self.current = None
            case Seen():
                if isinstance(event.observation, Placed):
                    self.began = event.observation.at  # the times of a run count from here, and so does its clock
                if told := line_of(event.observation, self.language, self.target):
                    self.lines.append((event.observation.at - self.began, told))

    def render(self) -> RenderableType:
        """The steps with their clocks, and the last things heard below them."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        steps = Table.grid(padding=(0, 2))
        for index, step in enumerate(self.script):
            steps.add_row(*self._row(index, step))
        heard = [Text(f"  {at:6.1f} s  {told}", style="dim") for at, told in tuple(self.lines)]
        return Group(steps, *heard)

    def _row(self, index: int, step: str) -> tuple[RenderableType, ...]:
        from rich.text import Text

        if index in self.ends:
            end, took_s = self.ends[index]
            mark, style = MARKS.get(end, FAILED)
            return Text(mark, style=style), Text(step), Text(f"{took_s:.1f} s", style="dim")
        if self.current is not None and self.current.index == index:
            return Text("▸", style="bold cyan"), Text(step, style="bold"), Text(self.clock(), style="cyan")
        return Text("·", style="dim"), Text(step, style="dim"), Text("")

    def step_text(self) -> str:
        """The current step, or what has become of the last one."""
        if self.current is not None:
            return self.current.step.text
        if not self.ends:
            return ""
        last = max(self.ends)
        mark, _ = MARKS.get(self.ends[last][0], FAILED)
        return f"{mark} {self.script[last]}"

    def clock(self) -> str:
        """How long the current step has waited, and until when it may."""
        if self.current is None:
            return ""
        waited_s = time.monotonic() - self.current.at
        if self.current.deadline is None:
            return f"{waited_s:.0f} s"
        return f"{waited_s:.0f} / {self.current.deadline - self.current.at:.0f} s"

    def __rich__(self) -> RenderableType:
        return self.render()


class PlainProgress(Progress):
    """The same for logs and pipes: a line when something happens, none while it waits."""

    def __call__(self, event: Event) -> None:
        Progress.__call__(self, event)
        match event:
            case StepStarted(step=step, at=at):
                self._say(at, f"▸ {printable(step.text)}")
            case StepEnded(run=run):
                mark, _ = MARKS.get(run.end, FAILED)
                self._say(run.finished or self.began, f"{mark} {printable(run.step.text)}")
            case Seen(observation=seen):
                if told := line_of(seen, self.language, self.target):
                    self._say(seen.at, f"  {told}")

    def _say(self, at: float, text: str) -> None:
        label = f"{self.label:<16} " if self.label else ""
        say.err(f"{label}{at - self.began:7.1f} s  {text}")


def watch(script: tuple[str, ...], language: Language, target: str) -> tuple[Progress, AbstractContextManager[object]]:
    """A listener for the player and the screen that it is seen on, fit for what stderr is."""
    if not sys.stderr.isatty():
        return PlainProgress(script, language, target), nullcontext()
    from rich.console import Console
    from rich.live import Live

    progress = Progress(script, language, target)
    return progress, Live(progress, console=Console(stderr=True), refresh_per_second=8)
