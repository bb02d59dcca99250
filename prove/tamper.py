"""Point 6: one byte is changed, anywhere in the record or its evidence, and ``siaga verify`` names the place."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, delete, insert, select, update

from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from prove import worlds
from prove.campaign import Campaign, Result, Room
from prove.making import Line, Maker, Told
from prove.worlds import World
from storage.chain import CHAIN, JOURNAL, RESULT, table_of
from storage.database import Database
from storage.findings import Finding
from storage.journal import Journal
from storage.results import DETAIL
from storage.retention import dispose
from storage.settings import RetentionSettings
from storage.tables import JournalTextRow
from storage.values import Cause
from storage.verify import verify
from tests.farends.postgres import Postgres

ROWS = int(os.environ.get("SIAGA_TAMPER_ROWS", "200"))
SAMPLE = int(os.environ.get("SIAGA_TAMPER_SAMPLE", "12"))
"""Rows per column."""
COMMANDS = int(os.environ.get("SIAGA_TAMPER_COMMANDS", "1000"))
"""How often the installed program is asked, besides its function."""
FIRST = datetime(2026, 3, 1, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
LINE = Line(probe="ivr-ke-agent", channel="sip", service="inbound", skill="tier-1", target="sip:1500@pbx.example")
FAILED = Told(
    verdict=Verdict.FAIL,
    stage=Stage.IVR,
    reason=Reason.IVR_SILENT,
    owner=Owner.IOC,
    accessibility=Judged.NOT_OK,
    availability=Judged.NOT_JUDGED,
    message="IVR diam.",
)
TEXT = table_of(JournalTextRow)
CHECKS = ("result_state", "result_cause")
Row = dict[str, Any]


@dataclass
class Ward:
    """One record, and what became of the changes made to it."""

    world: World
    database: Database
    dice: random.Random
    tried: int = 0
    named: int = 0
    silent: list[str] = field(default_factory=list)
    """Changes that verify did not name."""
    by_command: int = 0
    by_command_named: int = 0

    def findings(self) -> list[Finding]:
        return list(verify(self.database, self.world.evidence))

    def judge(self, what: str, wheres: tuple[str, ...], *, command: bool = False) -> None:
        """Whether any finding says one of the places; ``command``: asked of the installed program as well."""
        self.tried += 1
        found = self.findings()
        if any(_says(finding.where, where) for finding in found for where in wheres):
            self.named += 1
        else:
            self.silent.append(f"{what}: {[f.where for f in found[:3]]}")
        if command and self.by_command < COMMANDS:
            self.by_command += 1
            ran = self.world.installation.run("verify", "--json", within_s=300)
            told = [json.loads(line)["where"] for line in ran.stdout.splitlines()]
            self.by_command_named += ran.exit_code == 1 and any(_says(one, where) for one in told for where in wheres)


def run(room: Room) -> Result:
    """The same on both databases."""
    result = Result()
    with Postgres() as server:
        for kind in ("sqlite", "postgresql"):
            folder = room.scratch(kind)
            world = World(kind, worlds.url_of(kind, folder, server), folder, {})
            world.write()
            database = Database(world.url)
            try:
                _of_kind(Ward(world, database, random.Random(kind)), result)  # noqa: S311 no secret
            finally:
                database.close()
    return result


def _of_kind(ward: Ward, result: Result) -> None:
    _fill(ward)
    kind = ward.world.name
    clean = ward.findings()
    ran = ward.world.installation.run("verify", within_s=300)
    result.add(
        f"{kind}: nothing changed",
        "passes",
        f"{len(clean)} findings, exit {ran.exit_code}",
        _sound(clean, ran.exit_code),
    )
    _lift_checks(ward)
    for what, change in (
        ("columns of results", lambda: _columns(ward, RESULT)),
        ("columns of the journal", lambda: _columns(ward, JOURNAL)),
        ("details and texts", lambda: _belongings(ward)),
        ("files of evidence", lambda: _files(ward)),
        ("whole rows taken away and added; heads of the chains", lambda: _whole(ward)),
    ):
        _counted(ward, f"{kind}: {what}", change, result)
    found = f"{ward.by_command_named} of {ward.by_command}"
    result.add(
        f"{kind}: the program, for one of each", "exit 1 and named", found, ward.by_command_named == ward.by_command > 0
    )
    after = ward.findings()
    result.add(f"{kind}: all changes taken back", "passes", f"{len(after)} findings", not after)
    _dispose(ward, result)
    result.notes += [f"- {kind}, not named: {line}" for line in ward.silent]


def _counted(ward: Ward, what: str, change: Callable[[], None], result: Result) -> None:
    tried, named = ward.tried, ward.named
    change()
    tried, named = ward.tried - tried, ward.named - named
    result.add(what, "each named", f"{named} of {tried}", named == tried > 0)


def _sound(findings: list[Finding], exit_code: int) -> bool:
    return not findings and exit_code == 0


def _fill(ward: Ward) -> None:
    """A record of everything that can happen to a test, and of what people say."""
    maker, journal = Maker(ward.database, ward.world.evidence), Journal(ward.database)
    for number in range(ROWS):
        slot = FIRST + number * HALF_HOUR
        planned = maker.planned(LINE, slot + timedelta(seconds=90), slot)
        match number % 8:
            case 5:
                maker.missed(planned, Cause.BUSY)
            case 6:
                maker.lost(planned)
            case 7:
                maker.down(planned)
            case 4:
                maker.done(planned, LINE, FAILED)
            case _:
                maker.done(planned, LINE)
        if number % 5 == 0:
            said = {"by": "Dewi A.", "text": f"catatan {number}"}
            journal.write("remark", planned.run_id, {"number": number}, said, slot + HALF_HOUR)


# --- one byte ------------------------------------------------------------------------------------------------------


def _columns(ward: Ward, table: Table) -> None:
    rows = _rows(ward, table)
    for column in table.c.keys():  # noqa: SIM118 - it iterates over columns, not names
        for number, row in enumerate(ward.dice.sample(rows, min(SAMPLE, len(rows)))):
            with _changed(ward, table, row, {column: changed(row[column], table, column, ward.dice)}) as seqs:
                wheres = tuple(f"{table.name} {seq}" for seq in seqs)
                ward.judge(f"{table.name} {row['seq']}, {column}", wheres, command=number == 0)


def _belongings(ward: Ward) -> None:
    for table, owner in ((DETAIL, RESULT), (TEXT, JOURNAL)):
        rows = _rows(ward, table)
        for column in ("data", "seq"):
            for number, row in enumerate(ward.dice.sample(rows, min(SAMPLE, len(rows)))):
                with _changed(ward, table, row, {column: changed(row[column], table, column, ward.dice)}):
                    where = (f"{owner.name} {row['seq']}",)
                    ward.judge(f"{table.name} {row['seq']}, {column}", where, command=number == 0)


def _files(ward: Ward) -> None:
    files = [path for path in ward.world.evidence.rglob("*") if path.is_file()]
    for number, path in enumerate(files):
        data = path.read_bytes()
        place = ward.dice.randrange(len(data))
        other = bytes([data[place] ^ 1 << ward.dice.randrange(8)])
        path.write_bytes(data[:place] + other + data[place + 1 :])
        ward.judge(f"{path.name}, byte {place}", (str(path),), command=number == 0)
        path.write_bytes(data)
    for path in ward.dice.sample(files, min(SAMPLE, len(files))):
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        ward.judge(f"{path.name}, cut", (str(path),))
        path.unlink()
        ward.judge(f"{path.name}, gone", (str(path),))
        path.write_bytes(data)


def _whole(ward: Ward) -> None:
    """What is no change of a byte and must be seen all the same."""
    for table in (RESULT, JOURNAL):
        rows = _rows(ward, table)
        first, last = rows[0], rows[-1]
        for row in (first, rows[len(rows) // 2], last):
            with _gone(ward, table, row):
                ward.judge(f"{table.name} {row['seq']}, taken away", (table.name,), command=row is first)
        copy = {**last, "seq": last["seq"] + 1, **({"run_id": "baru", "slot_ms": None} if table is RESULT else {})}
        with _added(ward, table, copy):
            ward.judge(f"{table.name} {copy['seq']}, added", (f"{table.name} {copy['seq']}",))
        head = next(iter(_rows(ward, CHAIN, CHAIN.c.name == table.name)))
        for column in ("seq", "hash"):
            with _changed(ward, CHAIN, head, {column: changed(head[column], CHAIN, column, ward.dice)}, key="name"):
                ward.judge(f"head of {table.name}, {column}", (f"chain {table.name}",))


def changed(value: Any, table: Table, column: str, dice: random.Random) -> Any:
    """The same but for one byte; what was null is no more."""
    if value is None:
        plain = table.c[column].type
        return b"\0" * 32 if isinstance(plain, LargeBinary) else 0 if plain.python_type is int else "x"
    if isinstance(value, int):
        return value + 100_000 if column == "seq" else value ^ 1 << dice.randrange(8)
    if isinstance(value, bytes):
        place = dice.randrange(len(value))
        return value[:place] + bytes([value[place] ^ 1 << dice.randrange(8)]) + value[place + 1 :]
    place = dice.randrange(len(value)) if value else 0
    other = dice.choice([sign for sign in "abcdefghij0123456789" if value[place : place + 1] != sign])
    return value[:place] + other + value[place + 1 :]


def _says(where: str, place: str) -> bool:
    """``result 17`` must not be found in ``result 170``."""
    return re.search(rf"{re.escape(place)}(?!\d)", where) is not None


# --- changing and taking back --------------------------------------------------------------------------------------


def _rows(ward: Ward, table: Table, *where: Any) -> list[Row]:
    with ward.database.read() as connection:
        return [
            dict(row) for row in connection.execute(select(table).where(*where).order_by(*table.primary_key)).mappings()
        ]


@contextlib.contextmanager
def _changed(ward: Ward, table: Table, row: Row, values: Row, key: str = "seq") -> Iterator[tuple[Any, ...]]:
    after = {**row, **values}
    with _unchecked(ward) as connection:
        connection.execute(update(table).where(table.c[key] == row[key]).values(**values))
    try:
        yield (row[key], after[key])
    finally:
        with _unchecked(ward) as connection:
            connection.execute(update(table).where(table.c[key] == after[key]).values(**row))


@contextlib.contextmanager
def _gone(ward: Ward, table: Table, row: Row) -> Iterator[None]:
    with _unchecked(ward) as connection:
        connection.execute(delete(table).where(table.c.seq == row["seq"]))
    try:
        yield
    finally:
        with _unchecked(ward) as connection:
            connection.execute(insert(table).values(**row))


@contextlib.contextmanager
def _added(ward: Ward, table: Table, row: Row) -> Iterator[None]:
    with _unchecked(ward) as connection:
        connection.execute(insert(table).values(**row))
    try:
        yield
    finally:
        with _unchecked(ward) as connection:
            connection.execute(delete(table).where(table.c.seq == row["seq"]))


@contextlib.contextmanager
def _unchecked(ward: Ward) -> Iterator[Connection]:
    """Whoever writes into the file can leave the database's own checks aside."""
    with ward.database.read() as connection:
        if ward.world.engine == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
            connection.exec_driver_sql("BEGIN")
            return
    with ward.database.write() as connection:
        yield connection


def _lift_checks(ward: Ward) -> None:
    if ward.world.engine == "postgresql":
        with ward.database.write() as connection:
            for name in CHECKS:
                connection.exec_driver_sql(f"ALTER TABLE result DROP CONSTRAINT IF EXISTS {name}")


# --- lawful deletion -----------------------------------------------------------------------------------------------


def _dispose(ward: Ward, result: Result) -> None:
    """Media after their time, then rows after theirs: verify passes after each, and still sees a changed byte."""
    policy = RetentionSettings()
    for what, now in (
        ("media", FIRST + timedelta(days=40)),
        ("rows", FIRST + timedelta(days=730) + ROWS // 2 * HALF_HOUR),
    ):
        before = (len(_rows(ward, RESULT)), _count_files(ward))
        dispose(ward.database, ward.world.evidence, policy, now)
        rows, files = len(_rows(ward, RESULT)), _count_files(ward)
        ran = ward.world.installation.run("verify", within_s=300)
        findings = ward.findings()
        less = files < before[1] if what == "media" else 0 < rows < before[0]
        gone = f"{before[0] - rows} rows and {before[1] - files} files gone"
        found = f"{gone}; {len(findings)} findings, exit {ran.exit_code}"
        result.add(
            f"{ward.world.name}: lawful deletion of {what}", "passes", found, less and _sound(findings, ran.exit_code)
        )
        _counted(ward, f"{ward.world.name}: after it, a byte of a row that is left", lambda: _left(ward), result)


def _left(ward: Ward) -> None:
    for row in ward.dice.sample(_rows(ward, RESULT), SAMPLE):
        with _changed(ward, RESULT, row, {"config": changed(row["config"], RESULT, "config", ward.dice)}):
            ward.judge(f"result {row['seq']} after disposal", (f"result {row['seq']}",))


def _count_files(ward: Ward) -> int:
    return sum(path.is_file() for path in ward.world.evidence.rglob("*"))


CAMPAIGN = Campaign(
    "tamper",
    6,
    "One byte changed in any column of any result or journal row, in any detail or file of evidence: siaga verify "
    "names it; lawful deletion leaves it passing.",
    run,
)
