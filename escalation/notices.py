"""What siaga's operators are told of its own trouble: a sentence in their language, and the same as JSON."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from escalation.own_side import DOWN, FILES, Detail
from probe.outcome import instant
from probe.words import Language, printable, word
from storage.alarms import Alarm

Event = Literal["opened", "recovered"]
_NUMBER: Final = re.compile(r"(?<![\w.:])(\+?\d{2})(?:[ -]?\d){3,}(\d{2})(?![\w.:])")


def detail_of(alarm: Alarm) -> Detail:
    """What was seen, as the rules wrote it; nothing where somebody else wrote the row."""
    try:
        found = json.loads(alarm.detail)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def sentence(alarm: Alarm, event: Event, language: Language, zone: ZoneInfo) -> str:
    """What happened, and that it is no outage of the service; numbers of telephones are masked."""
    detail = detail_of(alarm)
    if event == "recovered":
        at = alarm.over or alarm.since
        values = {"time": _time(at, zone), "since": _time(alarm.since, zone), "what": _over(alarm, detail, language)}
        return word("notice.own_side_over", language, **values)
    if alarm.key == DOWN:
        slot = word("own_side.from_on", language, first=_time(alarm.since, zone))
        service = word("own_side.every_service", language)
        return word("notice.missed", language, service=service, slot=slot, cause=word("reason.down", language))
    if alarm.key == FILES:
        return word("notice.own_files", language, files=printable(str(detail.get("files", ""))))
    if "trunk" in detail:
        cause = detail.get("cause") or _reason(detail, language)
        reason = word("own_side.trunk_reason", language, trunk=detail["trunk"], cause=masked(str(cause)))
        return word("notice.own_trunk", language, reason=reason)
    if "last" in detail:
        slot = (
            f"{_time(_instant(detail.get('first'), alarm), zone)} - {_time(_instant(detail.get('last'), alarm), zone)}"
        )
        service = str(detail.get("service") or detail.get("probe", alarm.key))
        return word("notice.missed", language, service=service, slot=slot, cause=_reason(detail, language))
    values = {"n": str(detail.get("n", "")), "probe": str(detail.get("probe", alarm.key))}
    return word("notice.own_side", language, **values, reason=_reason(detail, language))


def message(alarm: Alarm, event: Event, language: Language, zone: ZoneInfo) -> dict[str, Any]:
    """The JSON of the webhook. ``text`` is the sentence once more, where chat programs look for it."""
    said = sentence(alarm, event, language, zone)
    over = alarm.over if event == "recovered" else None
    return {
        "key": alarm.key,
        "event": event,
        "since": instant(alarm.since),
        "until": instant(over) if over is not None else None,
        "sentence": said,
        "text": said,
    }


def masked(text: str) -> str:
    """The text on one line, with the middle of every number of seven digits and more left out."""
    return _NUMBER.sub(r"\1…\2", printable(text))


def _over(alarm: Alarm, detail: Detail, language: Language) -> str:
    if alarm.key == DOWN:
        return word("own_side.down_over", language)
    if alarm.key == FILES:
        return word("own_side.files_over", language)
    if "trunk" in detail:
        return word("own_side.trunk_over", language, trunk=detail["trunk"])
    return word("own_side.probe_over", language, probe=detail.get("probe", alarm.key))


def _reason(detail: Detail, language: Language) -> str:
    try:
        return word(f"reason.{detail.get('reason')}", language)
    except KeyError:
        return word("reason.internal_error", language)


def _time(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _instant(value: object, alarm: Alarm) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return alarm.since
    return found if found.tzinfo else alarm.since
