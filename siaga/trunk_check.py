"""Whether a trunk works now: ``self_check`` asks it by OPTIONS, or by a call to a number that always answers."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from channels.voice.options import NoAnswerError, ask
from channels.voice.trunk import Trunk
from probe.conclude import conclude
from probe.outcome import Outcome
from probe.play import play
from probe.reasons import Verdict
from probe.script import call_script
from probe.session import Channel, Report, Target
from probe.words import Language, word
from scheduler.house import NotNowError, RefusedError
from scheduler.order import Order, new_run_id

ANSWER_S: Final = 12.0
"""What answers always, answers soon."""
CALL_CAP_S: Final = 15.0
OPTIONS: Final = "OPTIONS"


class TrunkChecks:
    """The checks of a process's trunks. Whoever asks while a trunk is being checked gets that check's answer."""

    def __init__(
        self,
        trunks: Mapping[str, Trunk],
        *,
        admit: Callable[[Order], str],
        channel: Callable[[str], Channel],
        budget: Callable[[str, float], AbstractAsyncContextManager[None]],
    ) -> None:
        """``admit`` and ``channel`` as in the House; ``budget`` enters a call of a run's id and cap."""
        self._trunks = trunks
        self._admit = admit
        self._channel = channel
        self._budget = budget
        self._locks: dict[str, asyncio.Lock] = {}
        self._last: dict[str, tuple[float, str]] = {}

    async def own_side(self, order: Order) -> str:
        """For the House: "" when the order's trunk works, or when it has none; else what does not, in its language.

        The order's own channel of the trunk is free again and is the one that a check call takes.
        """
        return "" if order.trunk is None else await self.sound(order.trunk, order.language, order.channel)

    async def sound(self, trunk: str, language: Language, channel: str = "sip") -> str:
        """As ``own_side``, for a trunk by its name."""
        asked_at = time.monotonic()
        async with self._locks.setdefault(trunk, asyncio.Lock()):
            ended_at, wrong = self._last.get(trunk, (asked_at, ""))
            if ended_at <= asked_at:
                wrong = await self._check(self._trunks[trunk], language, channel)
                self._last[trunk] = (time.monotonic(), wrong)
            return wrong

    async def _check(self, trunk: Trunk, language: Language, channel: str) -> str:
        if trunk.self_check == OPTIONS:
            return await answers(trunk, language)
        try:
            outcome = await self._call(trunk, language, channel)
        except NotNowError as no:
            cause = f"{word(f'reason.{no.reason}', language)}: {no.detail}" if no.detail else no.reason
            return word("own_side.check_refused", language, trunk=trunk.name, cause=cause)
        except RefusedError as refused:
            return word("own_side.check_refused", language, trunk=trunk.name, cause=refused)
        if outcome.verdict in (Verdict.PASS, Verdict.DEGRADED):
            return ""
        cause = word(f"reason.{outcome.reason}", language)
        return word("own_side.check_call", language, trunk=trunk.name, cause=cause)

    async def _call(self, trunk: Trunk, language: Language, channel: str) -> Outcome:
        """A call like any other for the dial guard and the budget; only its answer matters, so nothing is kept."""
        script = call_script((), "answer", ANSWER_S)
        order = Order(
            channel=channel, to=trunk.self_check, script=script, cap_s=CALL_CAP_S, trunk=trunk.name, language=language
        )
        address, run_id = self._admit(order), f"{new_run_id()}-check"
        async with self._budget(run_id, CALL_CAP_S):
            with tempfile.TemporaryDirectory(prefix="siaga-check-", ignore_cleanup_errors=True) as folder:
                target = Target(
                    run_id=run_id,
                    to=address,
                    trunk=trunk.name,
                    record="none",
                    cap_s=CALL_CAP_S,
                    evidence=Path(folder),
                )
                session = await self._channel(channel).open(target)
                try:
                    walk = await play(script, session, cap_s=CALL_CAP_S)
                finally:
                    await asyncio.shield(session.close())
        return conclude(walk, Report(), language)


async def answers(trunk: Trunk, language: Language) -> str:
    """What is wrong with a trunk that gives no final answer to OPTIONS; empty when it gives one, whichever it is."""
    try:
        await ask(trunk)
    except NoAnswerError as error:
        return word("own_side.trunk_silent", language, trunk=trunk.name, cause=error)
    return ""
