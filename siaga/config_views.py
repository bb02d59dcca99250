"""Probes as far as they can be read, so that cross-checks see half-wrong ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probe.script import ExpectStep, Step
from probe.setting_errors import Loc
from probe.settings import parse_step
from siaga.config_read import Document
from siaga.config_sections import Sections


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeView:
    """The readable part of one ``[[probe]]``; None for what is absent or wrong."""

    loc: Loc
    name: str | None
    channel: str | None
    to: str | None
    hours: str | None
    trunk: str | None
    prompts: Path
    steps: tuple[tuple[Loc, Step, frozenset[str]], ...]
    """Place, step, and those of its keys that hold a list."""

    def expectations(self) -> Iterator[tuple[Loc, str]]:
        """Each thing that a step expects or must never hear, with its place."""
        for loc, step, listed in self.steps:
            if isinstance(step, ExpectStep):
                for key, values in (("expect", step.expect), ("never", step.never)):
                    for index, value in enumerate(values):
                        yield (*loc, key, index) if key in listed else (*loc, key), value


def tables(document: Document, section: str) -> list[tuple[int, dict[str, Any]]]:
    """The tables of a ``[[section]]`` with their indices."""
    raw = document.data.get(section, [])
    return [(i, item) for i, item in enumerate(raw) if isinstance(item, dict)] if isinstance(raw, list) else []


def views(document: Document, parts: Sections) -> list[ProbeView]:
    """All probes of the document."""
    return [_view(document, parts, raw, ("probe", index)) for index, raw in tables(document, "probe")]


def _view(document: Document, parts: Sections, raw: dict[str, Any], loc: Loc) -> ProbeView:
    texts = {
        key: raw[key] if isinstance(raw.get(key), str) else None for key in ("name", "channel", "to", "hours", "trunk")
    }
    folder = raw.get("prompts")
    prompts = document.folder / folder if isinstance(folder, str) and "\0" not in folder else parts.general.prompts
    return ProbeView(loc=loc, prompts=prompts, steps=tuple(_steps(raw.get("script"), (*loc, "script"))), **texts)


def _steps(raw: object, loc: Loc) -> Iterator[tuple[Loc, Step, frozenset[str]]]:
    for index, item in enumerate(raw if isinstance(raw, list) else ()):
        try:
            step = parse_step(item)
        except ValueError:
            continue  # its own model has already told what is wrong
        yield (*loc, index), step, frozenset(key for key, value in item.items() if isinstance(value, list))
