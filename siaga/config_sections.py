"""Each section of the configuration through its own model, so that a mistake in one hides none in another."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from channels.dialling import DialSettings
from channels.lines import LineSettings
from channels.listening import ListeningSettings
from channels.sip_settings import TrunkSettings
from escalation.settings import NotifySettings
from probe.hours import Hours
from probe.setting import ConfigPath, Context, Setting, Timezone, offer
from probe.setting_errors import Loc, Place, places_of
from probe.settings import MaintenanceSettings, ProbeSettings
from probe.shift import ShiftSettings
from reports.settings import EvidenceSettings
from scheduler.settings import CourtesySettings, PeakSettings
from siaga.config_read import Document
from siaga.service_settings import ServiceSettings
from storage.settings import RetentionSettings, StorageSettings

S = TypeVar("S", bound=Setting)
K = TypeVar("K", str, int)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAMED = ("hours", "trunk")
LISTS = ("probe", "maintenance", "shift")


class General(Setting):
    """The top level, before any table."""

    timezone: Timezone = "Asia/Jakarta"
    language: Literal["id", "en"] = "id"
    prompts: Annotated[ConfigPath, Field(validate_default=True)] = Path("prompts")
    sounds: Annotated[ConfigPath, Field(validate_default=True)] = Path("sounds")


class Centre(Setting):
    """``[centre]``: whose service this is, and the fields of the report's header."""

    name: str = ""
    code: str = ""
    title: str = ""
    """Title of the report; empty: the one of the procedure."""
    document_code: str = ""
    revision: str = ""
    effective_date: dt.date | None = None
    logo: ConfigPath | None = None


PLAIN: Mapping[str, type[Setting]] = {
    "centre": Centre,
    "storage": StorageSettings,
    "dial": DialSettings,
    "line": LineSettings,
    "listening": ListeningSettings,
    "courtesy": CourtesySettings,
    "peak": PeakSettings,
    "service": ServiceSettings,
    "notify": NotifySettings,
    "retention": RetentionSettings,
    "evidence": EvidenceSettings,
}
"""Tables without a name of their own; each is the field of that name in ``Sections``."""
TABLES = tuple(PLAIN)


@dataclass(slots=True, kw_only=True)
class Sections:
    """What could be read of each section, and what is wrong with the rest."""

    general: General = field(default_factory=General)
    centre: Centre = field(default_factory=Centre)
    storage: StorageSettings = field(default_factory=StorageSettings)
    dial: DialSettings = field(default_factory=DialSettings)
    line: LineSettings = field(default_factory=LineSettings)
    listening: ListeningSettings = field(default_factory=ListeningSettings)
    courtesy: CourtesySettings = field(default_factory=CourtesySettings)
    peak: PeakSettings = field(default_factory=PeakSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    hours: dict[str, Hours] = field(default_factory=dict)
    trunks: dict[str, TrunkSettings] = field(default_factory=dict)
    probes: dict[int, ProbeSettings] = field(default_factory=dict)
    maintenance: dict[int, MaintenanceSettings] = field(default_factory=dict)
    shifts: dict[int, ShiftSettings] = field(default_factory=dict)
    wrong: list[Place] = field(default_factory=list)


def sections(document: Document) -> Sections:
    """All sections of the document; ``wrong`` holds every mistake."""
    parts, data = Sections(), document.data
    context = Context(document.folder)
    top = {k: v for k, v in data.items() if k in General.model_fields}
    parts.wrong += [_unknown(key) for key in data if key not in (*General.model_fields, *TABLES, *NAMED, *LISTS)]
    parts.general = _one(parts, General, top, (), context) or _defaults(General, context)
    context = Context(document.folder, parts.general.timezone)
    for name, model in PLAIN.items():
        setattr(parts, name, _one(parts, model, data.get(name, {}), (name,), context) or _defaults(model, context))
    parts.hours = _each(parts, Hours, _named(parts, data, "hours"), "hours", context)
    parts.trunks = _each(parts, TrunkSettings, _named(parts, data, "trunk"), "trunk", context)
    parts.probes = _each(parts, ProbeSettings, _listed(parts, data, "probe"), "probe", context)
    parts.maintenance = _each(parts, MaintenanceSettings, _listed(parts, data, "maintenance"), "maintenance", context)
    parts.shifts = _each(parts, ShiftSettings, _listed(parts, data, "shift"), "shift", context)
    return parts


def _each(
    parts: Sections, model: type[S], tables: list[tuple[K, object]], section: str, context: Context
) -> dict[K, S]:
    read = {key: _one(parts, model, raw, (section, key), context) for key, raw in tables}
    return {key: setting for key, setting in read.items() if setting is not None}


def _one(parts: Sections, model: type[S], raw: object, loc: Loc, context: Context) -> S | None:
    try:
        return model.model_validate(raw, context=context)
    except ValueError as error:
        parts.wrong += [_hinted(place, len(loc)) for place in places_of(error, loc, model)]
        return None


def _hinted(place: Place, depth: int) -> Place:
    """In TOML a table goes on until the next header: top-level keys written after one are the commonest slip."""
    if place.on_key and len(place.loc) == depth + 1 and place.loc[-1] in General.model_fields and depth:
        hint = f"`{place.loc[-1]}` belongs to the top of the file, before any table"
        return replace(place, message=f"{place.message}; {hint}")
    return place


def _defaults(model: type[S], context: Context) -> S:
    return model.model_validate({}, context=context)


def _unknown(key: str) -> Place:
    known = (*General.model_fields, *TABLES, *NAMED, *LISTS)
    general, tables = ", ".join(General.model_fields), ", ".join(f"[{t}]" for t in TABLES)
    named, lists = ", ".join(f"[{t}.NAME]" for t in NAMED), ", ".join(f"[[{t}]]" for t in LISTS)
    message = f"unknown key `{key}`{offer(key, known, f'{general}, {tables}, {named}, {lists}')}"
    return Place((key,), message, on_key=True)


def _named(parts: Sections, data: Mapping[str, Any], section: str) -> list[tuple[str, object]]:
    raw, found = data.get(section, {}), list[tuple[str, object]]()
    expected = f"a table with a name is expected: [{section}.NAME]"
    if not isinstance(raw, dict):
        parts.wrong.append(Place((section,), expected))
        return []
    for name, table in raw.items():
        if not isinstance(table, dict):
            parts.wrong.append(Place((section, name), expected, on_key=True))
        elif not _NAME.fullmatch(name):
            parts.wrong.append(Place((section, name), "allowed in names: letters, digits, - and _", on_key=True))
        else:
            found.append((name, table))
    return found


def _listed(parts: Sections, data: Mapping[str, Any], section: str) -> list[tuple[int, object]]:
    raw = data.get(section, [])
    if isinstance(raw, list):
        return list(enumerate(raw))
    parts.wrong.append(Place((section,), f"double brackets are expected: [[{section}]]", on_key=True))
    return []
