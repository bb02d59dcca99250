"""The daily report in the words of one language: what every format prints, so that no two of them can differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.reasons import Verdict
from probe.words import Language
from reports.cells import COLUMNS, EMPTY, Cell, cells
from reports.closing import Table, changes, shift_table, signatures, troubles
from reports.daily import SHORT
from reports.values import DailyReport, Group, Row
from reports.wording import DASH, Wording, shown
from storage.figures import Account, Share
from storage.values import REASON_OF, Cause, RunState

RULES: Final = ("planned", "share", "peak", "time", "day", "scr", "rev")
LINE: Final = ("service", "channel", "skill")
COUNTS: Final = ("planned", "done", "not_done", *(f"verdict.{v}" for v in Verdict), "outside")
SHARES: Final = ("accessibility_share", "availability_share")
TIMES: Final = ("median", "p90", "trouble_min")

Labelled = tuple[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """A line of the table by group. ``group`` None: all of them together."""

    name: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[tuple[Cell, str], ...]
    """Percentage, and what it rests on."""
    times: tuple[Cell, ...]
    group: Group | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the 16 columns. ``tone``: a verdict, ``missed``, ``lost`` or ``left_out``, for the eye alone."""

    cells: dict[str, Cell]
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Every text of the report, in order."""

    language: Language
    wording: Wording
    title: str
    centre: str
    document: str
    """Code, revision and effective date on one line: on each page."""
    number: str
    """With its revision, or that it is provisional."""
    logo: Path | None
    head: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...]
    banners: tuple[str, ...]
    balance: str
    main: tuple[Labelled, ...]
    of_done: tuple[Labelled, ...]
    why_not_done: tuple[Labelled, ...]
    outside: tuple[Labelled, ...]
    group_headings: tuple[str, ...]
    groups: tuple[GroupLine, ...]
    carried: tuple[str, ...]
    shifts: Table
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    lines: tuple[Line, ...]
    troubles: Table
    changes: Table
    windows: tuple[str, ...]
    rules: tuple[str, ...]
    signatures: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Box by box: its title, and label and value of each of its lines."""
    footer: tuple[str, ...]
    report: DailyReport


def printed(report: DailyReport, language: Language) -> Printed:
    """The report in one language."""
    words = Wording(language, report.period.zone)
    zone = words.zone_of(report.period.start, report.period.end)
    total = report.total
    return Printed(
        language=language,
        wording=words,
        title=report.head.title or words.say("report.daily"),
        centre=" · ".join(p for p in (report.head.centre, report.head.code) if p) or words.say("report.not_registered"),
        document=" · ".join(f"{label}: {value}" for label, value in _head(report, words)[:3]),
        number=f"{report.number} · {_rev(report, words)}",
        logo=report.head.logo,
        head=_head(report, words),
        about=_about(report, words, zone),
        banners=_banners(report, words),
        balance=words.say(
            "report.balance",
            planned=words.count(total.planned),
            done=words.count(total.done),
            not_done=words.count(total.lost + total.missed_all),
        ),
        main=tuple(
            (words.say(f"report.{key}"), _count(number, words))
            for key, number in (
                ("planned", total.planned),
                ("done", total.done),
                ("not_done", total.lost + total.missed_all),
            )
        ),
        of_done=tuple((words.say(f"verdict.{v}"), _count(total.verdicts[v], words)) for v in Verdict),
        why_not_done=_why(total, words),
        outside=_outside(report, words),
        group_headings=_group_headings(words),
        groups=tuple(_group(g, words) for g in report.groups) + ((_all(report, words),) if report.groups else ()),
        carried=_carried(report, words),
        shifts=shift_table(report, words),
        columns=tuple(
            (words.say(f"col.{key}", zone=zone), tuple(words.say(f"col.{f}", zone=zone) for f in facts))
            for key, facts in COLUMNS
        ),
        lines=tuple(Line(cells=cells(row, words), tone=tone(row)) for row in report.rows),
        troubles=troubles(report, words),
        changes=changes(report, words),
        windows=_windows(report, words),
        rules=tuple(words.say(f"report.rule_{key}", zone=zone) for key in RULES),
        signatures=signatures(report, words),
        footer=_footer(report, words),
        report=report,
    )


def _rev(report: DailyReport, words: Wording) -> str:
    return words.say("report.provisional") if report.rev is None else words.say("report.rev", n=report.rev)


def _head(report: DailyReport, words: Wording) -> tuple[tuple[str, str], ...]:
    head, missing = report.head, words.say("report.not_registered")
    effective = words.long_date(head.effective) if head.effective else missing
    return (
        (words.say("report.document_code"), words.text(head.document_code) if head.document_code else missing),
        (words.say("report.revision"), words.text(head.revision) if head.revision else missing),
        (words.say("report.effective"), effective),
        (words.say("report.number"), f"{report.number} · {_rev(report, words)}"),
    )


def _about(report: DailyReport, words: Wording, zone: str) -> tuple[tuple[str, str], ...]:
    period = report.period
    span = f"{words.clock(period.start)}{DASH}{words.until(period.end, period.start)}"
    return (
        (words.say("report.period"), words.say("report.period_of", day=words.day(period.day), span=span, zone=zone)),
        (
            words.say("report.service"),
            words.text(report.service) if report.service else words.say("report.all_services"),
        ),
        (words.say("report.printed"), f"{words.stamp(period.printed)} {zone}"),
        (words.say("report.made_with"), f"{report.version} · {report.config[:SHORT]}"),
    )


def _banners(report: DailyReport, words: Wording) -> tuple[str, ...]:
    period, said = report.period, list[str]()
    if period.printed < period.end:
        said.append(words.say("report.provisional_day"))
    if period.waiting:
        said.append(words.say("report.provisional_waiting", count=words.count(period.waiting)))
    return tuple(said)


def _why(total: Account, words: Wording) -> tuple[Labelled, ...]:
    reasons = [(words.say(f"reason.{REASON_OF[cause]}"), total.missed[cause]) for cause in Cause]
    listed = [*reasons, (words.say("report.lost"), total.lost)]
    return tuple((label, _count(number, words)) for label, number in listed if number)


def _outside(report: DailyReport, words: Wording) -> tuple[Labelled, ...]:
    apart = [(words.say(f"trigger.{trigger}"), number) for trigger, number in report.total.apart.items()]
    listed = [*apart, (words.say("report.left_out"), report.total.left_out)]
    rows = (words.say("report.rows"), _count(len(report.rows), words))
    return (*((label, _count(number, words)) for label, number in listed), rows)


def _group_headings(words: Wording) -> tuple[str, ...]:
    return (
        *(words.say(f"col.{key}") for key in LINE),
        *(words.say(key if "." in key else f"report.{key}") for key in COUNTS),
        *(words.say(f"report.{key}") for key in (*SHARES, *TIMES)),
    )


def _group(group: Group, words: Wording) -> GroupLine:
    service, channel, skill = group.line
    name = (words.text(service), words.channel(channel), words.text(skill))
    return _line(name, group.account, group.trouble_s, words, group)


def _all(report: DailyReport, words: Wording) -> GroupLine:
    return _line((words.say("report.all"), DASH, DASH), report.total, None, words, None)


def _line(
    name: tuple[str, ...], account: Account, trouble_s: float | None, words: Wording, group: Group | None
) -> GroupLine:
    trouble = EMPTY if trouble_s is None else Cell(words.count(round(trouble_s / 60)), round(trouble_s / 60))
    return GroupLine(
        name=name,
        counts=(
            account.planned,
            account.done,
            account.lost + account.missed_all,
            *(account.verdicts[verdict] for verdict in Verdict),
            sum(account.apart.values()),
        ),
        shares=tuple(_share(share, words) for share in (account.accessibility, account.availability)),
        times=(_ms(account.median_ms, words), _ms(account.p90_ms, words), trouble),
        group=group,
    )


def _share(share: Share, words: Wording) -> tuple[Cell, str]:
    value = None if share.percent is None else float(shown(share.percent)) / 100
    rests_on = words.say("report.share_of", ok=words.count(share.ok), judged=words.count(share.judged))
    return Cell(words.percent(share), value), rests_on if share.judged else DASH


def _ms(ms: int | None, words: Wording) -> Cell:
    return EMPTY if ms is None else Cell(words.seconds(ms), ms / 1000)


def _count(number: int, words: Wording) -> Cell:
    return Cell(words.count(number), number)


def _carried(report: DailyReport, words: Wording) -> tuple[str, ...]:
    return tuple(
        words.say(
            "report.carried_since",
            name=one.probe,
            issue=words.say(
                "cell.failed", stage=words.say(f"stage.{one.stage}"), reason=words.say(f"reason.{one.reason}")
            ),
            since=words.stamp(one.since),
        )
        for one in report.carried
    )


def _windows(report: DailyReport, words: Wording) -> tuple[str, ...]:
    def said(window_text: str, backdated: bool) -> str:
        return f"{window_text} ({words.say('report.window_late')})" if backdated else window_text

    return tuple(
        said(
            words.say(
                "report.window",
                target=words.text(w.target),
                span=words.between(w.from_, w.to, report.period.day),
                reason=words.text(w.reason),
            ),
            w.backdated,
        )
        for w in report.windows
    )


def tone(row: Row) -> str:
    """What a row looks like."""
    if row.maintenance is not None or row.entry.cause is Cause.MAINTENANCE:
        return "left_out"
    if row.entry.state is not RunState.DONE:
        return str(row.entry.state)
    return str(row.entry.verdict)


def _footer(report: DailyReport, words: Wording) -> tuple[str, ...]:
    seal = report.seal
    made_under = ", ".join(f"{config[:SHORT]} ({number})" for config, number in report.configs)
    return (
        words.say("report.seal", hash=seal.hash[:SHORT], seq=seal.seq) if seal else words.say("report.no_seal"),
        words.say("report.content", hash=report.content[:SHORT]),
        *([f"{words.say('report.configs_of_day')}: {made_under}"] if made_under else []),
    )
