"""An event loop with virtual time, and a session that follows a written timeline: minutes take milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from probe.observation import Ended, KeysPressed, Observation, Placed, Played
from probe.session import Action, End, Play, Press, Report

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of sleeping until the next timer, moves the loop's clock there."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("deadlock: nothing is scheduled and nothing can happen any more")
        # asyncio fires timers up to the clock's resolution early: without this the last nanosecond would never pass
        self.now += max(1e-6, timeout)
        return super().select(0)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time, starting at instant 0."""
    selector = _JumpingSelector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


class TimelineSession:
    """A far end that does what the timeline says: (instant, observation) pairs, and reactions to our actions."""

    def __init__(
        self,
        timeline: Sequence[tuple[float, Observation]],
        on_press: Callable[[str, float], Sequence[tuple[float, Observation]]] | None = None,
        *,
        acts_hang: bool = False,
    ) -> None:
        self._queue: asyncio.Queue[Observation | None] = asyncio.Queue()
        self._timeline = list(timeline)
        self._on_press = on_press
        self._acts_hang = acts_hang
        self._ended = False
        self.actions: list[tuple[float, Action]] = []

    async def observations(self) -> AsyncIterator[Observation]:
        loop = asyncio.get_running_loop()
        self._say(Placed(at=loop.time()))
        for at, planned in self._timeline:
            self._schedule(at, planned)
        while (observation := await self._queue.get()) is not None:
            yield observation
            if isinstance(observation, Ended):
                return

    def _schedule(self, at: float, observation: Observation) -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(max(at, loop.time()), self._say, replace(observation, at=max(at, loop.time())))

    def _say(self, observation: Observation) -> None:
        if not self._ended:
            self._ended = isinstance(observation, Ended)
            self._queue.put_nowait(observation)

    async def act(self, action: Action) -> None:
        now = asyncio.get_running_loop().time()
        self.actions.append((now, action))
        if self._acts_hang and not isinstance(action, End):
            await asyncio.Event().wait()
        match action:
            case Press():
                await asyncio.sleep(0.2 * len(action.digits))
                pressed = asyncio.get_running_loop().time()
                self._say(KeysPressed(at=pressed, digits=action.digits, mode="rfc4733"))
                for at, observation in self._on_press(action.digits, pressed) if self._on_press else ():
                    self._schedule(at, observation)
            case Play():
                await asyncio.sleep(2.0)
                self._say(Played(at=now + 2.0, name=action.name, began=now))
            case End():
                self._say(Ended(at=now, by_us=True))
            case _:
                pass

    async def close(self) -> Report:
        return Report()
