"""The operators are told once per cause and once at its end, also over restarts and a webhook that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from escalation import operators as operators_module
from escalation.operators import Operators
from escalation.web import NotTakenError
from escalation.webhook import Audience
from probe.setting import Secret
from storage.alarms import Alarms
from storage.database import Database
from storage.journal import Journal
from storage.results import Results
from storage.tail import Tail
from storage.values import Cause
from tests.escalation.entries import INCONCLUSIVE, at
from tests.escalation.receiver import Receiver
from tests.storage.entries import keep, missed, row

ROUTES: dict[str, str | None] = {"ivr": None, "a": "pstn", "b": "pstn"}
Ask = Callable[[], Awaitable[str]]


class Desk:
    """The operators of one service, made anew by ``restart``; what it enters goes on."""

    def __init__(self, database: Database, webhook: str | Secret | None = None) -> None:
        self.database = database
        self.audience = Audience(language="en", zone=ZoneInfo("Asia/Jakarta"), webhook=webhook)
        self.routes: Mapping[str, str | None] = ROUTES
        self.asked: dict[str, Ask] = {}
        self.files = ""
        self.count = 0
        self.restart()

    def restart(self) -> None:
        self.operators = Operators(
            Alarms(self.database),
            Results(self.database, Path()),
            Tail(self.database),
            Journal(self.database),
            audience=lambda: self.audience,
            routes=lambda: self.routes,
            asked=lambda: self.asked,
            files=lambda: self.files,
        )

    def enter(self, *kinds: str, probe: str = "ivr", reason: str = "engine_crashed") -> None:
        rows: list[dict[str, Any]] = []
        for kind in kinds:
            self.count += 1
            number, moment = self.count, at(self.count)
            match kind:
                case "pass":
                    rows.append(row(number, moment, probe=probe))
                case "blind":
                    rows.append(row(number, moment, probe=probe, **{**INCONCLUSIVE, "reason": reason}))
                case cause:
                    rows.append(missed(number, moment, Cause(cause), probe=probe))
        keep(self.database, rows)

    async def look(self) -> None:
        await self.operators.read()
        await self.operators.tell()


@pytest.fixture
def desk(database: Database, receiver: Receiver) -> Desk:
    return Desk(database, receiver.url)


def told(receiver: Receiver) -> list[str]:
    return [f"{came.json['event']} {came.json['key']}" for came in receiver.came]


async def test_trouble_and_its_end_are_told_once_each(desk: Desk, receiver: Receiver) -> None:
    await desk.look()
    desk.enter("blind", "blind", "blind")
    for _ in range(3):
        await desk.look()
    desk.enter("blind", "pass")
    for _ in range(3):
        await desk.look()
    assert told(receiver) == ["opened probe:ivr", "recovered probe:ivr"]
    assert receiver.came[0].json["sentence"].startswith("[CHECK SIAGA] 3 tests not judged (ivr)")
    notes = Journal(desk.database).read("notice")
    assert [(note.subject, note.body["events"]) for note in notes] == [
        ("probe:ivr", ["opened"]),
        ("probe:ivr", ["recovered"]),
    ]


async def test_a_restart_tells_nobody_twice_and_nothing_is_forgotten(desk: Desk, receiver: Receiver) -> None:
    desk.enter("blind", "blind", "blind")
    with capture_logs() as logs:
        for _ in range(3):
            await desk.look()
            desk.restart()
        assert told(receiver) == ["opened probe:ivr"]
        desk.enter("pass")
        desk.restart()  # the end fell into the time in which nobody watched
        for _ in range(3):
            await desk.look()
            desk.restart()
    assert told(receiver) == ["opened probe:ivr", "recovered probe:ivr"]
    assert [entry["log_level"] for entry in logs if "own side" in entry["event"]] == ["warning", "warning"]


async def test_what_was_not_taken_is_told_again_with_the_same_key_also_after_a_restart(
    desk: Desk, receiver: Receiver
) -> None:
    receiver.answers = ["503 Later", "500 Oops"]
    desk.enter("blind", "blind", "blind")
    for _ in range(2):
        with pytest.raises(NotTakenError):
            await desk.look()
        desk.restart()
    await desk.look()
    assert told(receiver) == ["opened probe:ivr"] * 3
    assert len({came.headers["idempotency-key"] for came in receiver.came}) == 1
    assert Journal(desk.database).read("notice")[0].body["by"] == "webhook"


async def test_trouble_that_is_over_before_anybody_took_it_is_told_with_its_end(desk: Desk, receiver: Receiver) -> None:
    await desk.look()
    desk.enter("blind", "blind", "blind", "pass")
    await desk.look()
    assert told(receiver) == ["opened probe:ivr", "recovered probe:ivr"]
    keys = [came.headers["idempotency-key"] for came in receiver.came]
    assert len(set(keys)) == 2


async def test_one_message_that_is_never_taken_does_not_hold_up_the_others(desk: Desk, receiver: Receiver) -> None:
    receiver.answers = ["400 Bad Request"]
    desk.enter("blind", "blind", "blind")
    desk.enter("blind", probe="a", reason="trunk_down")
    with pytest.raises(NotTakenError, match="answered 400"):
        await desk.look()
    assert told(receiver) == ["opened probe:ivr", "opened trunk:pstn"]
    assert [alarm.key for alarm in Alarms(desk.database).untold()] == ["probe:ivr"]


async def test_without_a_webhook_the_log_has_told(database: Database) -> None:
    desk = Desk(database)
    desk.enter("blind", "blind", "blind")
    with capture_logs() as logs:
        await desk.look()
    (line,) = [entry for entry in logs if entry["log_level"] == "warning"]
    assert "[CHECK SIAGA] 3 tests not judged (ivr)" in line["said"]
    assert Alarms(database).untold() == []
    assert Journal(database).read("notice")[0].body["by"] == "log"


async def test_a_secret_address_that_is_not_at_hand_is_waited_for(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    desk = Desk(database, Secret(env="HOOK"))
    desk.enter("blind", "blind", "blind")
    with pytest.raises(NotTakenError, match="HOOK is not set"):
        await desk.look()
    monkeypatch.setenv("HOOK", receiver.url)
    await desk.look()
    assert told(receiver) == ["opened probe:ivr"]


async def test_the_time_without_a_service_is_told_once_for_all_probes(desk: Desk, receiver: Receiver) -> None:
    desk.enter("pass")
    for probe in ROUTES:
        desk.enter(*["down"] * 7, probe=probe)
    await desk.look()
    desk.restart()
    await desk.look()
    desk.enter("pass")
    await desk.look()
    assert told(receiver) == ["opened down", "recovered down"]
    assert receiver.came[0].json["sentence"] == (
        "[TEST MISSED] All services, interval from 2026-11-20 08:02 WIB on: siaga was down."
    )


async def test_what_was_down_long_ago_is_no_news(desk: Desk, receiver: Receiver) -> None:
    desk.enter(*["down"] * 3, probe="b")
    desk.enter("pass", "pass")
    await desk.look()
    assert told(receiver) == []


async def test_a_probe_that_left_the_configuration_ends_its_trouble(desk: Desk, receiver: Receiver) -> None:
    desk.enter("blind", "blind", "blind")
    await desk.look()
    desk.routes = {"a": None}
    await desk.look()
    assert told(receiver) == ["opened probe:ivr", "recovered probe:ivr"]
    desk.enter("blind", "blind", "blind")
    await desk.look()
    assert len(receiver.came) == 2


class Line:
    """A trunk that answers or does not."""

    def __init__(self) -> None:
        self.wrong = ""

    async def ask(self) -> str:
        return self.wrong


async def test_a_trunk_that_is_silent_twice_is_told_and_that_it_answers_again(desk: Desk, receiver: Receiver) -> None:
    line = Line()
    desk.asked = {"pstn": line.ask}
    line.wrong = "no answer from sbc:5060"
    await desk.operators.ask_trunks()
    await desk.look()
    assert told(receiver) == []
    await desk.operators.ask_trunks()
    await desk.operators.ask_trunks()
    await desk.look()
    assert "(pstn: no answer from sbc:5060)" in receiver.came[0].json["sentence"]
    desk.restart()
    await desk.look()
    line.wrong = ""
    await desk.operators.ask_trunks()
    await desk.look()
    assert told(receiver) == ["opened trunk:pstn", "recovered trunk:pstn"]


async def test_what_a_test_found_wrong_with_a_trunk_is_not_over_because_it_answers_options(
    desk: Desk, receiver: Receiver
) -> None:
    desk.asked = {"pstn": Line().ask}
    await desk.look()
    desk.enter("blind", probe="a", reason="trunk_auth_rejected")
    await desk.look()
    await desk.operators.ask_trunks()
    await desk.look()
    assert told(receiver) == ["opened trunk:pstn"]
    desk.enter("pass", probe="b")
    await desk.look()
    assert told(receiver) == ["opened trunk:pstn", "recovered trunk:pstn"]


async def test_a_trunk_that_left_the_configuration_is_let_go_of(desk: Desk, receiver: Receiver) -> None:
    line = Line()
    line.wrong = "no answer"
    desk.asked = {"pstn": line.ask}
    for _ in range(2):
        await desk.operators.ask_trunks()
    desk.asked = {}
    await desk.operators.ask_trunks()
    await desk.look()
    assert told(receiver) == ["opened trunk:pstn", "recovered trunk:pstn"]


async def test_services_that_plan_by_different_files_are_told_once_and_that_they_agree_again(
    desk: Desk, receiver: Receiver
) -> None:
    async def compare(times: int) -> None:
        for _ in range(times):
            await desk.operators.compare_files()
            await desk.look()

    await compare(2)
    desk.files = "siaga-1 3f2a11bc09de, siaga-2 99aa00112233"
    await compare(1)
    assert told(receiver) == [], "a reload of one after the other takes some seconds"
    await compare(3)
    desk.restart()
    await compare(3)
    assert told(receiver) == ["opened config"], "also after a restart that reads the record anew"
    assert "(siaga-1 3f2a11bc09de, siaga-2 99aa00112233)" in receiver.came[0].json["sentence"]
    desk.files = ""
    await compare(1)
    assert told(receiver) == ["opened config"], "the other may be starting anew"
    await compare(3)
    assert told(receiver) == ["opened config", "recovered config"]


async def test_watching_outlives_a_database_that_is_away_and_a_webhook_that_fails(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators_module, "READ_S", 0.01)
    monkeypatch.setattr(operators_module, "TRUNKS_S", 0.01)
    monkeypatch.setattr(operators_module, "RETRY_S", (0.01, 0.02))
    receiver.answers = ["503 Later"] * 3
    away = iter([True, True])
    real = Tail.end

    def end(tail: Tail) -> int:
        if next(away, False):
            raise OSError("no database")
        return real(tail)

    monkeypatch.setattr(Tail, "end", end)
    desk.enter("blind", "blind", "blind")
    with capture_logs() as logs:
        keeping = asyncio.ensure_future(desk.operators.keep())
        await receiver.until(4)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
    assert told(receiver) == ["opened probe:ivr"] * 4
    complaints = [entry for entry in logs if "could not be told" in entry["event"]]
    assert len(complaints) == 1
    assert "s3cret" not in str(logs)
