"""The sections ``[[probe]]`` and ``[[maintenance]]`` of the configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from probe.script import STEP_BY_VERB, VERBS, Seconds, Step, default_cap_s
from probe.setting import ConfigPath, Setting, context_of, near_miss, offer
from probe.setting_errors import Place, places_of, refuse_at

MAX_CAP_S = 2 * 3600.0
MAX_EVERY_S = 24 * 3600.0
SPREAD_SHARE = 0.2
"""Default share of ``every`` over which starts are spread (the contract: ``spread``)."""


def parse_step(value: object) -> Step:
    """One step of a script. Raises ValueError; ``places_of`` tells the places in it."""
    if not isinstance(value, dict):
        raise ValueError('a step is a table with one verb, such as { expect = "answer" }')
    verbs = [key for key in value if key in VERBS]
    if not verbs:
        word = next((key for key in value if near_miss(key, VERBS)), "")
        raise ValueError(f"a step needs a verb{offer(word, VERBS)}")
    if len(verbs) > 1:
        raise ValueError(f"one verb per step, got {' and '.join(verbs)}; write one step for each")
    model = STEP_BY_VERB[verbs[0]]
    try:
        return model.model_validate(value, strict=True)  # type: ignore[return-value]
    except ValueError as error:
        refuse_at(places_of(error, (), model))
        raise


def _parse_script(value: object) -> object:
    if not isinstance(value, list):
        return value
    steps, wrong = list[object](), list[Place]()
    for index, item in enumerate(value):
        try:
            steps.append(item if isinstance(item, BaseModel) else parse_step(item))
        except ValueError as error:
            wrong += places_of(error, (index,))
    refuse_at(wrong)
    return tuple(steps)


Script = Annotated[tuple[Step, ...], BeforeValidator(_parse_script), Field(min_length=1)]


class ProbeSettings(Setting):
    """``[[probe]]``: whom to contact, how, when, and what must happen."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
    channel: str
    to: Annotated[str, Field(min_length=1)]
    script: Script
    service: str | None = None
    skill: str | None = None
    every: Seconds | None = None
    """Seconds between slots; absent: on demand only."""
    hours: str | None = None
    when: Literal["open", "closed"] = "open"
    trunk: str | None = None
    prompts: ConfigPath | None = None
    pic: str | None = None
    spread: Seconds | None = None
    cap: Seconds | None = None
    record: Literal["all", "until_agent", "none"] = "all"
    enabled: bool = True

    @property
    def spread_s(self) -> float:
        """Seconds inside a slot over which starts are spread; 0 for a probe on demand."""
        if self.spread is not None:
            return self.spread
        return (self.every or 0.0) * SPREAD_SHARE

    @property
    def cap_s(self) -> float:
        """Seconds after which a run is ended, whatever happens."""
        return default_cap_s(self.script) if self.cap is None else self.cap

    @model_validator(mode="after")
    def _durations_agree(self) -> Self:
        wrong = []
        if self.every is not None and not 1.0 <= self.every <= MAX_EVERY_S:
            wrong.append(Place(("every",), "allowed: 1s to 24h (slots start anew at each local midnight)"))
        elif self.spread is not None and self.spread >= (self.every or 0.0):
            wrong.append(
                Place(("spread",), "must be shorter than `every`; a probe without `every` has no slots to spread")
            )
        if self.cap is not None and not 0 < self.cap <= MAX_CAP_S:
            wrong.append(Place(("cap",), "allowed: more than 0s, at most 2h"))
        refuse_at(wrong)
        return self


class MaintenanceSettings(Setting):
    """``[[maintenance]]``: while it lasts, the target's missed tests do not count."""

    target: Annotated[str, Field(min_length=1)]
    from_: datetime = Field(alias="from")
    to: datetime
    reason: Annotated[str, Field(min_length=1)]

    @field_validator("from_", "to", mode="before")
    @classmethod
    def _aware(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, datetime):
            raise ValueError("a date and time without quotes is expected, such as 2026-12-24T22:00:00")
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(context_of(info).timezone))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to <= self.from_:
            refuse_at([Place(("to",), "must be later than `from`")])
        return self
