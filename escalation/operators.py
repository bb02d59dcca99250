"""Watches siaga's own side and tells its operators: a warning in the log, and the webhook.

It reads what the run path has entered and never stands in its way. Alarms lie in the database, so that a restart tells
nobody twice and forgets nobody who was not told yet.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from escalation.notices import detail_of, sentence
from escalation.own_side import FILES, Began, News, Over, OwnSide, trunk_key
from escalation.web import NotTakenError, Web
from escalation.webhook import Audience, Webhook, events
from storage.alarms import Alarm, Alarms
from storage.journal import Journal
from storage.results import Results
from storage.tail import Tail
from storage.values import to_ms

READ_S: Final = 5.0
TRUNKS_S: Final = 60.0
FILES_S: Final = 30.0
"""Seen twice in a row it is told: services that reload one after the other differ for some seconds."""
BACK: Final = 12
"""Entries of each probe that are looked at when watching begins."""
SILENT_TWICE: Final = 2
"""Checks in a row that a trunk must fail: one may fall into a restart of the far side."""
RETRY_S: Final = (5.0, 300.0)
"""Between attempts to tell: doubled from the first to the second."""

log = structlog.get_logger()


class Operators:
    """``keep`` runs as long as the service. The callables answer for the configuration that holds now."""

    def __init__(
        self,
        alarms: Alarms,
        results: Results,
        tail: Tail,
        journal: Journal,
        *,
        audience: Callable[[], Audience],
        routes: Callable[[], Mapping[str, str | None]],
        asked: Callable[[], Mapping[str, Callable[[], Awaitable[str]]]] = dict,
        files: Callable[[], str] = str,
    ) -> None:
        """``routes``: each planned probe and its trunk; ``asked``: the check of each trunk that may be asked often.

        ``files``: who plans by which file where services differ, empty while they do not; asked in a thread.
        """
        self._alarms = alarms
        self._results = results
        self._tail = tail
        self._journal = journal
        self._audience = audience
        self._routes = routes
        self._asked = asked
        self._files = files
        self._differed: bool | None = None
        self._web = Web()
        self._webhook = Webhook(self._web, audience)
        self._rules = OwnSide({})
        self._seen: int | None = None
        self._failed: dict[str, int] = {}

    async def keep(self) -> None:
        """Watch and tell until cancelled."""
        works = (
            self._for_ever(self.read, READ_S),
            self._for_ever(self.ask_trunks, TRUNKS_S),
            self._for_ever(self.compare_files, FILES_S),
            self._keep_telling(),
        )
        try:
            async with asyncio.TaskGroup() as group:
                for work in works:
                    group.create_task(work)
        finally:
            await self._web.close()

    async def _for_ever(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            try:
                await work()
            except Exception:  # the database may be away; watching must outlive whatever it watches
                log.exception("siaga's own side could not be looked at")
            await asyncio.sleep(every_s)

    # --- what is wrong ---------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Look at what was entered since the last time; the first time at the last entries of each probe."""
        try:
            if self._seen is None:
                self._seen = await asyncio.to_thread(self._begin)
            else:
                self._seen = await asyncio.to_thread(self._go_on, self._seen)
        except BaseException:  # whatever it was, what the rules know and what the database knows may differ now
            self._seen = None
            raise

    def _begin(self) -> int:
        """What stands now, by the record: what is new is told, and what ended unseen is over."""
        routes, end = self._routes(), self._tail.end()
        self._rules = OwnSide({probe: trunk for probe, trunk in routes.items() if trunk})
        rows = [self._results.in_a_row(probe, BACK) for probe in routes]
        for entry in sorted((e for row in rows for e in row if e.seq <= end), key=lambda entry: entry.seq):
            self._rules.see(entry)
        self._note(self._rules.standing.values())
        now = datetime.now(UTC)
        gone = [alarm for alarm in self._alarms.standing() if alarm.key not in self._rules.standing]
        self._note(Over(alarm.key, now) for alarm in gone if not _by(alarm))
        return end

    def _go_on(self, seen: int) -> int:
        routes, now = self._routes(), datetime.now(UTC)
        self._rules.routes = {probe: trunk for probe, trunk in routes.items() if trunk}
        self._note(self._rules.forget(lambda probe: probe not in routes, now))
        while entries := self._tail.after(seen):
            for entry in entries:
                if entry.probe is None or entry.probe in routes:
                    self._note(self._rules.see(entry))
            seen = entries[-1].seq
        return seen

    def _note(self, news: Iterable[News]) -> None:
        for one in news:
            if isinstance(one, Began):
                changed = self._alarms.start(one.key, json.dumps(one.detail, sort_keys=True), one.since)
            else:
                changed = self._alarms.end(one.key, one.at)
            if changed:
                self._log(one)

    def _log(self, news: News) -> None:
        """Once, by whoever found it first."""
        if isinstance(news, Over):
            log.warning("our own side works again", key=news.key)
            return
        audience, detail = self._audience(), json.dumps(news.detail)
        alarm = Alarm(key=news.key, since=news.since, detail=detail, told=None, over=None, over_told=None)
        said = sentence(alarm, "opened", audience.language, audience.zone)
        log.warning("our own side is in trouble", key=news.key, said=said)

    async def ask_trunks(self) -> None:
        """Ask each trunk whether it is there, so that its end is known before the next test."""
        asked = self._asked()
        await asyncio.to_thread(self._let_go_of_trunks, frozenset(asked))
        for name, wrong in zip(asked, await asyncio.gather(*(ask() for ask in asked.values())), strict=True):
            self._failed[name] = self._failed.get(name, 0) + 1 if wrong else 0
            now = datetime.now(UTC)
            if self._failed[name] >= SILENT_TWICE:
                began = Began(trunk_key(name), now, {"trunk": name, "cause": wrong, "by": "check"})
                await asyncio.to_thread(self._note, [began])
            elif not wrong and trunk_key(name) not in self._rules.standing:
                await asyncio.to_thread(self._note, [Over(trunk_key(name), now)])

    def _let_go_of_trunks(self, asked: frozenset[str]) -> None:
        now = datetime.now(UTC)
        checked = (alarm for alarm in self._alarms.standing() if _by(alarm) == "check")
        self._note(Over(alarm.key, now) for alarm in checked if detail_of(alarm).get("trunk") not in asked)

    async def compare_files(self) -> None:
        """Look whether all services plan by one file."""
        said = await asyncio.to_thread(self._files)
        before, self._differed = self._differed, bool(said)
        if before is not self._differed:
            return
        now = datetime.now(UTC)
        news = Began(FILES, now, {"files": said, "by": "services"}) if said else Over(FILES, now)
        await asyncio.to_thread(self._note, [news])

    # --- who is told -----------------------------------------------------------------------------------------------

    async def _keep_telling(self) -> None:
        pause_s = RETRY_S[0]
        failing = False
        while True:
            try:
                await self.tell()
            except NotTakenError as error:
                if not failing:
                    log.warning("the operators could not be told by webhook; trying again", cause=str(error))
                failing, pause_s = True, min(2 * pause_s, RETRY_S[1])
            except Exception:  # as in _for_ever
                log.exception("the operators could not be told")
                pause_s = min(2 * pause_s, RETRY_S[1])
            else:
                if failing:
                    log.info("the operators were told by webhook")
                failing, pause_s = False, RETRY_S[0]
            await asyncio.sleep(pause_s)

    async def tell(self) -> None:
        """Tell what nobody was told yet, the oldest first. Raises the first NotTakenError when all were tried."""
        failed: NotTakenError | None = None
        for alarm in await asyncio.to_thread(self._alarms.untold):
            try:
                by_webhook = await self._webhook.tell(alarm)
            except NotTakenError as error:
                failed = failed or error
                continue
            await asyncio.to_thread(self._told, alarm, by_webhook)
        if failed is not None:
            raise failed

    def _told(self, alarm: Alarm, by_webhook: bool) -> None:
        now = datetime.now(UTC)
        if self._alarms.told(alarm, now):
            body = {"events": events(alarm), "since_ms": to_ms(alarm.since), "by": "webhook" if by_webhook else "log"}
            self._journal.write("notice", alarm.key, body, None, now)


def _by(alarm: Alarm) -> object:
    """Who finds its end, when it is not the rules over the record."""
    return detail_of(alarm).get("by")
