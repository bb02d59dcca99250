"""The page of a call: everything on it, in both languages, and nothing that a far end wrote becomes part of it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from channels.voice.listening.weights import WEIGHTS
from probe.observation import ToneKind
from probe.reasons import Reason
from probe.words import LANGUAGES, Language, catalogue, word
from reports import call_page, call_page_ladder
from reports.call_page import page
from reports.call_page_labels import Kept, Label, Lane
from reports.call_page_values import Audio, Call, KeptFile
from tests.reports import heard

HOSTILE = "</style></script><script>alert('x')</script><img src=x onerror=alert(1)>\"' onload=alert(2) "


class Reader(HTMLParser):
    """Elements with their attributes, and the text outside of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.parts: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - html.parser's
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.parts[self._inside] = data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def test_everything_about_the_call_is_on_the_page(to_agent: heard.Heard) -> None:
    read = Reader(page(heard.call(to_agent), "id"))
    for said in (
        "ivr-ke-agent", "Berhasil", "Pelanggan terhubung ke Agent", "prompt selamat-datang", "prompt mohon-tunggu",
        "tombol 1", "kami memutar pemberitahuan", "musik", "Agent terbukti", "diduga Agent", "Antre", "expect agent",
        "40, standar 15", "Ucapan yang bukan prompt mana pun", "PCMU", "4,35", "180 Ringing", "recording.wav",
        "ab" * 32, "BERUBAH atau hilang",
    ):  # fmt: skip
        assert said in read.text, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawing_and_the_table_say_the_same(to_agent: heard.Heard, language: Language) -> None:
    call = heard.call(to_agent)
    read = Reader(page(call, language))
    rows = [attrs for attrs in read.all("tr") if "data-at" in attrs]
    drawn = [attrs for attrs in read.all("svg") if "data-at" in attrs]
    assert [float(row["data-at"] or "") for row in rows] == pytest.approx(
        [one.at_s for one in call.kept.labels], abs=1e-3
    )
    of_table = {row["data-at"] for row in rows}
    assert {one["data-at"] for one in drawn} <= of_table
    instants_of_agent = {f"{one.at_s:.3f}" for one in call.kept.labels if one.what == "agent_suspected_at"}
    assert of_table - {one["data-at"] for one in drawn} <= instants_of_agent


def test_only_its_own_style_and_script_may_work(to_agent: heard.Heard) -> None:
    read = Reader(page(heard.call(to_agent), "id"))
    [policy] = [attrs["content"] or "" for attrs in read.all("meta") if attrs.get("http-equiv")]
    assert policy.startswith("default-src 'none'; ")
    assert "media-src data:;" in policy
    assert "unsafe" not in policy
    for part in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(read.parts[part].encode()).digest()).decode()
        assert f"{part}-src 'sha256-{digest}'" in policy
    assert not any(name == "style" or name.startswith("on") for _, attrs in read.elements for name in attrs)


def test_nothing_is_loaded_from_anywhere(to_agent: heard.Heard) -> None:
    text = page(heard.call(to_agent), "id")
    read = Reader(text)
    assert not {tag for tag, _ in read.elements} & {"link", "iframe", "object", "form", "base", "img", "image"}
    loaded = [v or "" for _, attrs in read.elements for k, v in attrs.items() if k in ("src", "href", "xlink:href")]
    assert all(address.startswith(("data:audio/", "#")) for address in loaded)
    assert "url(" not in read.parts["style"]
    assert "@import" not in read.parts["style"]
    assert not re.search(r"fetch|XMLHttp|WebSocket|innerHTML|eval|import\(", read.parts["script"])


def hostile(call: Call) -> Call:
    told: dict[str, Any] = {
        **call.told, "probe": HOSTILE, "target": f"sip:{HOSTILE}@h", "message": HOSTILE, "service": HOSTILE,
        "skill": HOSTILE, "steps": [{**step, "step": HOSTILE, "detail": HOSTILE} for step in call.told["steps"]],
        "agent": {**call.told["agent"], "signs": [{"sign": HOSTILE, "at_s": 1.0, "weight": 1.0}]},
        "media": {**call.told["media"], "codec": HOSTILE},
    }  # fmt: skip
    labels = tuple(replace(label, name=HOSTILE, percent=None) for label in call.kept.labels)
    head = "2026-11-20T08:30:00.000000Z <-- UDP "
    lines = (f"SIP/2.0 486 {HOSTILE}", f"Server: {HOSTILE}", f"From: {HOSTILE} <sip:{HOSTILE}>", f"Reason: {HOSTILE}")
    trace = f"{head}{HOSTILE.replace(' ', '')}\n" + "".join(f"    {line}\n" for line in lines) + "\n"
    return replace(
        call,
        told=told,
        kept=replace(call.kept, labels=labels),
        ladder=call_page_ladder.read(trace),
        files=[KeptFile(kind=HOSTILE, name=HOSTILE, sha256=HOSTILE, intact=True)],
        centre=HOSTILE,
        chain=HOSTILE,
        version=HOSTILE,
    )


def test_what_others_wrote_stays_text(to_agent: heard.Heard) -> None:
    call = heard.call(to_agent)
    plain, attacked = Reader(page(call, "id")), Reader(page(hostile(call), "id"))
    assert "alert('x')" in attacked.text
    assert (len(attacked.all("script")), len(attacked.all("style")), len(attacked.all("img"))) == (1, 1, 0)
    assert attacked.parts == plain.parts
    known = {name for _, attrs in plain.elements for name in attrs}
    assert {name for _, attrs in attacked.elements for name in attrs} <= known
    assert {tag for tag, _ in attacked.elements} <= {tag for tag, _ in plain.elements} | {"small"}


def test_numbers_are_masked_wherever_they_come_from(to_agent: heard.Heard) -> None:
    call = heard.call(to_agent)
    number = "+6281234567890"
    told = {**call.told, "target": f"sip:{number}@pbx", "message": f"SIP 486 {number}"}
    told["steps"] = [
        {**step, "step": f"press {number}", "detail": f"redirected to {number}"} for step in call.told["steps"]
    ]
    labels = (Label(lane=Lane.CALL, what="refused", at_s=1.0, name=number),)
    text = page(replace(call, told=told, kept=Kept(labels=labels)), "id")
    assert "81234567890" not in text
    assert "5001234" not in text
    assert "22223333" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_without_anything_is_a_page_too(to_agent: heard.Heard, language: Language) -> None:
    call = heard.call(to_agent)
    told = {
        **call.told,
        "verdict": "fail",
        "reason": "busy_486",
        "stage": "access",
        "owner": "ioc",
        "steps": [],
        "slot": None,
    }
    told |= {"agent": None, "media": None, "timings": dict.fromkeys(call.told["timings"]), "target": "", "probe": None}
    bare = replace(
        call, told=told, stages=[], kept=Kept(), ladder=call_page_ladder.read(""), audio=Audio(note="absent"), files=[]
    )
    read = Reader(page(bare, language))
    assert word("page.acts_ioc", language) in read.text
    assert word("page.sound_absent", language) in read.text
    assert not read.all("audio")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_meaning_in_both_languages(to_agent: heard.Heard, reason: Reason) -> None:
    call = heard.call(to_agent, audio=Audio(note="absent"))
    told = {**call.told, "verdict": "fail", "reason": reason.value, "stage": "access", "owner": "ioc"}
    for language in LANGUAGES:
        assert word(f"experience.{reason}", language) in Reader(page(replace(call, told=told), language)).text


@pytest.mark.parametrize("owner", ["ioc", "team_leader", "siaga"])
def test_who_acts_on_it_is_said(to_agent: heard.Heard, owner: str) -> None:
    call = heard.call(to_agent, audio=Audio(note="absent"))
    told = {**call.told, "verdict": "fail", "reason": "agent_timeout", "stage": "queue", "owner": owner}
    assert word(f"page.acts_{owner}", "id") in Reader(page(replace(call, told=told), "id")).text


def test_every_sign_that_the_listener_weighs_has_words() -> None:
    assert {f"sign.{name}" for name in (*WEIGHTS, "turn_taking")} <= set(catalogue())


def test_every_tone_that_the_listener_tells_has_words() -> None:
    assert {f"tone.{kind}" for kind in ToneKind} <= set(catalogue())


def test_a_sound_that_is_linked_is_not_embedded(to_agent: heard.Heard) -> None:
    call = heard.call(to_agent)
    audio = replace(call.audio, address="", note="linked", link="recording.wav")
    read = Reader(page(replace(call, audio=audio), "id"))
    assert not read.all("audio")
    assert [attrs["href"] for attrs in read.all("a")] == ["recording.wav"]
    assert read.all("path")


def colours() -> list[dict[str, str]]:
    """The variables of the style by day and by night."""
    style = (Path(call_page.__file__).with_name("templates") / "call.css").read_text("utf-8")
    day, night = re.findall(r":root \{([^}]*)\}", style)
    by_day = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", day))
    return [by_day, {**by_day, **dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", night))}]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", colours())
def test_letters_stand_out_by_day_and_by_night(scheme: dict[str, str]) -> None:
    """4.5 to 1, as WCAG 2.2 asks of text (AA)."""
    on_ground = ("ink", "muted", "accent", "pass", "degraded", "fail", "inconclusive")
    on_labels = ("agent", "prompt", "speech", "music", "tone", "ours")
    pairs = [(letters, ground) for letters in on_ground for ground in ("paper", "soft")]
    pairs += [("on", ground) for ground in on_labels]
    for letters, ground in pairs:
        one, two = sorted((luminance(scheme[letters]), luminance(scheme[ground])))
        assert (two + 0.05) / (one + 0.05) >= 4.5, (letters, ground)
