"""How a report writes days, times and numbers in a language: Babel's rules, the catalogue's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_decimal_symbol

from probe.words import Language, catalogue, printable, word
from storage.figures import Share

DASH: Final = "\N{EN DASH}"
_TENTH: Final = Decimal("0.1")
_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Wording:
    """A language and the time zone whose wall clock is printed."""

    language: Language
    zone: ZoneInfo

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    @cached_property
    def _colon(self) -> str:
        """Between hours and minutes: 10.30 in Indonesian, 10:30 in English."""
        return "." if "HH.mm" in str(self.locale.time_formats["short"]) else ":"

    @cached_property
    def _point(self) -> str:
        return str(get_decimal_symbol(self.locale))

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue."""
        return word(key, self.language, **values)

    def channel(self, name: str) -> str:
        """A channel as people call it; one without a word keeps its own."""
        return self.say(f"channel.{name}") if f"channel.{name}" in catalogue() else name

    def day(self, day: date) -> str:
        """``Jumat, 20 November 2026``."""
        return format_date(day, "EEEE, d MMMM y", locale=self.locale)

    def long_date(self, day: date) -> str:
        """``20 November 2026``."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def clock(self, moment: datetime) -> str:
        """``10.30`` by the centre's clock."""
        local = moment.astimezone(self.zone)
        return f"{local.hour:02}{self._colon}{local.minute:02}"

    def second(self, moment: datetime) -> str:
        """``10.30.05``."""
        return f"{self.clock(moment)}{self._colon}{moment.astimezone(self.zone).second:02}"

    def until(self, moment: datetime, start: datetime) -> str:
        """As ``clock``, but the midnight that ends a span is ``24.00``."""
        local = moment.astimezone(self.zone)
        ends_day = local.hour == local.minute == local.second == 0 and moment > start
        return f"24{self._colon}00" if ends_day else self.clock(moment)

    def stamp(self, moment: datetime) -> str:
        """``20 November 2026 10.30``."""
        return f"{self.long_date(self.local_day(moment))} {self.clock(moment)}"

    def near(self, moment: datetime, day: date) -> str:
        """The time alone on that day, with its date on others."""
        return self.clock(moment) if self.local_day(moment) == day else self.stamp(moment)

    def between(self, start: datetime, end: datetime, day: date) -> str:
        """A span of time as it is read on that day; what lies on others has its date."""
        ends = self.until(end, start) if self.local_day(end - _MOMENT) == day else self.stamp(end)
        return f"{self.near(start, day)}{DASH}{ends}"

    def local_day(self, moment: datetime) -> date:
        """The date at the centre."""
        return moment.astimezone(self.zone).date()

    def span(self, from_min: int, to_min: int) -> str:
        """From and to, of minutes after midnight."""
        ends = to_min if to_min <= 24 * 60 else to_min - 24 * 60
        return f"{self._minute(from_min)}{DASH}{self._minute(ends)}"

    def _minute(self, minute: int) -> str:
        return f"{minute // 60:02}{self._colon}{minute % 60:02}"

    def zone_of(self, start: datetime, end: datetime) -> str:
        """``WIB``; both names on a day on which the clock changes."""
        last = end - timedelta(seconds=1)
        names = dict.fromkeys(moment.astimezone(self.zone).strftime("%Z") for moment in (start, last))
        return "/".join(names)

    def tenth(self, value: float) -> str:
        """A number with one decimal, grouped: ``1.234,5``."""
        return str(format_decimal(rounded(value), "#,##0.0", locale=self.locale))

    def seconds(self, ms: int) -> str:
        """Milliseconds as seconds with one decimal; quick, there are thousands of them."""
        whole, rest = divmod((ms + 50) // 100, 10)
        return f"{whole}{self._point}{rest}" if whole < 1000 else self.tenth(ms / 1000)

    def count(self, number: int) -> str:
        """A whole number, grouped."""
        return str(format_decimal(number, "#,##0", locale=self.locale))

    def percent(self, share: Share) -> str:
        """``97,9 %``, with one decimal; never rounded up to 100."""
        if share.percent is None:
            return DASH
        return f"{format_decimal(shown(share.percent), '0.0', locale=self.locale)}\N{NO-BREAK SPACE}%"

    def text(self, value: str | None) -> str:
        """What somebody else wrote, on one line; a dash for nothing."""
        return printable(value) if value else DASH


def shown(percent: float) -> Decimal:
    """A percentage as it is printed: one failed test among thousands must not read as 100 %."""
    tenth = rounded(percent)
    return Decimal("99.9") if percent < 100 <= tenth else tenth


def rounded(value: float) -> Decimal:
    """To one decimal, half up, as people round."""
    return Decimal(repr(value)).quantize(_TENTH, ROUND_HALF_UP)
