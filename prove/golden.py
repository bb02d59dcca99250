"""Point 5: the golden day on paper, and its figures counted a second time by somebody else."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from probe.outcome import Timings
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from prove import audit, printing, worlds
from prove.campaign import Campaign, Result, Room
from prove.golden_day import CONFIG, REMARK, SLOTS, ZONE, Day
from prove.making import PASSED, Line, Maker, Told
from prove.recount import Figures, Mended, recounted, told
from prove.worlds import World
from storage.database import Database
from storage.figures import by_line
from storage.maintenance import Windows, inside
from storage.monthly import figures
from storage.results import Results
from storage.values import Cause
from tests.farends.postgres import Postgres
from tests.reports.readback import groups_of, opened, rows_of

SEEDS = int(os.environ.get("SIAGA_SEEDS", "40"))
ON_PAPER = 5
"""One seed in so many is written by the program and read back from its workbook as well."""
PICTURES = os.environ.get("SIAGA_PICTURES")
"""A folder for the printed pages, to be looked at."""
COLUMNS = [
    "No", "Interval", "Waktu tes", "Layanan/Kanal", "Tujuan/Skill", "Nomor penguji", "Jenis tes",
    "IVR/VA Accessibility", "Respons IVR/VA (dtk)", "Agent Availability", "Waktu antre (dtk)",
    "Terhubung Agent (dtk)", "Kendala", "Eskalasi", "PIC", "Keterangan + ID tes",
]  # fmt: skip
KINDS = {
    "missed": "Tidak terlaksana",
    "lost": "Terhenti di tengah jalan",
    "inconclusive": "Tidak dapat dinilai",
    "re-test": "Tes ulang",
    "manual": "Manual",
    "maintenance": "Pemeliharaan",
    "peak": "mode puncak",
}
"""What must be on the day, and a word of its row on paper."""
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin", "America/New_York")
MIDDLES = (date(2026, 3, 28), date(2026, 4, 30), date(2025, 12, 31), date(2026, 10, 25), date(2026, 2, 28))
"""Ends of months and of a year, and nights in which clocks change in Europe."""
LINES = (
    Line(probe="ivr", channel="sip", service="inbound", skill="tier-1", target="sip:1500@pbx.example"),
    Line(probe="ivr-2", channel="sip", service="inbound", skill="tier-2", target="sip:1501@pbx.example"),
    Line(probe="wa", channel="whatsapp", service="digital", skill="cs", target="+628110001500"),
    Line(probe="web", channel="webchat", service="digital", skill=None, target="https://chat.example"),
    Line(probe=None, channel="sip", service=None, skill=None, target="sip:9000@lab.example"),
)
ROWS = 60


def run(room: Room) -> Result:
    """The golden day on both databases, then random days and months."""
    result = Result()
    with Postgres() as server:
        for kind in ("sqlite", "postgresql"):
            folder = room.scratch(f"emas-{kind}")
            world = World(kind, worlds.url_of(kind, folder, server), folder, {})
            world.write(CONFIG)
            _as_indonesian(world)
            day = Day(world, (datetime.now(ZONE) - timedelta(days=2)).date())
            day.enter()
            _workbook(day, result)
            if kind == "sqlite":
                _page(day, result)
    _random(room, result)
    return result


def _as_indonesian(world: World) -> None:
    file = world.folder / "siaga.toml"
    file.write_text(file.read_text("utf-8").replace('language = "en"', 'language = "id"'), "utf-8")


# --- the golden day ------------------------------------------------------------------------------------------------


def _workbook(day: Day, result: Result) -> None:
    world, path = day.world, day.world.folder / "laporan.xlsx"
    day.say("report", "daily", "--date", day.day.isoformat(), "-o", str(path))
    data = path.read_bytes()
    rows = rows_of(data)
    unplanned = day.unplanned.total()
    triggers = Counter(rows["Jenis tes/Jenis tes"])
    found = f"{len(rows)} rows: {dict(triggers)}"
    promised = f"{SLOTS} slots + {unplanned} unplanned"
    result.add(f"{world.name}: rows of the workbook", promised, found, len(rows) == SLOTS + unplanned)
    headings = [cell.value for cell in opened(data).worksheets[1][5] if cell.value]
    named = sum(heading.startswith(column) for heading, column in zip(headings, COLUMNS, strict=False))
    empty = int(rows.isna().sum().sum() + (rows == "").sum().sum())
    result.add(
        f"{world.name}: columns", "16, in order, none empty in any row",
        f"{len(headings)}, {named} as asked for; {empty} empty cells of {rows.size}",
        len(headings) == named == len(COLUMNS) and not empty,
    )  # fmt: skip
    texts = ["|".join(str(cell) for cell in row) for row in rows.itertuples(index=False)]
    absent = [kind for kind, said in KINDS.items() if not any(said.lower() in text.lower() for text in texts)]
    result.add(f"{world.name}: a row of each kind", ", ".join(KINDS), f"absent: {absent or 'none'}", not absent)
    formulas = [
        cell.coordinate
        for sheet in opened(data).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    result.add(f"{world.name}: formulas in the workbook", "none", str(formulas or "none"), not formulas)
    counted = recounted(audit.read(world.url).results, day.mended, ZONE, day.day, day.day)
    wrong = _unlike(groups_of(data)[:-1], counted)
    result.add(
        f"{world.name}: figures against the recount", "equal", f"{len(counted)} lines, {len(wrong)} differ",
        not wrong and len(counted) > 3,
    )  # fmt: skip
    result.notes += [f"- {world.name}: {line}" for line in wrong]


def _unlike(lines: list[list[Any]], counted: dict[Any, Figures]) -> list[str]:
    """Lines of the first sheet that are not those of the recount; the names of lines are words there."""
    on_paper = sorted((_of_paper(line) for line in lines), key=str)
    again = sorted((_of_recount(one) for one in counted.values() if one["planned"] or one["apart"]), key=str)
    if len(on_paper) != len(again):
        return [f"{len(on_paper)} lines on paper, {len(again)} counted"]
    return [
        f"{paper} on paper, {count} counted" for paper, count in zip(on_paper, again, strict=True) if paper != count
    ]


def _of_paper(line: list[Any]) -> tuple[Any, ...]:
    shares = tuple(str(line[n]).replace("\N{EN DASH}", "0 dari 0") for n in (12, 14))
    times = tuple(round(value, 1) if isinstance(value, int | float) else None for value in line[15:17])
    return (*line[3:11], *shares, *times)


def _of_recount(one: Figures) -> tuple[Any, ...]:
    shares = tuple(f"{ok} dari {judged}" for ok, judged in (one["accessibility"], one["availability"]))
    times = tuple(None if one[name] is None else round(one[name] / 1000, 1) for name in ("median_ms", "p90_ms"))
    verdicts = tuple(one["verdicts"].values())
    return (one["planned"], one["done"], one["planned"] - one["done"], *verdicts, one["apart"], *shares, *times)


def _page(day: Day, result: Result) -> None:
    """The HTML as Chromium prints it."""
    path = day.world.folder / "laporan.html"
    day.say("report", "daily", "--date", day.day.isoformat(), "-o", str(path))
    html = path.read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="(?!data:|#)[^"]*"|url\((?!data:)', html)
    paper = printing.printed(path, day.world.folder)
    lack = printing.missing(printing.said_by(html), paper.text)
    runs = [row["run_id"] for row in audit.read(day.world.url).results]
    squeezed = re.sub(r"\s", "", paper.text)
    rows = rows_of((day.world.folder / "laporan.xlsx").read_bytes())
    wanted = [str(one) for one in rows[rows.columns[-1]]]
    absent = [run_id for run_id in wanted if re.sub(r"\s", "", run_id) not in squeezed]
    result.add("printed by Chromium: tests on paper", f"all {len(wanted)}", f"absent: {absent or 'none'}", not absent)
    result.add("printed by Chromium: letters of the page on paper", "all", f"lacking: {lack or 'none'}", not lack)
    found = f"{paper.pages} pages, {len(paper.outside)} words outside, {paper.at_edge} dark points in the margin"
    result.add(
        "printed by Chromium: nothing cut", "2 to 8 pages, nothing at the edge", found,
        2 <= paper.pages <= 8 and not paper.outside and not paper.at_edge,
    )  # fmt: skip
    result.add("nothing is loaded from elsewhere", "none", str(loaded or "none"), not loaded)
    comma = "42,9" in html and "42.9" not in html
    result.add("decimal comma", "42,9", "yes" if comma else "no", comma)
    here = REMARK in html and len(runs) > SLOTS
    result.add("remarks of people are on the page", "word by word", "yes" if here else "no", here)
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        for picture in paper.pictures:
            shutil.copy(picture, PICTURES)


# --- random days ---------------------------------------------------------------------------------------------------


def _random(room: Room, result: Result) -> None:
    days = months = papers = entries = 0
    wrong = list[str]()
    for seed in range(SEEDS):
        dice = random.Random(seed)  # noqa: S311 no secret
        folder = room.scratch(f"acak-{seed}")
        world = World(f"seed {seed}", f"sqlite:///{folder / 'siaga.db'}", folder, {})
        zone, middle = ZoneInfo(dice.choice(ZONES)), dice.choice(MIDDLES)
        world.write()
        _as_indonesian(world)
        database = Database(world.url)
        try:
            mended = _fill(world, database, dice, zone, middle)
            rows = audit.read(world.url).results
            entries += len(rows)
            for offset in (-1, 0, 1):
                day = middle + timedelta(days=offset)
                counted = recounted(rows, mended, zone, day, day)
                days += 1
                if _by_product(world, database, zone, day, day) != counted:
                    wrong.append(f"seed {seed}, {day} in {zone}")
            for first, last in _months(middle):
                months += 1
                counted = recounted(rows, mended, zone, first, last)
                if _by_month(database, zone, first, last) != counted:
                    wrong.append(f"seed {seed}, month of {first} in {zone}")
        finally:
            database.close()
        if seed % ON_PAPER == 0:
            papers += 1
            wrong += [f"seed {seed} on paper: {line}" for line in _on_paper(world, zone, middle, rows, mended)]
    found = f"{len(wrong)} of {days} days, {months} months and {papers} workbooks differ ({entries} entries)"
    result.add("figures of random days and months against pandas", "equal", found, not wrong and days > 0)
    result.notes += [f"- {line}" for line in wrong[:20]]


def _fill(world: World, database: Database, dice: random.Random, zone: ZoneInfo, middle: date) -> list[Mended]:
    """Random tests around a midnight, and random maintenance."""
    maker, known = Maker(database, world.evidence, dice.randrange(10**6)), set[tuple[str | None, datetime]]()
    first = datetime.combine(middle - timedelta(days=1), time(), zone).astimezone(UTC)
    for _ in range(ROWS):
        line, slot = dice.choice(LINES), first + timedelta(minutes=30 * dice.randrange(6 * 24))
        if (line.probe, slot) not in known:
            known.add((line.probe, slot))
            _enter(maker, line, slot, dice)
    spans = [
        (dice.choice(("ivr", "inbound", "sip", "digital")), dice.randrange(70), dice.randrange(1, 20)) for _ in "ab"
    ]
    mended = []
    for target, begins, hours in spans:
        from_ = first + timedelta(hours=begins)
        mended.append(Mended(target, from_, from_ + timedelta(hours=hours)))
        Windows(database).add(target, from_, mended[-1].to, "acak", datetime.now(UTC), "Budi S.")
    return mended


def _enter(maker: Maker, line: Line, slot: datetime, dice: random.Random) -> None:
    plan = line.probe is not None and dice.random() < 0.8
    due = slot + timedelta(seconds=dice.randrange(1500))
    mode = dice.choice(("normal", "normal", "normal", "peak"))
    planned = (
        maker.planned(line, due, slot, mode=mode)
        if plan
        else maker.planned(line, due, trigger=dice.choice(("manual", "cli", "retest")), mode=mode)
    )
    chance = dice.random()
    if plan and chance < 0.2:
        maker.missed(planned, dice.choice([*Cause]))
    elif chance < 0.25:
        maker.lost(planned)
    else:
        maker.done(planned, line, _told(dice), due + timedelta(milliseconds=dice.randrange(60_000)))


def _told(dice: random.Random) -> Told:
    judged = [Judged.OK, Judged.OK, Judged.NOT_OK, Judged.NOT_JUDGED]
    reached = dice.choice((None, dice.randrange(600_000) / 1000))
    times = Timings(time_to_greeting_s=3.0, time_to_agent_s=reached, total_s=(reached or 0) + 20.0)
    kinds = (
        PASSED,
        Told(verdict=Verdict.DEGRADED, stage=Stage.QUEUE, reason=Reason.SLOW, owner=Owner.TEAM_LEADER),
        Told(verdict=Verdict.FAIL, stage=Stage.QUEUE, reason=Reason.AGENT_TIMEOUT, owner=Owner.TEAM_LEADER),
        Told(verdict=Verdict.INCONCLUSIVE, stage=Stage.AGENT, reason=Reason.AGENT_UNPROVEN, owner=Owner.SIAGA),
    )
    kind = dice.choice(kinds)
    return Told(
        verdict=kind.verdict,
        stage=kind.stage,
        reason=kind.reason,
        owner=kind.owner,
        accessibility=dice.choice(judged),
        availability=dice.choice(judged),
        timings=times,
    )


def _bounds(zone: ZoneInfo, first: date, last: date) -> tuple[datetime, datetime]:
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)


def _by_product(world: World, database: Database, zone: ZoneInfo, first: date, last: date) -> dict[Any, Figures]:
    entries = Results(database, world.evidence).on_day(*_bounds(zone, first, last))
    return {tuple(line): told(one) for line, one in by_line(entries, inside(Windows(database).list())).items()}


def _by_month(database: Database, zone: ZoneInfo, first: date, last: date) -> dict[Any, Figures]:
    found = figures(database, *_bounds(zone, first, last), Windows(database).list())
    return {tuple(line): told(one) for line, one in found.items()}


def _months(middle: date) -> list[tuple[date, date]]:
    first = middle.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return [
        (first, after - timedelta(days=1)),
        (after, (after + timedelta(days=32)).replace(day=1) - timedelta(days=1)),
    ]


def _on_paper(world: World, zone: ZoneInfo, day: date, rows: list[dict[str, Any]], mended: list[Mended]) -> list[str]:
    file = world.folder / "siaga.toml"
    file.write_text(f'timezone = "{zone.key}"\n' + file.read_text("utf-8"), "utf-8")
    ran = world.installation.run("report", "daily", "--date", day.isoformat(), "-o", "acak.xlsx", within_s=300)
    if ran.exit_code:
        return [f"exit {ran.exit_code}: {ran.stderr[-500:]}"]
    data = (world.folder / "acak.xlsx").read_bytes()
    return _unlike(groups_of(data)[:-1], recounted(rows, mended, zone, day, day))


CAMPAIGN = Campaign(
    "golden",
    5,
    "The golden day: a missed, a lost, an inconclusive, a re-test, a manual, a maintenance and a peak row; XLSX read "
    "back with openpyxl: row count = slots, all columns filled; figures equal an independent recount (pandas) on "
    "random data over midnight, months, zones; HTML printed by Chromium and looked at.",
    run,
)
