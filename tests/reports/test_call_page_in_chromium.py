"""The page as people open it: from a file, in Chromium, without any network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from reports.call_page import page
from tests.farends import browser as chromium
from tests.farends.programs import Absent
from tests.reports import heard
from tests.reports.test_call_page import hostile

pytestmark = pytest.mark.farend

NEAR_S = 0.1


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium.browser() as opened:
            yield opened
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def file(to_agent: heard.Heard) -> Path:
    path = to_agent.folder / "page.html"
    path.write_text(page(heard.call(to_agent), "id"), "utf-8")
    return path


def test_it_opens_without_a_network_and_without_a_complaint(browser: Browser, file: Path) -> None:
    with chromium.opened(browser, file) as window:
        assert window.page.title().startswith("Bukti panggilan tes")
        assert window.page.locator("h1").inner_text() == "ivr-ke-agent"
        window.page.evaluate(chromium.SEEKED, 5.0)
        assert (window.asked, window.said) == ([], [])


def test_a_click_plays_from_there_and_the_cursor_follows(browser: Browser, file: Path, to_agent: heard.Heard) -> None:
    agent_s = to_agent.at("agent_start")
    with chromium.opened(browser, file) as window:
        drawing = window.page.locator("#sound")
        end_s, box = float(drawing.get_attribute("data-end") or ""), drawing.bounding_box()
        assert box is not None
        # hooked before the click, so that not even the first step is missed
        window.page.evaluate(f"() => {{ window.played = ({chromium.PLAYED_ON})(); }}")
        drawing.click(position={"x": box["width"] * agent_s / end_s, "y": box["height"] - 40})
        from_s, to_s = window.page.evaluate("() => window.played")
        assert from_s == pytest.approx(agent_s - heard.RECORDED_S, abs=NEAR_S)
        assert to_s > from_s + 0.1
        shown = float((window.page.locator("#cursor").get_attribute("x1") or "").rstrip("%")) / 100 * end_s
        now_s = window.page.evaluate("() => document.querySelector('audio').currentTime")
        assert shown == pytest.approx(now_s + heard.RECORDED_S, abs=NEAR_S)
        assert window.said == []


def test_labels_stand_where_the_truth_says(browser: Browser, file: Path, to_agent: heard.Heard) -> None:
    with chromium.opened(browser, file) as window:
        places = {
            words: (from_s, until_s) for words, from_s, until_s in reversed(window.page.evaluate(chromium.PLACES))
        }
    for name in ("selamat-datang", "menu-utama", "mohon-tunggu"):
        true = (to_agent.at("prompt_start", name), to_agent.at("prompt_end", name))
        assert places[f"prompt {name}"] == pytest.approx(true, abs=NEAR_S)
    played = (to_agent.at("play_start", "pemberitahuan"), to_agent.at("play_end", "pemberitahuan"))
    assert places["kami memutar pemberitahuan"] == pytest.approx(played, abs=NEAR_S)
    assert places["musik"] == pytest.approx((to_agent.at("music_start"), to_agent.at("music_end")), abs=NEAR_S)
    [suspected] = [place for words, place in places.items() if words.startswith("diduga Agent")]
    assert suspected[0] == pytest.approx(to_agent.at("agent_start"), abs=NEAR_S)


def test_the_sound_is_where_its_outline_is(browser: Browser, file: Path, to_agent: heard.Heard) -> None:
    """What the browser decodes has the same length as what was recorded: labels and sound do not drift apart."""
    recorded_s = to_agent.at("end") - heard.RECORDED_S
    with chromium.opened(browser, file) as window:
        window.page.evaluate(chromium.SEEKED, 1.0)
        assert window.page.evaluate("() => document.querySelector('audio').duration") == pytest.approx(
            recorded_s, abs=0.05
        )


def test_a_row_of_the_table_plays_what_it_names(browser: Browser, file: Path, to_agent: heard.Heard) -> None:
    with chromium.opened(browser, file) as window:
        row = window.page.locator("#labels tbody tr", has_text="prompt menu-utama")
        row.locator("button").focus()
        window.page.keyboard.press("Enter")
        window.page.evaluate(chromium.PLAYED_ON)
        at_s = window.page.evaluate("() => document.querySelector('audio').currentTime") + heard.RECORDED_S
        assert to_agent.at("prompt_start", "menu-utama") < at_s < to_agent.at("end")


def test_zooming_moves_no_label(browser: Browser, file: Path) -> None:
    with chromium.opened(browser, file) as window:
        before = window.page.evaluate(chromium.PLACES)
        for _ in range(3):
            window.page.locator("#in").click()
        after = window.page.evaluate(chromium.PLACES)
        assert [one[1] for one in after] == pytest.approx([one[1] for one in before], abs=0.05)
        wide = window.page.evaluate("() => document.getElementById('sound').clientWidth")
        assert wide > 4 * window.page.evaluate("() => document.getElementById('scroll').clientWidth")


LETTERS = """() => Array.from(document.querySelectorAll('#sound svg.span > text')).map(words => {
  const room = words.parentNode.querySelector('rect').getBoundingClientRect().width;
  return [words.dataset.whole, words.textContent, words.getComputedTextLength() <= room];
})"""


def test_words_that_do_not_fit_are_shortened_visibly(browser: Browser, file: Path) -> None:
    with chromium.opened(browser, file) as window:
        seen: list[int] = []
        letters: list[tuple[str, str, bool]] = []
        for width, zoomed in ((390, False), (1320, False), (1320, True)):
            window.page.set_viewport_size({"width": width, "height": 800})
            window.page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
            if zoomed:
                window.page.locator("#in").click()
                window.page.locator("#in").click()
            letters = window.page.evaluate(LETTERS)
            for whole, shown, fits in letters:
                assert fits
                assert shown in ("", whole) or (shown.endswith("…") and whole.startswith(shown[:-1])), shown
            seen.append(sum(len(shown) for _, shown, _ in letters))
        assert seen[0] < seen[1] < seen[2]
        assert {"menu-utama", "selamat-datang"} <= {shown for _, shown, _ in letters}


def test_without_scripts_everything_can_be_read_and_heard(browser: Browser, file: Path) -> None:
    with chromium.opened(browser, file, scripts=False) as window:
        assert window.page.locator("audio[controls]").is_visible()
        assert window.page.locator("#sound").is_visible()
        assert window.page.locator("#labels tbody tr").count() > 10
        assert not window.page.locator("button:visible").count()
        assert (window.asked, window.said) == ([], [])


def test_a_hostile_far_end_runs_nothing(browser: Browser, to_agent: heard.Heard) -> None:
    path = to_agent.folder / "hostile.html"
    path.write_text(page(hostile(heard.call(to_agent)), "id"), "utf-8")
    with chromium.opened(browser, path) as window:
        window.page.evaluate(chromium.SEEKED, 3.0)
        for summary in window.page.locator("summary").all():
            summary.click()
        assert (window.asked, window.said) == ([], [])
        assert not window.page.locator("img").count()


def test_the_page_fits_a_telephone(browser: Browser, file: Path) -> None:
    with chromium.opened(browser, file) as window:
        window.page.set_viewport_size({"width": 390, "height": 800})
        assert window.page.evaluate("() => document.querySelector('.figure').scrollWidth") <= 390
        assert window.page.evaluate("() => document.documentElement.scrollWidth") <= 390
