"""The composition root of command line and service: from a configuration to orders and to the house of their runs."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from channels.dialguard import Refusal, guard
from channels.registry import channel_class
from channels.sip_settings import TrunkSettings
from channels.voice.trunk import Trunk, target_uri
from probe.outcome import Record
from probe.private import shared_folder
from probe.reasons import Reason
from probe.session import Channel
from probe.setting import SecretUnavailableError
from probe.settings import ProbeSettings
from probe.words import Language, word
from scheduler.house import CHANNEL_WAIT_S, House, NotNowError, RefusedError
from scheduler.order import Order
from siaga.call_page_kept import with_page
from siaga.captions import with_captions
from siaga.config import Config
from siaga.trunk_check import TrunkChecks
from storage import evidence
from storage.database import Database, DatabaseError
from storage.evidence import EvidenceError
from storage.ledger import Ledger, LimitReachedError, Limits
from storage.results import Results
from storage.runs import Runs
from storage.slots import NoChannelFreeError, TrunkChannels
from storage.values import Stamp

log = structlog.get_logger()


class SecretMissingError(Exception):
    """A secret that a run needs is not at hand; the sentence says which setting names it and what is missing."""


class ClosableChannel(Channel, Protocol):
    """A channel that keeps something running between its conversations."""

    async def close(self) -> None: ...


def order_of(probe: ProbeSettings, config: Config) -> Order:
    """The order for a probe of the configuration, as the command line starts it (``Order.as_planned`` for others)."""
    return Order(
        channel=probe.channel,
        to=probe.to,
        script=probe.script,
        cap_s=probe.cap_s,
        probe=probe.name,
        service=probe.service,
        skill=probe.skill,
        trunk=probe.trunk,
        prompts=config.prompts_of(probe),
        sounds=config.sounds,
        record=probe.record,
        language=config.general.language,
        tones=config.line.tables,
    )


class Parts:
    """The surroundings of the runs of one process. Everything is made on first use and given back by ``close``."""

    def __init__(self, config: Config, trunks: Collection[str] = (), database: Database | None = None) -> None:
        """``trunks``: those that will be used; ``database``: one that is open already, and is left so.

        Raises SecretMissingError when a secret that they need is not there.
        """
        self._config = config
        self._zone = ZoneInfo(config.timezone)
        self._trunks = {name: _with_password(name, config.trunks[name]) for name in trunks}
        self._channels: dict[str, ClosableChannel] = {}
        self._database = database
        self._lent = database is not None
        self._database_url = _secret(config.storage.database_url, "storage.url")
        self._runs: Runs | None = None
        self._opening = threading.Lock()
        self.checks = TrunkChecks(self._trunks, admit=self._admit, channel=self._channel, budget=self._budget)
        self.house = House(
            channel=self._channel,
            admit=self._admit,
            leave=self._leave,
            folder=self._folder,
            keep=self._keep,
            runs=self.runs,
            own_side=self.checks.own_side,
            close=self.close,
            stood=self._stood,
            usual_mos=self._usual_mos,
            limits=config.line.limits,
            max_agent_s=config.courtesy.max_agent_s,
            # whoever lends its database is a service, which outlives a stop of it
            patience_s=math.inf if self._lent else CHANNEL_WAIT_S,
        )

    async def close(self) -> None:
        """End the engines and close the database that was opened here; in the event loop of the runs."""
        for channel in self._channels.values():
            await channel.close()
        if self._database is not None and not self._lent:
            await asyncio.to_thread(self._database.close)

    def database(self) -> Database:
        """The database, opened at the first call, in any thread. Raises DatabaseError."""
        with self._opening:
            if self._database is None:
                self._database = Database(self._database_url)
            return self._database

    def runs(self) -> Runs:
        """The record, opened at the first call, in any thread. Raises DatabaseError."""
        if self._runs is None:
            stamp = Stamp(version=version("siaga"), config=self._config.fingerprint)
            self._runs = Runs(self.database(), stamp, self._config.storage.evidence)
        return self._runs

    def _usual_mos(self, order: Order) -> float | None:
        if order.probe is None:
            return None
        return Results(self.database(), self._config.storage.evidence).usual_mos(order.probe)

    def _channel(self, name: str) -> Channel:
        """In the event loop of the runs: the engines belong to it."""
        if name not in self._channels:
            self._channels[name] = channel_class(name)(self._trunks)
        return self._channels[name]

    def _admit(self, order: Order) -> str:
        trunk = self._config.trunks[order.trunk] if order.trunk is not None else None
        answer = guard(
            order.to,
            self._config.dial,
            through_trunk=trunk is not None,
            template=trunk.dial if trunk is not None else None,
        )
        if isinstance(answer, Refusal):
            raise RefusedError(f"{order.to}: {answer.sentence}")
        if order.trunk is not None:
            try:
                target_uri(answer.dialled, self._trunks[order.trunk])
            except ValueError as error:
                raise RefusedError(str(error)) from error
        return answer.dialled

    @asynccontextmanager
    async def _leave(self, order: Order, run_id: str, wait_s: float) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            if order.trunk is not None:
                await held.enter_async_context(self._line(order.trunk, wait_s, order.language))
            await held.enter_async_context(self._budget(run_id, order.cap_s))
            yield

    @asynccontextmanager
    async def _budget(self, run_id: str, cap_s: float) -> AsyncIterator[None]:
        entry = await asyncio.to_thread(self._reserve, run_id, cap_s)
        began = time.monotonic()
        try:
            yield
        finally:
            await asyncio.shield(asyncio.to_thread(self._settle, entry, time.monotonic() - began))

    @asynccontextmanager
    async def _line(self, trunk: str, wait_s: float, language: Language) -> AsyncIterator[None]:
        settings = self._config.trunks[trunk]
        # named by far end and account, because two configurations may know one trunk by two names
        name = f"{settings.registrar or settings.proxy} {settings.username or ''}"
        folder = shared_folder("trunks")
        try:
            async with TrunkChannels(folder, name, settings.channels).one(wait_s):
                yield
        except NoChannelFreeError as error:
            values = {"trunk": trunk, "count": settings.channels, "seconds": f"{wait_s:.0f}"}
            raise NotNowError(Reason.LEASE_BUSY, word("detail.trunk_busy", language, **values)) from error

    def _reserve(self, run_id: str, cap_s: float) -> int:
        try:
            return self._ledger().reserve(run_id, cap_s, datetime.now(self._zone))
        except LimitReachedError as error:
            raise NotNowError(Reason.BUDGET, str(error)) from error
        except DatabaseError as error:
            raise NotNowError(Reason.INTERNAL_ERROR, str(error)) from error

    def _stood(self, probe: str) -> frozenset[str]:
        return Results(self.database(), self._config.storage.evidence).steps_met(probe)

    def _settle(self, entry: int, used_s: float) -> None:
        try:
            self._ledger().settle(entry, used_s)
        except Exception:  # the call was played and judged; unsettled it counts with its cap, which is the safe side
            log.exception("the length of a call could not be entered")

    def _ledger(self) -> Ledger:
        dial = self._config.dial
        return Ledger(self.database(), Limits(dial.max_calls_per_hour, dial.max_minutes_per_day))

    def _keep(self, record: Record, folder: Path) -> Record:
        record = keep(with_captions(record, folder, self._config), folder)
        return with_page(record, folder, self._config)

    def _folder(self, run_id: str, started: datetime) -> Path:
        try:
            return evidence.run_folder(self._config.storage.evidence, run_id, started.astimezone(self._zone).date())
        except EvidenceError as error:
            raise NotNowError(Reason.INTERNAL_ERROR, str(error)) from error


def open_database(config: Config) -> Database:
    """The database of a configuration, brought up to date. Raises SecretMissingError, DatabaseError."""
    return Database(_secret(config.storage.database_url, "storage.url"))


def keep(record: Record, folder: Path) -> Record:
    """Seal what the channel left, write ``result.json`` beside it and name both as evidence. Raises EvidenceError."""
    sealed = tuple(evidence.seal(item.path, item.kind) for item in record.outcome.evidence)
    record = replace(record, outcome=replace(record.outcome, evidence=sealed))
    data = json.dumps(record.to_json(), ensure_ascii=False, indent=1).encode()
    result = evidence.write(folder, "result.json", data + b"\n", "result")
    return replace(record, outcome=replace(record.outcome, evidence=(*sealed, result)))


def trunk_of(name: str, settings: TrunkSettings, password: str) -> Trunk:
    """The trunk as the channel wants it, without ``dial``: numbers come to it as the dial guard rewrote them."""
    ports = settings.rtp_ports
    return Trunk(
        name=name,
        registrar=settings.registrar or "",
        proxy=settings.proxy or "",
        username=settings.username or "",
        password=password,
        transport=settings.transport,
        srtp=settings.srtp,
        register=settings.register_,
        from_=settings.from_ or "",
        channels=settings.channels,
        public_address=settings.public_address or "",
        rtp_ports=(ports.first, ports.last) if ports else None,
        self_check=settings.self_check,
        tls_ca=str(settings.tls_ca) if settings.tls_ca else "",
    )


def _with_password(name: str, settings: TrunkSettings) -> Trunk:
    path = f"trunk.{name}.password"
    return trunk_of(name, settings, _secret(settings.password.value, path) if settings.password else "")


def _secret(read: Callable[[], str], path: str) -> str:
    try:
        return read()
    except SecretUnavailableError as error:
        raise SecretMissingError(f"{path}: {error}") from error
