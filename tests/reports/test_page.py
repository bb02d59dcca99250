"""The page says what the workbook says, loads nothing, and lets nobody's words become its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from probe.words import Language
from reports.daily import daily
from reports.material import Material
from reports.page import css_string, page
from reports.printed import printed
from reports.values import DailyReport, KnownProbe, Letterhead
from reports.wording import DASH
from tests.reports import golden

HOSTILE = "</style><script>alert('x')</script>\"; } body { display: none"


class Reader(HTMLParser):
    """Elements with their attributes, and the text of each cell of the table of tests."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tests: list[list[str]] = []
        self.headings: list[str] = []
        self.text = ""
        self._inside = False
        self._cell: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "table":
            self._inside = found.get("class") == "tests"
        elif self._inside and tag == "tr":
            self.tests.append([])
        elif self._inside and tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if self._cell is not None and tag in ("td", "th"):
            said = " ".join(self._cell)
            (self.headings if tag == "th" else self.tests[-1]).append(said)
            self._cell = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell is not None and data.strip():
            self._cell.append(data.strip())


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_has_the_same_rows_and_words_as_the_workbook(report: DailyReport, language: Language) -> None:
    said = printed(report, language)
    read = Reader(page(said))
    assert read.headings == [heading for heading, _ in said.columns]
    rows = [row for row in read.tests if row]
    assert [len(row) for row in rows] == [16] * len(said.lines)
    for row, line in zip(rows, said.lines, strict=True):
        told = {fact: cell.text for fact, cell in line.cells.items()}
        assert row[0] == told["no"]
        assert row[3] == f"{told['service']} {told['channel']}"
        assert row[7:10] == [told["accessibility"], told["t_greeting"], told["availability"]]
        assert row[12] == told["issue"]
        assert told["remark"] == DASH or told["remark"] in row[15]
        assert row[15].endswith(told["run"])
        assert all(row)
    for text in (*said.rules, *said.footer, *said.carried, *said.windows):
        assert text in read.text


def test_nothing_is_loaded_and_nothing_runs(report: DailyReport) -> None:
    text = page(printed(report, "id"))
    read = Reader(text)
    assert not {tag for tag, _ in read.elements} & {"script", "link", "iframe", "object", "a", "form", "base"}
    addresses = [v for _, attrs in read.elements for k, v in attrs.items() if k in ("src", "href", "action")]
    assert addresses == []
    assert not any(k.startswith("on") for _, attrs in read.elements for k in attrs)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in text


def test_what_others_wrote_stays_text(material: Material) -> None:
    head = Letterhead(centre=HOSTILE, title=HOSTILE, document_code=HOSTILE)
    tested = {**golden.asked().tested, "ivr-malam": KnownProbe(target=HOSTILE, every_s=3600, pic=HOSTILE)}
    text = page(printed(daily(golden.asked(head=head, tested=tested), material), "id"))
    read = Reader(text)
    assert "script" not in {tag for tag, _ in read.elements}
    assert HOSTILE in read.text
    assert text.count("<style>") == text.count("</style>") == 1


def test_a_text_in_a_style_sheet_is_letters_and_numbers_of_letters() -> None:
    assert re.fullmatch(r'"(?:[A-Za-z0-9]|\\[0-9A-F]+ )*"', str(css_string(HOSTILE)))
    assert str(css_string("a é")) == '"a\\20 \\E9 "'


def test_the_pages_are_counted_when_they_are_printed(report: DailyReport) -> None:
    assert '"Halaman\\20 " counter(page) "\\20 dari\\20 " counter(pages) ""' in page(printed(report, "id"))


def test_each_group_has_its_day_as_a_strip(report: DailyReport) -> None:
    read = Reader(page(printed(report, "id")))
    labels = [attrs["aria-label"] for tag, attrs in read.elements if tag == "svg"]
    assert labels == [" · ".join(line.name) for line in printed(report, "id").groups if line.group]
    marks = [attrs["class"] for tag, attrs in read.elements if tag == "rect"]
    assert len(marks) == len(report.rows)


def test_a_logo_is_inside_and_one_that_is_gone_is_no_trouble(material: Material, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    for expected in (0, 1):
        head = Letterhead(centre="Pusat", logo=logo)
        text = page(printed(daily(golden.asked(head=head), material), "id"))
        assert text.count('src="data:image/png;base64,') == expected
        logo.write_bytes(b"\x89PNG")
