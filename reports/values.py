"""What a daily report says, as one frozen value without words: both languages and all formats are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from probe.reasons import Owner, Reason, Stage
from storage.figures import Account, Line
from storage.maintenance import Window
from storage.values import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A part of the day with somebody in charge: minutes after local midnight, over 24 h where it goes past another."""

    name: str
    from_min: int
    to_min: int
    pic: str | None = None
    role: str = "PIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProbe:
    """What the configuration knows about a probe and the record does not."""

    target: str
    every_s: float | None = None
    pic: str | None = None
    tester: str | None = None
    """Our number or account as the centre sees it; None where we call directly."""
    route: str | None = None
    """The trunk; None where we call directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """The form's head, as the configuration has it; empty for what is not registered."""

    centre: str = ""
    code: str = ""
    title: str = ""
    document_code: str = ""
    revision: str = ""
    effective: date | None = None
    logo: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The local day ``[start, end)`` of the centre; ``closed`` once it is over and each of its slots has a row."""

    day: date
    zone: ZoneInfo
    start: datetime
    end: datetime
    printed: datetime
    waiting: int = 0
    """Slots that were due and have no row yet."""

    @property
    def closed(self) -> bool:
        return self.printed >= self.end and not self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a person wrote about a run."""

    seq: int
    at: datetime
    by: str
    text: str
    kept: Literal["", "in_time", "late"] = ""
    """That it is with these words that the run itself was entered by hand, at once or afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """How an issue was passed on; None for what nobody wrote down."""

    at: datetime | None = None
    to: str | None = None
    ticket: str | None = None
    progress: str | None = None
    solved: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the 16 columns."""

    no: int
    entry: Entry
    interval: tuple[datetime, datetime | None] | None
    target: str | None
    tester: str | None
    route: str | None
    pic: str | None
    remarks: tuple[Remark, ...] = ()
    escalation: Escalation | None = None
    maintenance: Window | None = None
    """The window that takes the row out of the denominators."""
    again: int | None = None
    """Number of the row that tested it again."""
    of: int | None = None
    """Number of the row that it tests again."""

    @property
    def manual(self) -> bool:
        """Done by a person."""
        return self.entry.trigger == "manual" or self.entry.channel == "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One service, channel and skill."""

    line: Line
    account: Account
    trouble_s: float
    """Seconds of issues within the day, overlaps of its probes counted once."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """An issue that was open when the day began."""

    probe: str
    service: str | None
    channel: str
    skill: str | None
    stage: Stage | None
    reason: Reason | None
    owner: Owner | None
    since: datetime
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An issue from its first failed test to the first one that passed again; ``solved`` None while it lasts."""

    probe: str
    service: str | None
    channel: str
    skill: str | None
    stage: Stage | None
    reason: Reason | None
    owner: Owner | None
    since: datetime
    rows: tuple[int, ...]
    """Numbers of the failed rows of the day."""
    carried: bool = False
    solved: datetime | None = None
    solved_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was changed or said about the whole on that day: settings, maintenance, peak mode, clock, disposal."""

    at: datetime
    kind: str
    subject: str
    action: str
    from_: datetime | None
    to: datetime | None
    backdated: bool
    by: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()
    """What exactly, by a key of ``action`` in the catalogue."""


Part = Literal["made", "checked", "approved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A name in the system. ``part``: a shift's name, or made, checked, approved."""

    part: str
    name: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """Who was in charge, and whether that shift was looked through and signed."""

    shift: Shift
    signature: Signature | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What proves the day: the last entry of the record within it."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """*Laporan IVR Accessibility & Agent Availability Test* of one day."""

    head: Letterhead
    number: str
    rev: int | None
    """How often it was corrected since it was issued; None before the day is closed."""
    period: Period
    service: str | None
    version: str
    config: str
    configs: tuple[tuple[str, int], ...]
    """Fingerprints under which the day's rows were made, with their number of rows."""
    total: Account
    groups: tuple[Group, ...]
    carried: tuple[Carried, ...]
    shifts: tuple[ShiftLine, ...]
    rows: tuple[Row, ...]
    troubles: tuple[Trouble, ...]
    windows: tuple[Window, ...]
    """Maintenance that reaches into the day."""
    changes: tuple[Change, ...]
    signatures: tuple[Signature, ...]
    """Made, checked, approved: those that were given."""
    seal: Seal | None
    content: str
    """SHA-256 over what the report says, apart from signatures, language and the moment of printing."""
