"""The figures on paper against a recount by pandas of the rows on the same paper: any day, zone, maintenance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from reports.daily import Asked, daily
from reports.material import gather
from reports.printed import printed
from reports.values import Period
from reports.wording import DASH
from reports.workbook import workbook
from storage.chain import RESULT
from storage.database import Database
from storage.maintenance import Window
from tests.reports.readback import groups_of, rows_of
from tests.storage.entries import keep
from tests.storage.random_entries import FIRST, SPAN, rows, windows

ZONES = ["Asia/Jakarta", "Asia/Jayapura", "Europe/Berlin", "America/New_York"]
KINDS = {"Otomatis": "schedule", "Manual": "manual", "Tes ulang": "retest", "Tes sekarang": "cli"}
SECONDS = "Terhubung Agent (dtk)/Terhubung Agent (dtk)"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    folder = tmp_path_factory.mktemp("paper")
    made = Database(f"sqlite:///{folder}/siaga.db")
    yield made, folder
    made.close()


def asked_for(day: date, zone: ZoneInfo) -> Asked:
    start, end = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
    period = Period(day=day, zone=zone, start=start, end=end, printed=end)
    return Asked(period=period, version="0.1.0", config="0" * 64)


@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])  # a workbook each: shrinking takes minutes
@given(rows(), windows(), st.integers(0, SPAN.days - 1), st.sampled_from(ZONES))
def test_the_summary_is_what_a_reader_counts_in_the_rows(
    shared: tuple[Database, Path], made: list[dict[str, Any]], planned: list[Window], day: int, zone: str
) -> None:
    database, folder = shared
    keep(database, made)
    try:
        asked = asked_for(FIRST.date() + timedelta(days=day), ZoneInfo(zone))
        material = gather(database, folder, asked.period.start, asked.period.end, planned, ())
        data = workbook(printed(daily(asked, material), "id"))
    finally:
        with database.write() as connection:
            connection.execute(delete(RESULT))
    counted = rows_of(data)
    table = {tuple(line[:3]): line for line in groups_of(data)}
    if counted.empty:
        assert not any(line[3] for line in table.values())
        return
    keys = ["Layanan/Kanal/Layanan", "Layanan/Kanal/Kanal", "Tujuan/Skill/Skill (menu)"]
    for key, own in counted.groupby(keys):
        check(table[key], own)
    check(table["Semua", DASH, DASH], counted)


def check(line: list[Any], own: pd.DataFrame) -> None:
    """One line of the summary against the rows it is about."""
    own = own.assign(
        trigger=own["Jenis tes/Jenis tes"].map(KINDS),
        issue=own["Kendala/Kendala"],
        missed=own["Kendala/Kendala"].str.startswith("Tidak terlaksana:"),
        lost=own["Kendala/Kendala"] == "Terhenti di tengah jalan",
        inside=own["Keterangan + ID tes/Keterangan"].str.contains("tidak dihitung")
        | (own["Kendala/Kendala"] == "Tidak terlaksana: Pemeliharaan terencana"),
    )
    planned = own[own["trigger"] == "schedule"]
    done = planned[~planned["missed"] & ~planned["lost"]]
    judged = done[~done["inside"]]
    verdicts = [
        int((done["issue"] == DASH).sum()),
        int(done["issue"].str.startswith("Di luar standar:").sum()),
        int(done["issue"].str.startswith("Antrean:").sum()),
        int(done["issue"].str.startswith("Tidak dapat dinilai:").sum()),
    ]
    assert line[3:6] == [len(planned), len(done), len(planned) - len(done)]
    assert line[6:10] == verdicts
    assert line[10] == len(own) - len(planned)
    for column, heading in ((11, "IVR/VA Accessibility"), (13, "Agent Availability")):
        said = judged[f"{heading}/{heading}"].value_counts()
        ok, all_ = said.get("OK", 0), said.get("OK", 0) + said.get("NOK", 0)
        assert line[column + 1] == (f"{ok} dari {all_}" if all_ else DASH)
        assert line[column] == (pytest.approx(ok / all_, abs=0.0006) if all_ else DASH)
    reached = judged[(judged["Agent Availability/Agent Availability"] == "OK") & (judged[SECONDS] != DASH)]
    times = sorted(reached[SECONDS].astype(float))
    for column, percent in ((15, 50), (16, 90)):
        assert line[column] == (pytest.approx(times[ceil(percent / 100 * len(times)) - 1]) if times else DASH)
