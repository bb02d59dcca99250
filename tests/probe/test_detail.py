"""What was seen is told in words that every file and terminal can take."""

from __future__ import annotations

import json

import pytest

from probe.detail import NOTHING, cause, detail
from probe.words import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("phrase", ["Busy \udcff\udcfe", "Busy \x1b[31m", "Busy\r\nX: y", "Busy \u202e"])
def test_what_a_far_end_wrote_is_made_printable(phrase: str, language: Language) -> None:
    for said in (cause(phrase).say(language), detail("dropped_after", name="menu", cause=phrase).say(language)):
        assert "Busy" in said
        assert said.isprintable()
        assert json.dumps(said, ensure_ascii=False).encode()


def test_a_detail_without_a_key_says_nothing() -> None:
    assert NOTHING.say("id") == ""
    assert cause("").say("en") == ""
