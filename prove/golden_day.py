"""The golden day: everything that can happen to a test, entered by the product's own path and its own verbs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from probe.outcome import Timings
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from prove.making import PASSED, Line, Maker, Told
from prove.recount import Mended
from prove.worlds import World
from storage.database import Database
from storage.journal import Journal
from storage.values import Cause, Planned

ZONE = ZoneInfo("Asia/Jakarta")
IVR = Line(probe="ivr-ke-agent", channel="sip", service="inbound", skill="tier-1", target="sip:1500@127.0.0.1:9")
NIGHT = Line(
    probe="ivr-malam", channel="sip", service="inbound", skill="tier-2", target="sip:1501@127.0.0.1:9", every_s=3600
)
SOCIAL = Line(
    probe="instagram", channel="manual", service="digital", skill="cs-digital", target="@nusantara", every_s=7200
)
CALLED = Line(probe=None, channel="sip", service=None, skill=None, target="sip:9000@127.0.0.1:9")
CONFIG = """
[centre]
name = "Pusat Layanan Nusantara"
code = "NUS-01"
document_code = "FR-OPS-004"
revision = "00"
effective_date = 2026-01-02
[hours.layanan]
mon-sun = ["07:00-19:00"]
[hours.malam]
mon-sun = ["22:00-24:00", "00:00-02:00"]
[[shift]]
name = "pagi"
from = "07:00"
to = "15:00"
pic = "Dewi A."
[[shift]]
name = "malam"
from = "22:00"
to = "06:00"
pic = "Budi S."
[[probe]]
name = "ivr-ke-agent"
channel = "sip"
service = "inbound"
skill = "tier-1"
to = "sip:1500@127.0.0.1:9"
every = "30m"
hours = "layanan"
pic = "Rudi H."
script = [{ expect = "answer" }, { expect = "agent" }]
[[probe]]
name = "ivr-malam"
channel = "sip"
service = "inbound"
skill = "tier-2"
to = "sip:1501@127.0.0.1:9"
every = "1h"
hours = "malam"
script = [{ expect = "answer" }, { expect = "agent" }]
[[probe]]
name = "instagram"
channel = "manual"
service = "digital"
skill = "cs-digital"
to = "@nusantara"
every = "2h"
hours = "layanan"
script = [{ expect = "agent" }]
"""
SLOTS = 24 + 4 + 6
"""07.00 to 18.30; 00.00, 01.00, 22.00 and 23.00; 08.00 to 18.00."""
REMARK = "Media server dinyalakan ulang oleh IOC; =1+1 bukan rumus"


def _failed(stage: Stage, reason: Reason, owner: Owner) -> Told:
    reached = stage in (Stage.QUEUE, Stage.AGENT)
    return Told(
        verdict=Verdict.FAIL,
        stage=stage,
        reason=reason,
        owner=owner,
        accessibility=Judged.OK if reached else Judged.NOT_OK,
        availability=Judged.NOT_OK if reached else Judged.NOT_JUDGED,
        timings=Timings(time_to_greeting_s=4.1, total_s=300.0),
    )


SILENT = _failed(Stage.IVR, Reason.IVR_SILENT, Owner.IOC)
NOBODY = _failed(Stage.QUEUE, Reason.AGENT_TIMEOUT, Owner.TEAM_LEADER)
REFUSED = _failed(Stage.ACCESS, Reason.BUSY, Owner.IOC)
SLOW = Told(
    verdict=Verdict.DEGRADED,
    stage=Stage.QUEUE,
    reason=Reason.SLOW,
    owner=Owner.TEAM_LEADER,
    timings=Timings(time_to_greeting_s=3.0, queue_s=310.0, time_to_agent_s=322.05, total_s=340.0),
)
UNPROVEN = Told(
    verdict=Verdict.INCONCLUSIVE,
    stage=Stage.AGENT,
    reason=Reason.AGENT_UNPROVEN,
    owner=Owner.SIAGA,
    availability=Judged.NOT_JUDGED,
    timings=Timings(time_to_greeting_s=3.3, total_s=60.0),
)
PEAK = Told(availability=Judged.NOT_JUDGED, timings=Timings(time_to_greeting_s=3.1, total_s=31.0))
NOT_PLAYED = {
    6: Cause.BUSY, 7: Cause.LATE, 8: Cause.BUDGET, 9: Cause.COURTESY, 13: Cause.MAINTENANCE,
}  # fmt: skip
"""Half-hours from 07.00 on."""


@dataclass
class Day:
    """A day of the past, and what was done on it."""

    world: World
    day: date
    unplanned: Counter[str] = field(default_factory=Counter)
    mended: list[Mended] = field(default_factory=list)
    failed: Planned | None = None

    def at(self, hour: int, minute: int = 0) -> datetime:
        """A moment by the centre's clock."""
        return (datetime.combine(self.day, time(), ZONE) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)

    def local(self, hour: int, minute: int = 0) -> str:
        """The same as people write it."""
        return f"{self.at(hour, minute).astimezone(ZONE):%Y-%m-%dT%H:%M}"

    def say(self, *words: str) -> None:
        """A verb that must do what it is told."""
        ran = self.world.installation.run(*words, within_s=300)
        if ran.exit_code:
            raise RuntimeError(f"siaga {' '.join(words)}: exit {ran.exit_code}: {ran.stderr[-1000:]}")

    def enter(self) -> None:
        """The day, the evening before and the night after."""
        database = Database(self.world.url)
        try:
            maker = Maker(database, self.world.evidence, 20)
            self._around(maker)
            self._ivr(maker)
            self._night(maker)
            self._social(maker)
            self._besides(maker)
            assert self.failed is not None
            said = {"by": "Dewi A.", "text": REMARK, "escalation": self._escalation()}
            Journal(database).write("remark", self.failed.run_id, {}, said, self.at(9, 40))
        finally:
            database.close()
        self._by_verbs()

    def _around(self, maker: Maker) -> None:
        for line, hour, told in ((IVR, -6, REFUSED), (NIGHT, -1, PASSED), (NIGHT, 24, PASSED)):
            slot = self.at(hour)
            maker.done(maker.planned(line, slot + timedelta(minutes=2), slot), line, told)

    def _ivr(self, maker: Maker) -> None:
        told = {2: SLOW, 3: SILENT, 4: UNPROVEN, 20: NOBODY}
        for number in range(24):
            slot = self.at(7) + number * timedelta(minutes=30)
            mode = "peak" if number in (18, 19) else "normal"
            planned = maker.planned(IVR, slot + timedelta(seconds=74), slot, mode=mode)
            if number == 5:
                maker.lost(planned)
            elif number == 10:
                maker.down(planned)
            elif number in NOT_PLAYED or number == 19:
                maker.missed(planned, NOT_PLAYED.get(number, Cause.COURTESY))
            else:
                seconds = timedelta(milliseconds=137 * number)
                maker.done(planned, IVR, PEAK if mode == "peak" else told.get(number, PASSED), planned.due + seconds)
            if number == 3:
                self.failed = planned

    def _night(self, maker: Maker) -> None:
        for hour, told in (
            (0, PASSED),
            (1, REFUSED),
            (22, None),
            (23, replace(PASSED, timings=_shifted(PASSED.timings))),
        ):
            slot = self.at(hour)
            planned = maker.planned(NIGHT, slot + timedelta(minutes=31), slot)
            if told is None:
                maker.down(planned)
            else:
                late = timedelta(minutes=29, seconds=30) if hour == 23 else timedelta()
                maker.done(planned, NIGHT, told, planned.due + late)  # the last one begins after midnight

    def _social(self, maker: Maker) -> None:
        for hour in (12, 14, 16, 18):
            slot = self.at(hour)
            maker.missed(maker.planned(SOCIAL, slot, slot), Cause.LATE)

    def _besides(self, maker: Maker) -> None:
        assert self.failed is not None
        again = maker.planned(IVR, self.at(8, 33), trigger="retest", retest_of=self.failed.run_id)
        maker.done(again, IVR, SILENT)
        maker.done(maker.planned(CALLED, self.at(15, 7), trigger="cli"), CALLED)
        self.unplanned.update(["retest", "cli"])

    def _by_verbs(self) -> None:
        """What people do themselves, days later: all of it is marked so by the product."""
        day = self.day.isoformat()
        manual = ("test", "record", "instagram", "--by", "Dewi A.")
        fine = ("--access", "ok", "--agent", "ok", "--connected", "148.5", "--greeting", "6.2")
        self.say(*manual, "--at", self.local(8, 10), "--slot", self.local(8), *fine)
        self.say(
            *manual, "--at", self.local(10, 5), "--slot", self.local(10), "--access", "nok", "--reason", "bot_silent"
        )
        self.say(*manual, "--at", self.local(10, 45), *fine)
        self.unplanned.update(["manual"])
        self.say(
            "maintenance",
            "add",
            "inbound",
            "--from",
            self.local(13),
            "--to",
            self.local(14),
            "--reason",
            "ganti router",
        )
        self.mended.append(Mended("inbound", self.at(13), self.at(14)))
        self.say("sign", "--shift", "pagi", "--day", day, "--name", "Dewi A.", "--role", "PIC")
        self.say("sign", "--as", "made", "--day", day, "--name", "Dewi A.", "--role", "PIC")
        self.say("sign", "--as", "approved", "--day", day, "--name", "Rina W.", "--role", "Manajer Operasional")

    def _escalation(self) -> dict[str, str]:
        return {
            "at": self.at(8, 35).isoformat(),
            "to": "IOC",
            "ticket": "INC-4711",
            "progress": "Media server dinyalakan ulang",
            "solved": self.at(9, 1).isoformat(),
        }


def _shifted(timings: Timings) -> Timings:
    return replace(timings, time_to_agent_s=61.25, queue_s=47.05)
