"""Plays a script over a session and owns every deadline.

The clock is the event loop's (monotonic, the same as the observations'). A step's deadline starts when the step starts,
so a silent far end trips it as surely as a talking one. Nothing here judges: the result is a ``Walk``.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from probe import drift
from probe.line import Line
from probe.match import Match, Window, match
from probe.observation import Observation, Prompt
from probe.reasons import Reason
from probe.script import (
    ChooseStep,
    EndStep,
    ExpectPauseStep,
    ExpectStep,
    FarewellStep,
    PlayStep,
    PressAtPauseStep,
    PressStep,
    SendStep,
    Step,
)
from probe.session import Choose, End, Listen, Play, Press, Send, Session
from probe.walk import StepEnd, StepRun, Walk

PLACING_S: Final = 40.0
"""How long the first step may wait for t0: more than a registration with its retries takes (RFC 3261, timer F 32 s)."""
AFTER_PROMPT_S: Final = 0.3
"""Pause between the end of a prompt and our key (the contract)."""
PROMPT_END_GUARD_S: Final = 60.0
"""A key is pressed even when a prompt's end was never reported."""
PAUSE_S: Final = 0.7
PAUSE_EARLIEST_S: Final = 1.0
PAUSE_LATEST_S: Final = 8.0
"""``siaga call --press``: first pause of 0.7 s after speech, within these bounds after the answer or the last key."""
SUSPICION_S: Final = 2.5
"""An agent's onset just before the deadline is reported up to 2 s later (design § 6), so the player listens on."""
MACHINE_S: Final = 5.0
"""How long a machine may still turn out to be none (music resuming, a person) before the wait for an agent ends."""
CONFIRMATION_S: Final = 12.0
"""How long past its deadline ``expect agent`` listens for the confirmation of an onset before it."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins; ``deadline`` is null for actions."""

    index: int
    step: Step
    at: float
    deadline: float | None


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over."""

    index: int
    run: StepRun


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation came in."""

    observation: Observation


Event = StepStarted | StepEnded | Seen
Listener = Callable[[Event], None]


def _ignore(event: Event) -> None:
    """The listener of a run that nobody watches."""


async def play(
    script: Sequence[Step],
    session: Session,
    *,
    cap_s: float,
    max_agent_s: float | None = None,
    stop: asyncio.Future[Reason] | None = None,
    on_event: Listener = _ignore,
    stood: frozenset[str] = frozenset(),
) -> Walk:
    """Play every step, end the conversation, and report what was seen. Never raises for what the far end does.

    ``cap_s`` bounds the whole walk; setting ``stop`` to a reason ends it at once, politely. ``max_agent_s`` after the
    onset of a confirmed agent they are let go: steps that were not reached by then are ``LET_GO``. ``stood``: texts of
    the steps whose prompt earlier runs heard; other words in its place do not end the walk at once.
    """
    return drift.settled(await _Player(script, session, cap_s, max_agent_s, stop, on_event, stood).walk())


class _Player:
    def __init__(
        self,
        script: Sequence[Step],
        session: Session,
        cap_s: float,
        max_agent_s: float | None,
        stop: asyncio.Future[Reason] | None,
        on_event: Listener,
        stood: frozenset[str],
    ) -> None:
        self._script = tuple(script)
        self._session = session
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._cap_at = self._began + cap_s
        self._max_agent_s = math.inf if max_agent_s is None else max_agent_s
        self._stop = stop
        self._on_event = on_event
        self._wordings = drift.Wordings(self._script, stood)
        self._line = Line()
        self._news = asyncio.Event()
        self._runs: list[StepRun] = []
        self._used: set[int] = set()
        self._last_prompt: Prompt | None = None
        self._listening = False
        self._stopped_by: Reason | None = None

    async def walk(self) -> Walk:
        pump = asyncio.create_task(self._pump())
        watch = self._stop.add_done_callback if self._stop is not None else None
        if watch is not None:
            watch(lambda _: self._news.set())
        try:
            await self._placed()
            for index, step in enumerate(self._script):
                if not await self._step(index, step):
                    break
            await self._act(End())
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(pump), 5.0)
        finally:
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump
        let_go = bool(self._runs) and self._runs[-1].end is StepEnd.LET_GO
        end = StepEnd.LET_GO if let_go else StepEnd.NOT_REACHED
        not_reached = [StepRun(step=step, end=end) for step in self._script[len(self._runs) :]]
        return Walk(
            steps=(*self._runs, *not_reached),
            log=tuple(self._line.log),
            began=self._began,
            ended=self._now(),
            stopped_by=self._stopped_by,
            stood=self._wordings.stood,
        )

    async def _placed(self) -> None:
        """Starting an engine and registering are ours: the first deadline runs from t0 on."""
        latest = self._now() + PLACING_S
        while not (self._line.log or self._line.over or self._interrupted()) and self._now() < latest:
            await self._wait(latest)

    async def _pump(self) -> None:
        try:
            async for observation in self._session.observations():
                self._line.add(observation)
                self._on_event(Seen(observation))
                self._news.set()
        finally:
            self._line.over = True
            self._news.set()

    async def _step(self, index: int, step: Step) -> bool:
        """Play one step; whether the walk goes on."""
        started = self._now()
        deadline = started + step.within if isinstance(step, ExpectStep) else None
        self._on_event(StepStarted(index, step, started, deadline))
        await self._listen_if_last_key_is_out(index)
        if isinstance(step, ExpectPauseStep):
            run = await self._pause(step, started)
        elif isinstance(step, ExpectStep):
            run = await self._expect(step, started)
        elif isinstance(step, PressStep):
            run = await self._press(step, started)
        else:
            run = await self._do(step, started)
        self._runs.append(run)
        self._on_event(StepEnded(index, run))
        return run.end in (StepEnd.MET, StepEnd.SKIPPED, StepEnd.CHANGED)

    async def _listen_if_last_key_is_out(self, index: int) -> None:
        """From the last key before ``expect agent`` on a human may come; before it, speech is the IVR's."""
        if self._listening:
            return
        ahead = self._script[index:]
        agent = next((i for i, s in enumerate(ahead) if isinstance(s, ExpectStep) and "agent" in s.expect), None)
        if agent is None:
            return
        pressed = any(isinstance(s, (PressStep, ChooseStep, SendStep)) for s in self._script[:index])
        keys_ahead = any(isinstance(s, (PressStep, ChooseStep)) for s in ahead[:agent])
        if agent == 0 or (pressed and not keys_ahead):
            self._listening = True
            await self._act(Listen())

    async def _expect(self, step: ExpectStep, started: float) -> StepRun:
        deadline = started + step.within
        window = Window(
            opened=self._opened(),
            deadline=deadline,
            matching=re.compile(step.matching) if step.matching else None,
            used=self._used | self._line.sounds_over_before(started),
        )
        checked = 0
        while True:
            for seen in self._line.log[checked:]:
                checked += 1
                if found := match(step.never, seen, window):
                    return self._run(step, StepEnd.NEVER, started, what=found.what)
                # A thing known only after the deadline does not meet it; an agent's confirmation may come late.
                if (found := match(step.expect, seen, window)) and (found.by.at <= deadline or found.what == "agent"):
                    return self._met(step, started, found)
            if end := self._interrupted():
                return self._run(step, end, started)
            if self._line.over:
                end = StepEnd.SKIPPED if step.optional and not self._line.broken else StepEnd.CALL_OVER
                return self._run(step, end, started)
            until, end = self._last_moment(step, deadline)
            if (other := self._wordings.instead(len(self._runs), self._line, window.opened, self._now())) is not None:
                until = min(until, other.said)
                if self._now() >= until:
                    self._wordings.past(other)
                    return self._run(step, StepEnd.CHANGED, started, onset=other.onset, what=other.what)
            if self._now() >= until:
                return self._run(step, StepEnd.SKIPPED if step.optional else end, started)
            await self._wait(until)

    async def _pause(self, step: ExpectPauseStep, started: float) -> StepRun:
        """Listen to all that is said. A far end that hangs up has said it."""
        anchor = self._line.answered_or_last_key_at or started
        while True:
            if end := self._interrupted():
                return self._run(step, end, started)
            if self._line.over:
                return self._run(step, StepEnd.CALL_OVER if self._line.broken else StepEnd.SKIPPED, started)
            quiet, latest = self._line.quiet_after_speech_since(anchor), started + step.within
            until = latest if quiet is None else min(latest, quiet + step.pause)
            if self._now() >= until:
                return self._run(step, StepEnd.SKIPPED if until == latest else StepEnd.MET, started)
            await self._wait(until)

    def _opened(self) -> float:
        """Start of the step before; no bound for the first two steps.

        On a quick line the back-dated onset of a greeting may lie a frame before the INVITE that asked for it.
        """
        last = self._runs[-1].started if len(self._runs) > 1 else None
        return -math.inf if last is None else last

    def _last_moment(self, step: ExpectStep, deadline: float) -> tuple[float, StepEnd]:
        """The deadline; for an agent whose onset lies before it, as long as the confirmation may take."""
        if "agent" not in step.expect:
            return deadline, StepEnd.DEADLINE
        if self._line.machine_at is not None and self._line.machine_at + MACHINE_S < deadline:
            return self._line.machine_at + MACHINE_S, StepEnd.MACHINE
        if self._now() < deadline:
            return deadline, StepEnd.DEADLINE
        suspected = self._line.suspected
        if suspected is not None and suspected.onset < deadline:
            return deadline + CONFIRMATION_S, StepEnd.DEADLINE
        return deadline + SUSPICION_S, StepEnd.DEADLINE

    async def _press(self, step: PressStep, started: float) -> StepRun:
        ready = self._pause_reached if isinstance(step, PressAtPauseStep) else self._prompt_over
        while not step.barge_in and not self._line.over:
            if end := self._interrupted():
                return self._run(step, end, started)
            press_at = ready(started)
            if self._now() >= press_at:
                break
            await self._wait(press_at)
        return await self._do(step, started)

    def _prompt_over(self, started: float) -> float:
        """When the prompt that matched last, or what stood in its place, has ended, plus a breath."""
        if (other := self._wordings.last) is not None:
            ended = self._line.quiet_after_speech_since(other.onset)
        elif self._last_prompt is not None:
            ended = self._line.prompt_ended_at(self._last_prompt)
        else:
            return started
        return started + PROMPT_END_GUARD_S if ended is None else max(started, ended + AFTER_PROMPT_S)

    def _pause_reached(self, started: float) -> float:
        """The first pause after speech since the answer or the last key, not too early and not too late."""
        anchor = self._line.answered_or_last_key_at or started
        latest = anchor + PAUSE_LATEST_S
        quiet = self._line.quiet_after_speech_since(anchor)
        if quiet is None:
            return max(started, latest)
        return min(max(started, anchor + PAUSE_EARLIEST_S, quiet + PAUSE_S), max(started, latest))

    async def _do(self, step: Step, started: float) -> StepRun:
        end = self._interrupted()
        if end and not (end is StepEnd.LET_GO and isinstance(step, EndStep)):
            return self._run(step, end, started)
        if self._over():
            done = isinstance(step, EndStep | FarewellStep) or (isinstance(step, PlayStep) and self._line.agent)
            if done:
                return self._run(step, StepEnd.MET, started, what="hung_up")
            return self._run(step, StepEnd.CALL_OVER, started)
        match step:
            case PressStep():
                await self._act(Press(step.press, step.mode))
                if self._line.pressed_since(started) or not self._over():
                    return self._run(step, StepEnd.MET, started)
                return self._run(step, StepEnd.CALL_OVER, started)
            case PlayStep():
                await self._act(Play(step.play))
            case SendStep():
                await self._act(Send(step.send, step.template))
            case ChooseStep():
                await self._act(Choose(step.choose))
            case _:
                await self._act(End())
        if end := self._interrupted():
            return self._run(step, end, started)
        return self._run(step, StepEnd.MET, started)

    async def _act(self, action: Press | Play | Send | Choose | Listen | End) -> None:
        """Act, but let neither a stop nor the cap wait for it. Ending itself is bounded by the session."""
        task = asyncio.create_task(self._session.act(action))
        while not task.done():
            if not isinstance(action, End) and (self._interrupted() or self._line.over):
                with suppress(TimeoutError):
                    await asyncio.wait_for(task, 1.0)
                return
            news = asyncio.create_task(self._news.wait())
            timeout = None if isinstance(action, End) else max(0.0, self._latest() - self._now())
            await asyncio.wait({task, news}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            self._news.clear()
        await task

    def _over(self) -> bool:
        return self._line.over

    def _interrupted(self) -> StepEnd | None:
        if self._stop is not None and self._stop.done():
            self._stopped_by = self._stop.result()
            return StepEnd.STOPPED
        if self._now() >= self._cap_at:
            self._stopped_by = Reason.CAP_REACHED
            return StepEnd.STOPPED
        if self._now() >= self._let_go_at() and not self._line.over:
            if self._agent_met():
                return StepEnd.LET_GO
            self._stopped_by = Reason.COURTESY  # the script still waits for something else: that judges nobody
            return StepEnd.STOPPED
        return StepEnd.STOPPED if self._line.trouble else None

    def _let_go_at(self) -> float:
        agent = self._line.agent
        return math.inf if agent is None else agent.onset + self._max_agent_s

    def _agent_met(self) -> bool:
        met = (r.step for r in self._runs if r.end is StepEnd.MET and r.what == "agent")
        return any(isinstance(step, ExpectStep) for step in met)

    def _latest(self) -> float:
        """When at the latest something must be done about the time that this takes."""
        return min(self._cap_at, self._let_go_at())

    async def _wait(self, until: float) -> None:
        """Sleep until something happens, the instant given, or a limit of the whole conversation."""
        if self._stop is not None and self._stop.done():
            return
        self._news.clear()
        delay = max(0.0, min(until, self._latest()) - self._now())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), delay)

    def _met(self, step: ExpectStep, started: float, found: Match) -> StepRun:
        self._used.add(id(found.by))
        if isinstance(found.by, Prompt):
            self._last_prompt = found.by
            self._wordings.met(found.by)
        return self._run(step, StepEnd.MET, started, onset=found.onset, what=found.what)

    def _run(self, step: Step, end: StepEnd, started: float, *, onset: float | None = None, what: str = "") -> StepRun:
        return StepRun(step=step, end=end, started=started, finished=self._now(), onset=onset, what=what)
