"""Supervisory tones as data: a TOML table per country beside this file, and tables that people write themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from probe.observation import ToneKind
from probe.setting import Setting, offer
from probe.setting_errors import Place, places_of, refuse_at

_FOLDER = Path(__file__).with_name("countries")
_INTERNATIONAL = "international"
DEFAULT_COUNTRY = "id"

RowKind = Literal["ringback", "busy", "congestion", "unobtainable", "fax", "waiting", "recording"]
_SIGNALS: dict[RowKind, ToneKind | None] = {
    "ringback": ToneKind.RINGBACK,
    "busy": ToneKind.BUSY,
    "congestion": ToneKind.CONGESTION,
    "unobtainable": ToneKind.UNOBTAINABLE,
    "fax": ToneKind.FAX,
    "waiting": None,
    "recording": None,
}
"""What a row is told as; ``waiting`` and ``recording`` are known so that nobody takes them for a recorder's beep."""

_MEASURED_HZ = 1.5
"""What the measurement of a frequency may be off."""
_MS_TOLERANCE = 40.0
_SLOW_MS, _SLOW_PAUSE_MS, _SLACK_MS = 2000, 1500, 90


class CadenceError(ValueError):
    """A table of tones cannot be used; the text says which, where, and what is allowed."""


class _Row(Setting):
    kind: RowKind
    hz: Annotated[list[float], Field(min_length=1, max_length=2)]
    tolerance_hz: Annotated[float, Field(ge=2, le=50)] = 12.0
    """ITU-T E.180 allows 425 Hz +-15 Hz, of which 440 Hz is left to music: no exchange is that far off."""
    modulated_hz: Annotated[float, Field(ge=17.5, le=50)] | None = None
    """Slower, and its side lines would lie closer together than two frequencies of one tone may."""
    tolerance_share: Annotated[float, Field(ge=0.01, le=0.2)] = 0.08
    """How much longer or shorter a beat may be."""
    beats_ms: Annotated[list[int], Field(min_length=2, max_length=8)]

    @model_validator(mode="after")
    def _can_be_heard(self) -> Self:
        wrong = [Place(("hz", i), _HZ) for i, hz in enumerate(self.hz) if not 200 <= hz <= 3400]
        if len(self.hz) == 2 and abs(self.hz[1] - self.hz[0]) < 35:
            wrong.append(Place(("hz",), "two frequencies of one tone lie at least 35 Hz apart"))
        if len(self.hz) == 2 and self.modulated_hz is not None:
            wrong.append(Place(("modulated_hz",), "a tone that is modulated has one frequency"))
        wrong += [Place(("beats_ms", i), _MS) for i, ms in enumerate(self.beats_ms) if not 80 <= ms <= 20000]
        if len(self.beats_ms) % 2:
            wrong.append(Place(("beats_ms",), "tone and pause take turns, so their number is even"))
        refuse_at(wrong)
        return self


_HZ = "allowed: 200 to 3400 Hz, which a telephone line carries"
_MS = "allowed: 80 to 20000 ms"


class _Sit(Setting):
    hz: Annotated[list[float], Field(min_length=3, max_length=3)]
    tolerance_hz: Annotated[float, Field(ge=2, le=50)]
    ms: Annotated[int, Field(ge=80, le=1000)]
    tolerance_ms: Annotated[int, Field(ge=0, le=200)]
    gap_ms: Annotated[int, Field(ge=0, le=100)]


class _Answering(Setting):
    hz: Annotated[float, Field(ge=200, le=3400)]
    tolerance_hz: Annotated[float, Field(ge=2, le=50)]
    ms: Annotated[int, Field(ge=80, le=5000)]


class _Table(Setting):
    name: Annotated[str, Field(min_length=1)]
    sources: Annotated[list[str], Field(min_length=1)]
    tone: Annotated[list[_Row], Field(min_length=1)]


class _International(_Table):
    sit: _Sit
    answering: _Answering


_T = TypeVar("_T", bound=_Table)


@dataclass(frozen=True, slots=True)
class Cadence:
    """A supervisory tone. ``hz`` are its one or two frequencies; ``beats_ms`` alternates tone and pause.

    ``kind`` is none for a tone that is known and not told. ``modulated_hz``: side lines that far from the frequency.
    """

    kind: ToneKind | None
    hz: tuple[float, ...]
    tolerance_hz: float
    modulated_hz: float | None
    tolerance_share: float
    beats_ms: tuple[int, ...]

    @property
    def needed(self) -> int:
        """How many bursts are compared: one of a ringback with its long pause says enough."""
        slow = len(self.beats_ms) == 2 and self.beats_ms[1] >= _SLOW_MS
        return 1 if slow and self.kind is ToneKind.RINGBACK else 2

    @property
    def pause_ms(self) -> int:
        """How much pause must follow the last of them."""
        if max(self.beats_ms[1::2]) >= _SLOW_MS:
            return _SLOW_PAUSE_MS
        return min(self.beats_ms[1::2]) - _SLACK_MS

    def sounds_like(self, hz: tuple[float, ...]) -> bool:
        """Are these measured frequencies those of the tone, or of its modulation?"""
        return any(_same(hz, wanted, self.tolerance_hz) for wanted in self._lines)

    def lasts(self, ms: float, wanted_ms: float) -> bool:
        """Is a beat of this length the one it should be?"""
        return abs(ms - wanted_ms) <= max(_MS_TOLERANCE, self.tolerance_share * wanted_ms)

    def has_beat(self, hz: tuple[float, ...], ms: float) -> bool:
        """Could a single burst be part of this tone?"""
        return self.sounds_like(hz) and any(self.lasts(ms, on) for on in self.beats_ms[::2])

    @property
    def _lines(self) -> list[tuple[float, ...]]:
        if self.modulated_hz is None:
            return [self.hz]
        return [self.hz, (self.hz[0] - self.modulated_hz, self.hz[0] + self.modulated_hz)]


@dataclass(frozen=True, slots=True)
class SpecialInformation:
    """Three rising tones that a recorded announcement follows (ITU-T E.180)."""

    hz: tuple[float, ...]
    tolerance_hz: float
    shortest_ms: int
    longest_ms: int
    gap_ms: int


@dataclass(frozen=True, slots=True)
class Answering:
    """The tone with which a fax or a modem answers (ITU-T T.30, V.25, V.8), and how much of it makes that certain."""

    hz: float
    tolerance_hz: float
    ms: int

    def sounds_like(self, hz: tuple[float, ...]) -> bool:
        """Is this measured frequency that of the tone?"""
        return _same(hz, (self.hz,), self.tolerance_hz)


@dataclass(frozen=True, slots=True)
class Tones:
    """All supervisory tones that one call may hear."""

    cadences: tuple[Cadence, ...]
    sit: SpecialInformation
    answering: Answering


def countries() -> tuple[str, ...]:
    """The countries there is a table for."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if path.stem != _INTERNATIONAL))


def tones_of(names: Collection[str] = (DEFAULT_COUNTRY,)) -> Tones:
    """The tables of these countries, or files of people's own (paths that end in ``.toml``). Raises CadenceError."""
    cadences: list[Cadence] = []
    for name in names:
        cadences += read_own(Path(name)) if name.endswith(".toml") else _of_country(name)
    common = _international()
    return Tones((*dict.fromkeys(cadences), *common.cadences), common.sit, common.answering)


def read_own(path: Path) -> tuple[Cadence, ...]:
    """The tones of a table that somebody wrote. Raises CadenceError with every mistake in it."""
    return _cadences(_read(path, _Table))


@cache
def _of_country(name: str) -> tuple[Cadence, ...]:
    if name not in countries():
        raise CadenceError(f"no table of tones for the country {name!r}{offer(name, countries())}")
    return _cadences(_read(_FOLDER / f"{name}.toml", _Table))


@cache
def _international() -> Tones:
    table = _read(_FOLDER / f"{_INTERNATIONAL}.toml", _International)
    sit, answering = table.sit, table.answering
    limits = sit.ms - sit.tolerance_ms, sit.ms + sit.tolerance_ms
    return Tones(
        _cadences(table),
        SpecialInformation(tuple(sit.hz), sit.tolerance_hz, *limits, sit.gap_ms),
        Answering(answering.hz, answering.tolerance_hz, answering.ms),
    )


def _read(path: Path, kind: type[_T]) -> _T:
    try:
        return kind.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise CadenceError(f"{path.name}: the table of tones cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CadenceError(f"{path.name}: the table of tones is not TOML: {error}") from error
    except ValueError as error:
        wrong = [f"{'.'.join(str(part) for part in p.loc)}: {p.message}" for p in places_of(error, (), kind)]
        raise CadenceError(f"{path.name}: {'; '.join(wrong)}") from error


def _cadences(table: _Table) -> tuple[Cadence, ...]:
    rows = [(r, _SIGNALS[r.kind]) for r in table.tone]
    return tuple(
        Cadence(kind, tuple(sorted(r.hz)), r.tolerance_hz, r.modulated_hz, r.tolerance_share, tuple(r.beats_ms))
        for r, kind in rows
    )


def _same(hz: tuple[float, ...], wanted: tuple[float, ...], tolerance_hz: float) -> bool:
    reach_hz = tolerance_hz + _MEASURED_HZ
    return len(hz) == len(wanted) and all(abs(h - w) <= reach_hz for h, w in zip(hz, wanted, strict=True))
