"""The section ``[line]``: what a telephone line sounds like, and how good it must be. Importable without numpy."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from channels.voice.listening.cadences import DEFAULT_COUNTRY, CadenceError, countries, read_own
from probe.quality import DEFAULT, QualityLimits
from probe.setting import ConfigPath, Setting, offer
from probe.setting_errors import Place, refuse_at


def _countries(value: Any) -> tuple[str, ...]:
    known = ", ".join(countries())
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f'a country in quotes, such as "id", or a list of them; there are tables for: {known}')
    wrong = [
        Place((i,) if len(value) > 1 else (), f"no table of tones for {name!r}{offer(name, countries())}")
        for i, name in enumerate(value)
        if name not in countries()
    ]
    refuse_at(wrong)
    return tuple(dict.fromkeys(value))


class LineSettings(Setting):
    """``[line]``: tones and limits of every telephone channel."""

    country: Annotated[tuple[str, ...], BeforeValidator(_countries)] = (DEFAULT_COUNTRY,)
    """Whose ringback, busy and congestion are known: of the networks that a call passes through."""
    tones: ConfigPath | None = None
    """A table of one's own, for a PBX with other tones: as those of the countries."""
    mos: Annotated[float, Field(ge=1, le=4.5)] = DEFAULT.mos
    mos_drop: Annotated[float, Field(ge=0.1, le=3.5)] = DEFAULT.mos_drop
    quiet_dbm0: Annotated[float, Field(ge=-60, le=-20)] = DEFAULT.quiet_dbm0
    loud_dbm0: Annotated[float, Field(ge=-15, le=3)] = DEFAULT.loud_dbm0
    clipped_percent: Annotated[float, Field(gt=0, le=100)] = DEFAULT.clipped_percent

    @field_validator("tones")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if value is not None:
            if value.suffix != ".toml":
                raise ValueError('allowed: a file that ends in .toml, such as "pabx.toml"')
            try:
                read_own(value)
            except CadenceError as error:
                raise ValueError(str(error)) from error
        return value

    @property
    def limits(self) -> QualityLimits:
        """How good a line must sound."""
        return QualityLimits(
            mos=self.mos,
            mos_drop=self.mos_drop,
            quiet_dbm0=self.quiet_dbm0,
            loud_dbm0=self.loud_dbm0,
            clipped_percent=self.clipped_percent,
        )

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of tones, as an ear wants them named."""
        return (*self.country, *([str(self.tones)] if self.tones is not None else []))
