"""A call in words of one language, part by part: what its page says, before it is any markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from babel.numbers import format_decimal
from markupsafe import Markup

from probe.words import catalogue, printable
from reports import call_page_drawn as drawn
from reports.call_page_labels import Label, Limit
from reports.call_page_ladder import hidden
from reports.call_page_values import Call
from reports.masking import masked
from reports.wording import DASH, Wording

MOST_LABELS: Final = 400
MINUS: Final = "\N{MINUS SIGN}"
MARKS: Final = {"pass": "✓", "degraded": "~", "fail": "✗", "inconclusive": "?", "not_reached": "·"}
"""Beside every colour stands a sign: nobody needs the colour."""
TIMES: Final = (
    "pdd_s", "setup_s", "time_to_greeting_s", "menu_s", "queue_s", "time_to_agent_s", "total_s",
)  # fmt: skip
MEDIA: Final = ("codec", "packets", "lost", "jitter_ms", "rtt_ms", "mos")


class Said:
    """The words of a page."""

    def __init__(self, call: Call, wording: Wording) -> None:
        self._call, self._words, self.say = call, wording, wording.say
        self._t = call.told

    @property
    def verdict(self) -> tuple[str, str, str]:
        """Kind, sign and word."""
        kind = str(self._t["verdict"])
        return kind, MARKS[kind], self.say(f"verdict.{kind}")

    @property
    def title(self) -> str:
        """What was tested: name of the probe, or the target."""
        return printable(str(self._t["probe"] or self.target))

    @property
    def target(self) -> str:
        return _masked(str(self._t["target"])) or DASH

    @property
    def meaning(self) -> str:
        """What a customer would have lived through."""
        reason, agent_s = self._t["reason"], self._t["timings"]["time_to_agent_s"]
        if reason is not None:
            return self.say(f"experience.{reason}")
        return (
            self.say("experience.pass")
            if agent_s is None
            else self.say("experience.pass_agent", seconds=f"{agent_s:.0f}")
        )

    @property
    def acts(self) -> str:
        return self.say(f"page.acts_{self._t['owner'] or 'nobody'}")

    def head(self) -> Iterator[tuple[str, str]]:
        """Label and value of what describes the test."""
        told = self._t
        yield self.say("page.target"), self.target
        yield self.say("page.channel"), self._words.channel(str(told["channel"]))
        yield self.say("page.service"), " · ".join(self._words.text(told[key]) for key in ("service", "skill"))
        yield self.say("page.kind"), self.say(f"trigger.{told['trigger']}")
        if told["slot"]:
            yield self.say("page.slot"), self._moment(told["slot"])
        yield self.say("page.began"), self._moment(told["started_at"])
        if told["stage"] and told["reason"]:
            yield self.say("panel.stage"), self.say(f"stage.{told['stage']}")
            yield self.say("panel.reason"), self.say(f"reason.{told['reason']}")
        yield self.say("panel.accessibility"), self.say(f"result.{told['accessibility']}")
        yield self.say("panel.availability"), self.say(f"result.{told['availability']}")
        yield self.say("page.run"), printable(str(told["run_id"]))

    @property
    def message(self) -> str:
        """What siaga found, where it says more than what it means."""
        said = hidden(printable(str(self._t["message"])))
        return "" if said == self.meaning else said

    # --- sound ---

    @property
    def end_s(self) -> float:
        """How long the drawing is, seconds after t0."""
        track = self.track
        ends = [label.at_s if label.until_s is None else label.until_s for label in self._call.kept.labels]
        ends += [self._t["timings"]["total_s"] or 0.0, track.until_s if track else 0.0, 1.0]
        return float(max(ends))

    @property
    def track(self) -> drawn.Track | None:
        outline, kept = self._call.audio.outline, self._call.kept
        if outline is None or not outline.length_s:
            return None
        return drawn.Track(outline=outline, from_s=kept.recorded_at(0.0), until_s=kept.recorded_at(outline.length_s))

    def labels(self) -> list[drawn.Named]:
        """As many as a page holds."""
        shown = self._call.kept.labels[:MOST_LABELS]
        return [
            drawn.Named(number=n, label=one, words=self._label(one), short=self._short(one))
            for n, one in enumerate(shown, 1)
        ]

    @property
    def labels_more(self) -> int:
        return max(0, len(self._call.kept.labels) - MOST_LABELS)

    def _label(self, label: Label) -> str:
        said = self.say(f"label.{label.what}")
        name = label.name
        if label.what == "tone" and f"tone.{name}" in catalogue():
            return self.say(f"tone.{name}")
        if label.percent is not None:
            return f"{said} ({label.percent}\N{NO-BREAK SPACE}%)"
        return f"{said} {hidden(name)}" if name else said

    def _short(self, label: Label) -> str:
        named = label.what in ("prompt", "keys", "play", "tone") and label.name
        return self._label(label).removeprefix(self.say(f"label.{label.what}")).strip() if named else self._label(label)

    def drawing(self) -> Markup:
        labels = self.labels()
        words = {
            "label": self.say("page.drawing", count=len(labels)),
            "minutes": self.say("page.minutes"),
        }
        return drawn.sound(labels, self.track, self.end_s, words)

    def rows(self) -> tuple[str, ...]:
        """The names of the drawing's rows."""
        return tuple(self.say(f"lane.{lane}") for lane in drawn.rows_of(self.labels()))

    def second(self, at_s: float | None) -> str:
        """``12,3``."""
        return DASH if at_s is None else self._words.tenth(at_s)

    @property
    def audio_note(self) -> str:
        audio = self._call.audio
        if not audio.note:
            return ""
        if audio.note == "until_agent":
            return self.say("page.sound_until_agent", second=self.second(audio.until_s))
        return self.say(f"page.sound_{audio.note}")

    def captions(self) -> Iterator[tuple[float, str]]:
        """Second and text of what a machine understood."""
        for caption in self._call.captions:
            yield caption.at_s, hidden(printable(caption.text))

    # --- course ---

    def stages(self) -> Iterator[tuple[str, Markup, str, str]]:
        for key, from_s, until_s in self._call.stages:
            bar = drawn.course(from_s, until_s, self.end_s, "stage")
            yield self.say(f"bar.{key}"), bar, self.second(from_s), self.second(until_s - from_s)

    def steps(self) -> Iterator[tuple[str, Markup, str, str, tuple[str, str, str], str]]:
        """Step, bar with its limits, how long it took, its limit, what came of it, and details."""
        for place, step in enumerate(self._t["steps"]):
            limits = self._call.kept.limits
            limit = limits[place] if place < len(limits) and limits[place].step == step["step"] else None
            kind, at_s, took_s = str(step["verdict"]), step["at_s"], step["took_s"]
            bar = (
                drawn.course(at_s, at_s + (took_s or 0.0), self.end_s, kind, _marks(limit))
                if at_s is not None
                else Markup("")
            )
            result = (kind, MARKS[kind], self.say(f"verdict.{kind}"))
            detail = hidden(printable(str(step["detail"])))
            yield hidden(printable(str(step["step"]))), bar, self.second(took_s), self._limit(limit), result, detail

    def _limit(self, limit: Limit | None) -> str:
        if limit is None or limit.within_s is None:
            return DASH
        within = f"{limit.within_s:g}"
        return within if limit.slow_s is None else self.say("page.limit_slow", within=within, slow=f"{limit.slow_s:g}")

    # --- agent ---

    def case(self) -> str:
        """How sure it is, in a sentence."""
        agent = self._t["agent"]
        if not agent:
            return self.say("page.signs_none")
        return self.say(
            "page.signs_sum", percent=f"{100 * agent['confidence']:.0f}", second=self.second(agent["onset_s"])
        )

    def signs(self) -> Iterator[tuple[str, str, str, Markup]]:
        agent = self._t["agent"]
        signs = sorted(agent["signs"], key=lambda sign: sign["at_s"]) if agent else []
        largest = max((abs(sign["weight"]) for sign in signs), default=0.0)
        for sign in signs:
            key = f"sign.{sign['sign']}"
            said = self.say(key) if key in catalogue() else printable(str(sign["sign"]))
            value = f"{'+' if sign['weight'] >= 0 else MINUS}{self._words.tenth(abs(sign['weight']))}"
            yield said, self.second(sign["at_s"]), value, drawn.weight(sign["weight"], largest)

    # --- figures ---

    def times(self) -> Iterator[tuple[str, str]]:
        for name in TIMES:
            yield self.say(f"timing.{name}"), self.second(self._t["timings"][name])

    def media(self) -> Iterator[tuple[str, str]]:
        media = self._t["media"]
        if not media:
            return
        names = {"jitter_ms": "jitter", "rtt_ms": "rtt"}
        for name in MEDIA:
            value = media[name]
            said = printable(value) if isinstance(value, str) else self._number(name, value)
            if name == "lost" and media["packets"]:
                share = 100 * media["lost"] / (media["lost"] + media["packets"])
                said = f"{said} ({self._words.tenth(share)}\N{NO-BREAK SPACE}%)"
            yield self.say(f"page.{names.get(name, name)}"), said

    def _number(self, name: str, value: float | None) -> str:
        if value is None:
            return DASH
        if isinstance(value, int):
            return self._words.count(value)
        return self._digits(value, "0.00") if name == "mos" else self._words.tenth(value)

    def _digits(self, value: float, form: str) -> str:
        return str(format_decimal(value, form, locale=self._words.locale))

    # --- ladder and files ---

    def ladder(self) -> Iterator[tuple[str, bool, str, Markup, tuple[str, ...]]]:
        ladder = self._call.ladder
        if not ladder.messages:
            return
        began = ladder.began or ladder.messages[0].at
        for one in ladder.messages:
            at_s = (one.at - began).total_seconds()
            yield self._digits(at_s, "0.000"), one.sent, one.title, drawn.arrow(one.sent), one.lines

    def files(self) -> Iterator[tuple[str, str, bool, str, str]]:
        for file in self._call.files:
            key = f"evidence.{file.kind}"
            kind = self.say(key) if key in catalogue() else printable(file.kind)
            yield (
                kind,
                printable(file.name),
                file.intact,
                self.say(f"show.{'intact' if file.intact else 'altered'}"),
                file.sha256,
            )

    @property
    def made(self) -> str:
        zone = self._words.zone_of(self._call.made, self._call.made)
        return f"{self._words.stamp(self._call.made)} {zone}"

    def _moment(self, instant: str) -> str:
        moment = datetime.fromisoformat(instant)
        words = self._words
        return f"{words.long_date(words.local_day(moment))} {words.second(moment)} {words.zone_of(moment, moment)}"


def _marks(limit: Limit | None) -> list[tuple[str, float]]:
    if limit is None or limit.started_s is None:
        return []
    limits = (("slow", limit.slow_s), ("within", limit.within_s))
    return [(kind, limit.started_s + seconds) for kind, seconds in limits if seconds is not None]


def _masked(target: str) -> str:
    return masked(printable(target)) if target else ""
