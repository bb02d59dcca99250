"""Telephone numbers: one form for all spellings, and the rewrite of a trunk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telephone import Dialled, canonical, clean, country_of, rewrite


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+62 (21) 500-1234", Dialled("62215001234", True)),
        ("021.500.1234", Dialled("0215001234", False)),
        ("%2B6221", Dialled("6221", True)),
        ("++62", Dialled("62", True)),
        ("1500+busy", Dialled("1500", False, "+busy")),
        ("w,*1500#2", Dialled("1500", False, "#2")),
        ("alice", Dialled("", False, "alice")),
        ("", Dialled("", False)),
    ],
)
def test_a_text_becomes_what_a_network_would_dial(text: str, expected: Dialled) -> None:
    assert clean(text) == expected
    assert expected.plain == (not expected.rest)


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("12025550100", "1"),
        ("79161234567", "7"),
        ("62811", "62"),
        ("6591234567", "65"),
        ("85212345678", "852"),
        ("67012", "670"),
    ],
)
def test_country_codes_have_one_two_or_three_digits(digits: str, country: str) -> None:
    assert country_of(digits) == country


@pytest.mark.parametrize(
    ("number", "template", "dialled"),
    [
        ("+62215001234", "0{national}", "0215001234"),
        ("+6591234567", "001{digits}", "0016591234567"),
        ("+85212345678", "{national}", "12345678"),
        ("+62215001234", "{e164}", "+62215001234"),
        ("+62215001234", None, "+62215001234"),
        ("1500123", "0{national}", "1500123"),
    ],
)
def test_a_trunk_gets_numbers_in_its_own_form(number: str, template: str | None, dialled: str) -> None:
    assert rewrite(template, number) == dialled


@given(st.from_regex(r"\A(21|22|811|812|361)[1-9][0-9]{6,7}\Z"))
def test_every_spelling_of_an_indonesian_number_has_one_form(national: str) -> None:
    spellings = (
        f"+62{national}",
        f"0{national}",
        f"62{national}",
        f"0062{national}",
        f"+62(0){national}",
        f"+62-{national}",
    )
    assert {canonical(clean(spelling)) for spelling in spellings} == {f"+62{national}"}


@given(st.from_regex(r"\A\+[1-9][0-9]{7,13}\Z"))
def test_the_canonical_form_of_a_canonical_form_is_itself(number: str) -> None:
    once = canonical(clean(number))
    assert canonical(clean(once)) == once


@given(st.from_regex(r"\A\+[1-9][0-9]{7,13}\Z"))
def test_a_rewrite_loses_no_digit(number: str) -> None:
    digits = number[1:]
    assert country_of(digits) + rewrite("{national}", number) == digits
