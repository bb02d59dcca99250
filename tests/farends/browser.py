"""The system's Chromium through Playwright, as somebody without internet uses it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Route, sync_playwright

from tests.farends.programs import Absent

PATIENCE_MS = 180_000
"""Other work may keep a browser waiting."""
SEEKED = """(second) => new Promise(done => {
  const player = document.querySelector('audio');
  player.addEventListener('seeked', () => requestAnimationFrame(() => done(player.currentTime)), {once: true});
  player.currentTime = second;
})"""
PLAYED_ON = """() => new Promise((done, failed) => {
  const player = document.querySelector('audio');
  let from = player.currentTime;
  player.addEventListener('seeking', () => { from = player.currentTime; });
  player.addEventListener('error', () => failed(player.error.message));
  const look = () => { if (player.currentTime > from + 0.2) { player.pause(); done([from, player.currentTime]); } };
  player.addEventListener('timeupdate', look);
})"""
"""Resolves with the places from and to which it played."""
PLACES = """() => {
  const drawing = document.getElementById('sound'), box = drawing.getBoundingClientRect();
  const second = x => (x - box.left) / box.width * Number(drawing.dataset.end);
  return Array.from(drawing.querySelectorAll('svg.span')).map(one => {
    const rect = one.querySelector('rect').getBoundingClientRect();
    return [one.querySelector('title').textContent, second(rect.left), second(rect.right)];
  });
}"""
"""Words, beginning and end of every label on the page of a call, seconds after t0, by where it is on the screen."""


def chromium() -> str:
    """The path of Chromium. Raises Absent."""
    if path := shutil.which("chromium"):
        return path
    raise Absent("Chromium is absent: apt install chromium (as root), or run `make test` as root on Debian")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window. Raises Absent."""
    path = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--mute-audio"])
        yield opened
        opened.close()


@dataclass
class Opened:
    """A file in a window of its own, and what it tried."""

    page: Page
    asked: list[str] = field(default_factory=list)
    """Addresses beyond the file itself that it asked for; each was refused."""
    said: list[str] = field(default_factory=list)
    """Complaints on the console, and windows that it opened."""


@contextlib.contextmanager
def opened(
    browser: Browser, file: Path, *, scripts: bool = True, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Opened]:
    """Open a file as from a mail, with every network refused."""
    context = browser.new_context(
        offline=True, java_script_enabled=scripts, color_scheme=scheme, viewport={"width": 1320, "height": 1000}
    )
    context.set_default_timeout(PATIENCE_MS)
    window = Opened(context.new_page())
    address = file.absolute().as_uri()

    def meet(route: Route, request: Request) -> None:
        if request.url == address:
            route.continue_()
        else:
            window.asked.append(request.url)
            route.abort()

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            window.said.append(message.text)

    def dialog(opened: Dialog) -> None:
        window.said.append(f"dialog: {opened.message}")
        opened.dismiss()

    context.route("**/*", meet)
    window.page.on("console", console)
    window.page.on("dialog", dialog)
    window.page.on("pageerror", lambda error: window.said.append(str(error)))
    window.page.goto(address)
    try:
        yield window
    finally:
        context.close()
