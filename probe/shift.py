"""The section ``[[shift]]``: who is in charge from when to when, for the report's *PIC per shift*."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from probe.hours import Interval, parse_interval
from probe.setting import Setting
from probe.setting_errors import Place, refuse_at


class ShiftSettings(Setting):
    """``[[shift]]``: local wall clock, half-open, past midnight where ``to`` is not later than ``from``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
    from_: str = Field(alias="from")
    to: str
    pic: Annotated[str, Field(min_length=1)] | None = None
    role: Annotated[str, Field(min_length=1)] = "PIC"

    @field_validator("from_", "to", mode="before")
    @classmethod
    def _is_a_time(cls, value: Any) -> Any:
        try:
            parse_interval(f"00:00-{value}" if value != "00:00" else "00:00-24:00")
        except ValueError:
            raise ValueError('a time of day is text: "HH:MM", such as "07:00"; a day ends at "24:00"') from None
        return value

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.from_ == "24:00":
            refuse_at([Place(("from",), 'a shift that begins at midnight begins at "00:00"')])
        if self.from_ == self.to:
            refuse_at([Place(("to",), 'this shift is empty; for the whole day write from = "00:00", to = "24:00"')])
        return self

    @property
    def interval(self) -> Interval:
        """The shift's minutes after local midnight; over 24 h where it goes past the next midnight."""
        return parse_interval(f"{self.from_}-{self.to}")
