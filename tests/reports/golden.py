"""The golden day: one of everything that can happen to a test; two services, a night and three shifts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from reports.daily import Asked
from reports.values import KnownProbe, Letterhead, Period, Shift
from storage.chain import RESULT, append
from storage.database import Database
from storage.journal import Journal
from storage.maintenance import Window, Windows
from storage.results import DETAIL
from storage.rows import pack
from storage.values import Cause, to_ms
from tests.storage.entries import missed, row

WIB: Final = ZoneInfo("Asia/Jakarta")
DAY: Final = date(2026, 11, 20)
START: Final = datetime(2026, 11, 20, tzinfo=WIB).astimezone(UTC)
END: Final = START + timedelta(days=1)
IVR: Final = {"probe": "ivr-ke-agent", "service": "inbound", "channel": "sip", "skill": "tier-1"}
NIGHT: Final = {"probe": "ivr-malam", "service": "inbound", "channel": "sip", "skill": "tier-2"}
CHAT: Final = {"probe": "wa-ke-agent", "service": "digital", "channel": "whatsapp", "skill": "cs-digital"}
SOCIAL: Final = {"probe": "instagram", "service": "digital", "channel": "manual", "skill": "cs-digital"}
INJECTION: Final = '=HYPERLINK("http://attacker.example","klik")'
TARGETS: Final = {
    "ivr-ke-agent": "sip:1500@pbx.example",
    "ivr-malam": "+622150001500",
    "wa-ke-agent": "+628110001500",
    "instagram": INJECTION,
}
HASH: Final = "c0ffee" * 10 + "beef"


def run(number: int) -> str:
    """The ID of the golden day's run of that number."""
    return f"20261120T08{number:04}Z-4k2m{number:02}"


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of the golden day by the centre's clock; hour 24 and more is the next day."""
    return START + timedelta(hours=hour, minutes=minute, seconds=second)


def passed(number: int, slot: datetime, after_s: float, probe: Mapping[str, Any], agent_ms: int) -> dict[str, Any]:
    times = {"greeting_ms": 3_240, "queue_ms": agent_ms - 12_000, "agent_ms": agent_ms, "total_ms": agent_ms + 14_000}
    began = slot + timedelta(seconds=after_s)
    return row(number, began, slot_ms=to_ms(slot), **{**probe, **times})


def failed(number: int, began: datetime, stage: str, reason: str, owner: str, **more: Any) -> dict[str, Any]:
    reached = stage in ("queue", "agent")
    judged = {"accessibility": "ok" if reached else "not_ok", "availability": "not_ok" if reached else "not_judged"}
    told = {"verdict": "fail", "stage": stage, "reason": reason, "owner": owner, **judged}
    return row(number, began, **{"agent_ms": None, "agent_held_ms": None, **told, **more})


def day_rows() -> list[dict[str, Any]]:
    """Every kind of row, in the order in which it was entered."""
    queue = {"greeting_ms": 4_100, "queue_ms": None, "total_ms": 600_000}
    peak = {"mode": "peak", "agent_ms": None, "agent_held_ms": None, "availability": "not_judged"}
    return [
        passed(1, at(0), 92, NIGHT, 31_450),  # night: the shift that began the day before
        passed(2, at(1), 105, NIGHT, 44_000),
        missed(3, at(2, 3), Cause.DOWN, slot_ms=to_ms(at(2)), **NIGHT),
        passed(4, at(8), 72, IVR, 52_900),
        row(5, at(8, 31, 10), slot_ms=to_ms(at(8, 30)), verdict="degraded", stage="queue", reason="slow",
            owner="team_leader", greeting_ms=3_000, queue_ms=310_000, **{**IVR, "agent_ms": 322_050}),
        failed(6, at(9, 3, 5), "ivr", "ivr_silent", "ioc", slot_ms=to_ms(at(9)), **IVR),
        failed(7, at(9, 4, 30), "ivr", "ivr_silent", "ioc", trigger="retest", retest_of=run(6), slot_ms=None, **IVR),
        passed(8, at(9, 30), 80, IVR, 41_000),
        row(9, at(10, 5), slot_ms=to_ms(at(10)), verdict="inconclusive", stage="agent", reason="agent_unproven",
            owner="siaga", availability="not_judged", **{**IVR, "agent_ms": None, "agent_held_ms": None}),
        missed(10, at(10, 34), None, slot_ms=to_ms(at(10, 30)), **IVR),  # lost half-way
        failed(11, at(10, 16, 40), "queue", "agent_timeout", "team_leader", slot_ms=to_ms(at(10)), **{**CHAT, **queue}),
        missed(12, at(11, 2), Cause.BUSY, slot_ms=to_ms(at(11)), **CHAT),
        missed(13, at(13, 1), Cause.MAINTENANCE, slot_ms=to_ms(at(13)), **CHAT),
        failed(14, at(13, 40), "access", "unavailable_503", "ioc", slot_ms=to_ms(at(13, 30)), **CHAT),  # in maintenance
        row(15, at(17, 5), slot_ms=to_ms(at(17)), **{**IVR, **peak}),
        missed(16, at(17, 34), Cause.COURTESY, slot_ms=to_ms(at(17, 30)), mode="peak", **IVR),
        row(17, at(11, 5), slot_ms=None, trigger="manual", **{**SOCIAL, "agent_ms": 148_000, "greeting_ms": 6_000}),
        row(18, at(15, 0), slot_ms=None, trigger="cli", probe=None, service=None, skill=None, channel="sip"),
        passed(19, at(23, 30), 1_900, NIGHT, 61_000),  # its slot is before midnight, its call after
    ]  # fmt: skip


def before_rows() -> list[dict[str, Any]]:
    """The evening before: an issue that stays open over midnight, and a slot that is the day's before."""
    return [
        failed(90, at(-2), "access", "busy_486", "ioc", slot_ms=to_ms(at(-2)), **CHAT),
        failed(91, at(-1), "access", "busy_486", "ioc", slot_ms=to_ms(at(-1)), **CHAT),
        passed(92, at(-1, 30), 2_400, NIGHT, 30_000),
    ]


def enter(database: Database) -> None:
    """Write the day, the evening before and what people said into the record."""
    rows = [{**one, "run_id": run(int(one["run_id"][4:]))} for one in (*before_rows(), *day_rows())]
    made, data = [], {}
    for one in rows:
        detail = pack({"target": TARGETS.get(one["probe"], "sip:9000@lab.example"), "message": "", "steps": []})
        played = one["state"] == "done"
        made.append(
            {**one, "config": bytes.fromhex(HASH), "detail_sha256": hashlib.sha256(detail).digest() if played else None}
        )
        data[one["run_id"]] = detail
    with database.write() as connection:
        linked = append(connection, RESULT, made)
        details = [{"seq": r["seq"], "data": data[r["run_id"]]} for r in linked if r["detail_sha256"] is not None]
        connection.execute(insert(DETAIL), details)
    _said(Journal(database))
    Windows(database).add("digital", at(13), at(14), "IOC: pergantian router", at(14, 20), "Budi S.")


def _said(journal: Journal) -> None:
    escalated = {"at": at(9, 5).isoformat(), "to": "IOC", "ticket": "4711", "progress": "Media server dinyalakan ulang",
                 "solved": at(9, 31).isoformat()}  # fmt: skip
    journal.write("remark", run(7), {}, {"by": "Dewi A.", "text": "Media server", "escalation": escalated}, at(9, 40))
    journal.write(
        "remark", run(17), {"what": "manual", "late": True}, {"by": "Budi S.", "text": "tangkapan layar"}, at(11, 20)
    )
    journal.write("remark", run(11), {}, {"by": "Dewi A.", "text": "Antrean padat, 2 Agent AUX"}, at(26))
    journal.write("sign", f"{DAY}/shift:pagi", {"shift": "pagi"}, {"name": "Dewi A.", "role": "PIC"}, at(15, 2))
    journal.write("sign", f"{DAY}/made", {"part": "made"}, {"name": "Dewi A.", "role": "PIC"}, at(32))
    changed = {"added": ["ivr-malam"], "removed": [], "changed": ["wa-ke-agent"], "trunks": []}
    journal.write("config", "service", {"old": "0ld" * 21, "new": HASH, "changes": changed}, None, at(7, 55))


def asked(**changes: Any) -> Asked:
    """The report of the golden day, printed the morning after."""
    said: dict[str, Any] = {
        "period": Period(day=DAY, zone=WIB, start=START, end=END, printed=at(32, 5)),
        "head": Letterhead(
            centre="Pusat Layanan Nusantara", code="NUS-01", document_code="FR-OPS-004", effective=date(2026, 1, 2)
        ),
        "shifts": (
            Shift(name="pagi", from_min=420, to_min=900, pic="Dewi A."),
            Shift(name="sore", from_min=900, to_min=1320, pic="Budi S."),
            Shift(name="malam", from_min=1320, to_min=1860),
        ),
        "tested": {
            "ivr-ke-agent": KnownProbe(target="sip:1500@pbx.example", every_s=1800),
            "ivr-malam": KnownProbe(
                target="+622150001500", every_s=3600, pic="Rudi H.", tester="+628111234321", route="jalur-a"
            ),
            "wa-ke-agent": KnownProbe(target="+628110001500", every_s=1800, tester="+628139876202"),
            "instagram": KnownProbe(target=INJECTION, every_s=3600, tester="@akun_uji_nusantara"),
        },
        "version": "0.1.0",
        "config": HASH,
    }
    return Asked(**{**said, **changes})


def windows(database: Database) -> tuple[Window, ...]:
    """One of the configuration, which lies on another day, and those said by hand."""
    planned = Window(target="inbound", from_=at(48), to=at(50), reason="Migrasi")
    return (planned, *Windows(database).list())
