"""Point 5: the page of a call in Chromium, from a file: labels beside the lab's diary, sound, a picture of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser

from prove.campaign import Campaign, Result, Room
from prove.paper import ROOT
from prove.worlds import box
from tests.end_to_end.program import Installation
from tests.farends import browser as chromium

PROBES = ("ivr-ke-agent", "ivr-tanpa-agent")
"""A call that reaches an agent, and one that waits in vain."""
PICTURE = "ivr-ke-agent"
PICTURES = ROOT / "docs" / "images"
NEAR_S = 0.1
MUSIC_S, LAST_S = 2.0, 2.0
"""Shorter music may not be told (it takes 1 s to be sure of it), nor a prompt that began so late in the call."""
MOST_KB = 200
Scheme = Literal["light", "dark"]
SCREENS: tuple[tuple[str, Scheme, int, int], ...] = (
    ("light", "light", 1320, 1000), ("dark", "dark", 1320, 1000), ("phone", "light", 390, 844),
)  # fmt: skip
"""Name, colours, width and height of each picture."""


@dataclass(frozen=True)
class Happened:
    """Something that the lab did, in words of the page, and when, seconds after the INVITE."""

    words: str
    from_s: float
    until_s: float | None


def run(room: Room) -> Result:
    """Play two calls against the lab, make their pages, and look at them."""
    result, folder = Result(), room.scratch("halaman")
    with box(folder):
        with (folder / "siaga.toml").open("a", encoding="utf-8") as file:
            file.write('\n[evidence]\naudio = "embed"\n')
        at_home = Installation(folder, {})
        records = {name: at_home.run("probe", name, "--json").record for name in PROBES}
    errors: list[float] = []
    asked: list[str] = []
    played: list[str] = []
    result.notes += ["| call | label | truth | on the screen | error |", "| --- | --- | --- | --- | --- |"]
    with chromium.browser() as browser:
        for name, record in records.items():
            page = folder / f"{name}.html"
            began = time.monotonic()
            at_home.run("show", record["run_id"], "--html", str(page))
            took_s, size_kb = time.monotonic() - began, page.stat().st_size / 1000
            seen, moved, tried = _look(browser, page)
            asked += tried
            played += [f"{moved[0]:.1f} → {moved[1]:.1f} s"] if moved[1] > moved[0] else []
            for true in _diary(folder, record):
                found = _nearest(true, seen)
                errors += [abs(error) for error in found]
                result.notes.append(_line(name, true, found))
            said = f"{size_kb:.0f} kB for {record['timings']['total_s']:.0f} s of call, made in {took_s:.1f} s"
            result.notes.append(f"| {name} | the page itself | | {said} | |")
        pictures = _pictures(browser, folder / f"{PICTURE}.html")
    _told(result, records, errors, asked, played, pictures)
    return result


def _told(
    result: Result,
    records: dict[str, dict[str, Any]],
    errors: list[float],
    asked: list[str],
    played: list[str],
    pictures: list[Path],
) -> None:
    verdicts = ", ".join(f"{name} {record['verdict']}" for name, record in records.items())
    right = [record["verdict"] for record in records.values()] == ["pass", "fail"]
    result.add("verdicts of the calls", "pass, fail", verdicts, right)
    worst = max(errors, default=float("nan"))
    result.add(
        "beginnings and ends of labels on the screen beside the diary",
        f"within {NEAR_S * 1000:.0f} ms",
        f"worst error {worst * 1000:.0f} ms over {len(errors)}",
        len(errors) >= 12 and worst <= NEAR_S,
    )
    result.add("addresses that the pages asked for", "none", ", ".join(asked) or "none", not asked)
    result.add("sound plays after a click", "both calls", "; ".join(played), len(played) == len(PROBES))
    sizes = [path.stat().st_size / 1000 for path in pictures]
    result.add(
        "pictures", f"at most {MOST_KB} kB each", ", ".join(f"{size:.0f} kB" for size in sizes), max(sizes) <= MOST_KB
    )
    result.notes += ["", *(f"![The page of a call]({Path('../images') / path.name})" for path in pictures)]


def _diary(folder: Path, record: dict[str, Any]) -> list[Happened]:
    """What the lab really did in this call: prompts, music, and the first words of the agent."""
    [trace] = [Path(item["path"]) for item in record["evidence"] if item["kind"] == "sip_trace"]
    sip = trace.read_text("utf-8")
    lines = map(json.loads, (folder / "truth.jsonl").read_text("utf-8").splitlines())
    events = [line for line in lines if line["call"] and f"Call-ID: {line['call']}" in sip]
    zero = next(line["mono"] for line in events if line["event"] == "invite")
    found: list[Happened] = []
    for begins, ends, words in (
        ("prompt_start", "prompt_end", "prompt {name}"),
        ("announcement_start", "announcement_end", "prompt {name}"),
        ("agent_speech_onset", "", "Agent"),
    ):
        starts = [line for line in events if line["event"] == begins]
        stops = [line["mono"] - zero for line in events if line["event"] == ends and line["whole"]]
        for line in starts:
            at_s = line["mono"] - zero
            until_s = min((stop for stop in stops if stop > at_s), default=None)
            if record["timings"]["total_s"] - at_s < LAST_S:
                continue
            found.append(Happened(words.format(**line), at_s, until_s))
    return [*found, *_music([(line["event"], line["mono"] - zero) for line in events])]


def _music(events: list[tuple[str, float]]) -> Iterator[Happened]:
    """It plays in the queue wherever nothing is announced; two announcements in a row leave no room for it."""
    begins, ends = ("queue_enter", "announcement_end"), ("announcement_start", "agent_answered", "bye")
    edges = [(event, at_s) for event, at_s in events if event in (*begins, *ends)]
    for (event, at_s), (after, until_s) in pairwise(edges):
        if event in begins and after in ends and until_s - at_s > MUSIC_S:
            yield Happened("musik", at_s, until_s)


def _nearest(true: Happened, seen: list[tuple[str, float, float]]) -> list[float]:
    """Errors in seconds of the label nearest to it: of its beginning and, where there is one, its end."""
    named = [one for one in seen if true.words in one[0]]
    if not named:
        return [float("inf")]
    _, from_s, until_s = min(named, key=lambda one: abs(one[1] - true.from_s))
    return [from_s - true.from_s, *([] if true.until_s is None else [until_s - true.until_s])]


def _line(name: str, true: Happened, errors: list[float]) -> str:
    truth = [true.from_s] if true.until_s is None else [true.from_s, true.until_s]
    seen = [at + error for at, error in zip(truth, errors, strict=False)]
    shown = (" to ".join(f"{at:.3f}" for at in truth), " to ".join(f"{at:.3f}" for at in seen))
    return f"| {name} | {true.words} | {shown[0]} | {shown[1]} | {', '.join(f'{e * 1000:+.0f} ms' for e in errors)} |"


def _look(browser: Browser, page: Path) -> tuple[list[tuple[str, float, float]], tuple[float, float], list[str]]:
    """Labels on the screen, from where to where the sound played after a click, and what the page asked for."""
    with chromium.opened(browser, page) as window:
        seen = [(words, from_s, until_s) for words, from_s, until_s in window.page.evaluate(chromium.PLACES)]
        window.page.evaluate(f"() => {{ window.played = ({chromium.PLAYED_ON})(); }}")
        window.page.locator("#sound").click(position={"x": 300, "y": 60})
        from_s, to_s = window.page.evaluate("() => window.played")
        return seen, (from_s, to_s), [*window.asked, *window.said]


def _pictures(browser: Browser, page: Path) -> list[Path]:
    """The upper part of the page, by day, by night, and on a telephone."""
    PICTURES.mkdir(exist_ok=True)
    paths = []
    for name, scheme, width, height in SCREENS:
        with chromium.opened(browser, page, scheme=scheme) as window:
            window.page.set_viewport_size({"width": width, "height": height})
            window.page.evaluate(chromium.SEEKED, 12.0)
            paths.append(PICTURES / f"page-{name}.png")
            window.page.screenshot(path=paths[-1])
    return paths


CAMPAIGN = Campaign(
    "page",
    5,
    "The evidence page opened in Chromium from a file: a screenshot in the docs, audio plays, labels stand where the "
    "truth says.",
    run,
)
