"""A page of HTML on paper: printed by Chromium, and looked at by poppler's programs."""

from __future__ import annotations

import collections
import re
import shutil
import subprocess
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

DOTS_PER_INCH = 110
EDGE_MM = 4.0
"""No ink may be nearer to the edge of the paper: printers would cut it."""
_WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">')
_UNSEEN = ("style", "script", "title", "head")


@dataclass(frozen=True)
class Paper:
    """What came out of the printer."""

    pages: int
    text: str
    outside: list[str]
    """Words beyond the edge of the paper."""
    at_edge: int
    """Dark points nearer to the edge than ``EDGE_MM``."""
    pictures: list[Path]


def printed(html: Path, folder: Path) -> Paper:
    """Print a file. Raises FileNotFoundError when a program is absent."""
    chromium = shutil.which("chromium")
    if chromium is None or shutil.which("pdftotext") is None:
        raise FileNotFoundError("chromium and poppler-utils are needed: apt install chromium poppler-utils")
    pdf = folder / f"{html.stem}.pdf"
    _run(
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", f"--user-data-dir={folder / 'chromium'}", "--no-pdf-header-footer",
        f"--print-to-pdf={pdf}", html.absolute().as_uri(),
    )  # fmt: skip
    text = _run("pdftotext", str(pdf), "-").decode()
    boxes = _run("pdftotext", "-bbox", str(pdf), "-").decode()
    _run("pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", str(pdf), str(folder / html.stem))
    _run("pdftoppm", "-r", str(DOTS_PER_INCH), "-png", str(pdf), str(folder / html.stem))
    grey = sorted(folder.glob(f"{html.stem}-*.pgm"))
    return Paper(
        pages=len(grey),
        text=text,
        outside=_outside(boxes),
        at_edge=sum(map(_at_edge, grey)),
        pictures=sorted(folder.glob(f"{html.stem}-*.png")),
    )


def _run(*command: str) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: exit {done.returncode}: {done.stderr[-1000:].decode('utf-8', 'replace')}")
    return done.stdout


def _outside(boxes: str) -> list[str]:
    found = []
    width = height = 0.0
    for line in boxes.splitlines():
        if page := _PAGE.search(line):
            width, height = float(page[1]), float(page[2])
        elif word := _WORD.search(line):
            left, top, right, bottom = (float(word[n]) for n in range(1, 5))
            if left < 0 or top < 0 or right > width or bottom > height:
                found.append(word[5])
    return found


def _at_edge(picture: Path) -> int:
    """A PGM of one byte per point: dark ones in the frame."""
    data = picture.read_bytes()
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data)
    assert head is not None, picture
    width, height, points = int(head[1]), int(head[2]), data[head.end() :]
    edge = round(EDGE_MM / 25.4 * DOTS_PER_INCH)
    rows = [points[row * width : (row + 1) * width] for row in range(height)]
    frame = [*rows[:edge], *rows[-edge:], *(row[:edge] + row[-edge:] for row in rows[edge:-edge])]
    return sum(point < 128 for row in frame for point in row)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - html.parser's
        self._hidden += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.said.append(data)


def said_by(html: str) -> str:
    """The text of a page."""
    parser = _Text()
    parser.feed(html)
    return " ".join(parser.said)


def missing(wanted: str, there: str) -> dict[str, int]:
    """Letters of a text that are not, or not as often, on the paper: wherever lines and words were broken."""
    lack = _letters(wanted) - _letters(there)
    return dict(lack)


def _letters(text: str) -> collections.Counter[str]:
    plain = unicodedata.normalize("NFKD", text)
    return collections.Counter(sign for sign in plain if sign.isalnum())
