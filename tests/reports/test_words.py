"""Whatever may stand on a report has its word in both languages, and no word waits for a use."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from probe.words import LANGUAGES, Language, word
from reports.cells import COLUMNS, FACTS
from reports.daily import CHANGES
from reports.printed import COUNTS, RULES, SHARES, TIMES
from storage.figures import APART

ROOT = Path(__file__).resolve().parents[2]
NEEDED = [
    *(f"verdict.{v}" for v in Verdict),
    *(f"reason.{r}" for r in Reason),
    *(f"stage.{s}" for s in Stage),
    *(f"owner.{o}" for o in Owner),
    *(f"result.{j}" for j in Judged),
    *(f"trigger.{t}" for t in (*APART, "schedule")),
    *(f"change.{kind}" for kind in CHANGES),
    *(f"col.{key}" for key in (*(heading for heading, _ in COLUMNS), *FACTS)),
    *(f"report.rule_{rule}" for rule in RULES),
    *(key if "." in key else f"report.{key}" for key in (*COUNTS, *SHARES, *TIMES)),
    *(f"channel.{path.stem}" for path in (ROOT / "channels").glob("[a-z]*.py") if path.stem in ("sip", "manual")),
]
ZONE = {"zone": "WIB"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_a_report_may_say_can_be_said(language: Language) -> None:
    assert all(word(key, language, **ZONE) for key in NEEDED)


def test_no_word_of_the_reports_waits_for_a_use() -> None:
    words = tomllib.loads((ROOT / "probe" / "catalogue" / "report.toml").read_text("utf-8"))
    sources = [*(ROOT / "reports").rglob("*.*"), ROOT / "siaga" / "cli" / "report.py", ROOT / "siaga" / "reporting.py"]
    code = "\n".join(path.read_text("utf-8") for path in sources if path.suffix in (".py", ".html", ".css"))
    spoken = set(re.findall(r"[\"']([a-z_0-9.]+)[\"']", code)) | set(NEEDED)
    open_sections = ("channel", "action", "change")  # their words are asked for by what the record says
    unused = [
        f"{section}.{name}"
        for section, names in words.items()
        for name in names
        if section not in open_sections and not {f"{section}.{name}", name, name.partition("_")[2]} & spoken
    ]
    assert unused == []
