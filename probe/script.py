"""The script language: one verb per step, a closed set (the contract: "Script").

The models here validate what people write in the config; the player runs them unchanged.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from probe.observation import ToneKind
from probe.setting import offer
from probe.setting_errors import Place, refuse_at

DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DEFAULT_WITHIN_S = 30.0

VERBS = ("expect", "press", "send", "choose", "play", "open", "fill", "click", "end")
PLAIN_EXPECTS = ("answer", "reply", "handoff", "agent", "message", "music", "silence")
DISCLOSURE = "pemberitahuan"
"""The sound that tells whoever hears it that this is an automatic test; built in (the contract: "Configuration")."""
TONES = tuple(kind.value for kind in ToneKind if kind is not ToneKind.BEEP)
"""Tones a script may expect: all but the beep, which is a verdict (``voicemail``) and nothing to wait for."""
_WITH_ARGUMENT = {
    "prompt": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*"),
    "tone": re.compile("|".join(TONES)),
    "status": re.compile(r"[1-6][0-9]{2}"),
    "element": re.compile(r".+", re.DOTALL),
}


def parse_duration(value: object) -> float:
    """Seconds of ``500ms``, `10s``, ``30m`` or ``1h``. Raises ValueError for anything else, a bare number included."""
    if isinstance(value, str) and (match := DURATION.fullmatch(value)):
        return float(match["number"]) * _SECONDS[match["unit"]]
    raise ValueError('a duration is text with a unit: "500ms", "10s", "30m" or "1h"')


Seconds = Annotated[float, BeforeValidator(parse_duration)]
"""A duration of the config, in seconds."""


class _Step(BaseModel, ABC):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def text(self) -> str:
        """The step in the words of the script, for people and JSON."""


class ExpectStep(_Step):
    """Wait for one of several things, until a deadline that starts when the step starts."""

    expect: tuple[str, ...]
    within: Seconds = DEFAULT_WITHIN_S
    slow: Seconds | None = None
    matching: str | None = None
    never: tuple[str, ...] = ()
    optional: bool = False

    @field_validator("expect", "never", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, (list, tuple)) or not values:
            raise ValueError("one thing to expect, or a list of them")
        wrong = []
        for index, item in enumerate(values):
            try:
                check_expectation(item)
            except ValueError as error:
                wrong.append(Place(() if values is not value else (index,), str(error)))
        refuse_at(wrong)
        return tuple(values)

    @field_validator("matching")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _slow_before_deadline(self) -> Self:
        if self.within <= 0:
            refuse_at([Place(("within",), "must be longer than 0s")])
        if self.slow is not None and self.slow >= self.within:
            refuse_at([Place(("slow",), "must be shorter than `within`")])
        return self

    @property
    def text(self) -> str:
        return "expect " + " | ".join(self.expect)


class PressStep(_Step):
    """Send DTMF digits, once the prompt that matched last has ended (unless ``barge_in``)."""

    press: Annotated[str, Field(pattern=r"^[0-9A-D*#]+$")]
    mode: Literal["auto", "rfc4733", "info", "inband"] = "auto"
    barge_in: bool = False

    @property
    def text(self) -> str:
        return f"press {self.press}"


class PressAtPauseStep(PressStep):
    """Send digits at the first pause of the far end: the rule of ``siaga call --press``, never written in a config."""


class ExpectSpeechStep(ExpectStep):
    """Wait for any speech: ``siaga call --until prompt``, never written in a config."""

    expect: tuple[str, ...] = ("speech",)

    @field_validator("expect", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value

    @property
    def text(self) -> str:
        return "expect prompt"


class ExpectPauseStep(ExpectStep):
    """Listen until nobody has spoken for ``pause`` seconds, or for as long as ``within``: the rule of ``siaga learn``.

    Music is no speech. Never written in a config.
    """

    expect: tuple[str, ...] = ("pause",)
    pause: float
    optional: bool = True

    @field_validator("expect", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value


class SendStep(_Step):
    """Send a text message."""

    send: Annotated[str, Field(min_length=1)]
    template: str | None = None

    @property
    def text(self) -> str:
        return "send"


class ChooseStep(_Step):
    """Choose a button, quick reply or menu entry by its text."""

    choose: Annotated[str, Field(min_length=1)]

    @property
    def text(self) -> str:
        return f"choose {self.choose}"


class PlayStep(_Step):
    """Play one of our sounds."""

    play: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]

    @property
    def text(self) -> str:
        return f"play {self.play}"


class FarewellStep(PlayStep):
    """Play one of our sounds to whoever may still be there: the end of ``siaga learn``, never written in a config."""


class OpenStep(_Step):
    """Open an address in the browser."""

    open: str

    @property
    def text(self) -> str:
        return "open"


class Fill(BaseModel):
    """What goes where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: str
    value: str


class FillStep(_Step):
    """Fill a form field."""

    fill: Fill

    @property
    def text(self) -> str:
        return f"fill {self.fill.selector}"


class ClickStep(_Step):
    """Click an element."""

    click: str

    @property
    def text(self) -> str:
        return f"click {self.click}"


class EndStep(_Step):
    """Hang up or close; also happens after the last step."""

    end: Literal[True]

    @property
    def text(self) -> str:
        return "end"


Step = ExpectStep | PressStep | SendStep | ChooseStep | PlayStep | OpenStep | FillStep | ClickStep | EndStep
STEP_BY_VERB: dict[str, type[_Step]] = {
    "expect": ExpectStep,
    "press": PressStep,
    "send": SendStep,
    "choose": ChooseStep,
    "play": PlayStep,
    "open": OpenStep,
    "fill": FillStep,
    "click": ClickStep,
    "end": EndStep,
}


def call_script(press: Sequence[str], until: Literal["answer", "prompt", "agent"], within_s: float) -> tuple[Step, ...]:
    """The script that ``siaga call`` plays: answer, each key at a pause, then what ``--until`` names."""
    within = f"{within_s * 1000:.0f}ms"
    steps: list[Step] = [ExpectStep.model_validate({"expect": "answer", "within": within})]
    steps += [PressAtPauseStep(press=digits) for digits in press]
    if until == "prompt":
        steps.append(ExpectSpeechStep.model_validate({"within": within}))
    elif until == "agent":
        steps.append(ExpectStep.model_validate({"expect": "agent", "within": within}))
    return (*steps, EndStep(end=True))


def learn_script(keys: Sequence[str], pause_s: float, listen_s: float, within_s: float) -> tuple[Step, ...]:
    """The script of ``siaga learn``: whatever is said up to a pause, each key after it, and who we were at the end.

    ``pause_s`` without speech go before a key, ``listen_s`` before the end; ``within_s`` bounds each wait.
    """
    within = f"{within_s * 1000:.0f}ms"
    steps: list[Step] = [ExpectStep.model_validate({"expect": "answer", "within": within})]
    for digits in keys:
        steps += [ExpectPauseStep.model_validate({"pause": pause_s, "within": within}), PressStep(press=digits)]
    steps.append(ExpectPauseStep.model_validate({"pause": listen_s, "within": within}))
    return (*steps, FarewellStep(play=DISCLOSURE), EndStep(end=True))


def expects_agent(script: Sequence[Step]) -> bool:
    """Whether the script asks for a human at all; without it availability is not judged."""
    return any(isinstance(step, ExpectStep) and "agent" in step.expect for step in script)


def default_cap_s(script: Sequence[Step]) -> float:
    """The cap of a run that sets none: the sum of all ``within`` and 60 s, at most 15 minutes."""
    return min(sum(step.within for step in script if isinstance(step, ExpectStep)) + 60.0, 900.0)


def check_expectation(value: object) -> None:
    """Raise ValueError unless the value is a well-formed thing to expect."""
    if not isinstance(value, str):
        raise ValueError("a thing to expect is text")
    kind, colon, argument = value.partition(":")
    if not colon and kind in PLAIN_EXPECTS:
        return
    if colon and (pattern := _WITH_ARGUMENT.get(kind)) and pattern.fullmatch(argument):
        return
    known = (*PLAIN_EXPECTS, "prompt:NAME", *(f"tone:{t}" for t in TONES), "status:NNN", "element:SELECTOR")
    raise ValueError(f"unknown thing to expect {value!r}{offer(value, known[:-2], ', '.join(known))}")
