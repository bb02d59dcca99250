"""What may be dialled: emergency and premium numbers never, the rest by the allow-list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.dialguard import EMERGENCY, Permit, Refusal, guard
from channels.dialling import DialSettings

EVERYTHING = DialSettings(
    allow=("+1*", "+2*", "+3*", "+4*", "+5*", "+6*", "+7*", "+8*", "+9*", *(f"{d}*" for d in range(10)))
)
"""An administrator who allows all that the pattern language can say."""
JAKARTA = DialSettings(allow=("+6221*", "0811*", "1500???"))


def trunk(to: str, dial: DialSettings = EVERYTHING, template: str | None = None) -> Permit | Refusal:
    return guard(to, dial, through_trunk=True, template=template)


def direct(to: str) -> Permit | Refusal:
    return guard(to, DialSettings(), through_trunk=False)


@pytest.mark.parametrize(
    "to", ["sip:1500@127.0.0.1:5070", "sip:1500+ivr_silent@127.0.0.1:5070", "sip:alice@pbx.example"]
)
def test_direct_sip_uris_need_no_allow_list(to: str) -> None:
    assert direct(to) == Permit(to, to)


@pytest.mark.parametrize("to", ["sip:[::1]:5070", "sip:1500+busy@[::1]:5070", "sips:1500@pbx.example;transport=tls"])
def test_addresses_of_all_kinds_pass(to: str) -> None:
    assert isinstance(direct(to), Permit)


SCRIPTS = {"ascii": 0x30, "arabic": 0x660, "devanagari": 0x966, "fullwidth": 0xFF10, "bold": 0x1D7CE}
"""First digit of several scripts."""


def written(digits: str, script: str) -> str:
    return "".join(chr(SCRIPTS[script] + int(digit)) for digit in digits)


EMERGENCY_SPELLINGS = [
    "112", "1 1 2", "1-1-2", "(112)", " 112 ", "+112", "+62112", "+62 112", "0062112", "062112", "62112",
    "+620112", "0112", "001-62-112", "00862112", "0101762112", "021110", "+6221110", "0251-119", "+1911", "+44999",
    "001911", "000", written("112", "fullwidth"), written("110", "arabic"), written("118", "bold"),
    "1\u00ad1\u200b2", "1\u2011 1\u20132", "\u2460\u2460\u2461", "112#", "112*", "112,,1", "112;ext=1", "w112",
    ",,112", "p112", "*112", "#112", "112x5", "112 ext 4", "%31%31%32", "%2531%2531%2532", "++112", "tel:112",
    "TEL:+62-112", "tel:112;phone-context=+62", "112\n", "\t112",
]  # fmt: skip


@pytest.mark.parametrize("to", EMERGENCY_SPELLINGS)
def test_an_emergency_number_is_refused_however_it_is_written(to: str) -> None:
    assert isinstance(trunk(to), Refusal)


@pytest.mark.parametrize("spelling", EMERGENCY_SPELLINGS)
def test_an_emergency_number_is_refused_in_a_sip_uri(spelling: str) -> None:
    for uri in (f"sip:{spelling}@pbx.example", f"sips:{spelling}@pbx.example;user=phone"):
        assert isinstance(direct(uri), Refusal)
        assert isinstance(trunk(uri), Refusal)


@pytest.mark.parametrize(
    "uri",
    [
        "sip:112+busy@pbx.example",
        "sip:1500;rn=112@pbx.example",
        "sip:1500;phone-context=+62;rn=+62-112@pbx.example",
        "sip:112%3Bnpdi@pbx.example",
        "SIP:112@pbx.example",
        "  sip:112@pbx.example",
        "sip:sos@pbx.example",
        "sip:sos.fire@pbx.example",
        "urn:service:sos",
        "urn:service:sos.ambulance",
    ],
)
def test_no_costume_hides_an_emergency_call(uri: str) -> None:
    assert isinstance(direct(uri), Refusal)


@pytest.mark.parametrize(
    "to",
    ["0809123456", "+62809123456", "0062809123456", "62809123456", "+620809123456", "0900 123 456", "+19005551234",
     "0019005551234", "+979112345678", "+870776123456", "+8816123456789", "+8823456", "+88312345", "00881612345678",
     "881612345678", "01017881612345678", "+449012345678", "+61190212345"],
)  # fmt: skip
def test_premium_and_satellite_numbers_are_refused_even_when_allowed(to: str) -> None:
    assert isinstance(trunk(to), Refusal)
    assert isinstance(direct(f"sip:{to.replace(' ', '')}@gateway.example"), Refusal)


@pytest.mark.parametrize(
    "to", ["0881234567890", "+628812345678", "0870123456", "+6287812345678", "08179991234", "1500911"]
)
def test_ordinary_numbers_that_resemble_them_are_not(to: str) -> None:
    assert isinstance(trunk(to), Permit)


@pytest.mark.parametrize(
    ("to", "canonical"),
    [
        ("+62215001234", "+62215001234"),
        ("021 500 1234", "+62215001234"),
        ("(021) 500-1234", "+62215001234"),
        ("+62 (0)21 5001234", "+62215001234"),
        ("0062215001234", "+62215001234"),
        ("62215001234", "+62215001234"),
        ("tel:+62-21-5001234", "+62215001234"),
        ("0811123456", "+62811123456"),
        ("1500123", "1500123"),
    ],
)
def test_the_allow_list_sees_one_form_of_a_number(to: str, canonical: str) -> None:
    assert trunk(to, JAKARTA) == Permit(canonical, canonical)


@pytest.mark.parametrize(
    "to", ["+62225001234", "15001234", "150012", "+1500123", "0812123456", "+6221500a", "+", "", "alice"]
)
def test_what_is_not_allowed_is_refused(to: str) -> None:
    assert isinstance(trunk(to, JAKARTA), Refusal)


def test_without_a_list_a_trunk_dials_nothing_and_says_what_to_do() -> None:
    refusal = trunk("+62215001234", DialSettings())
    assert refusal == Refusal(
        "+62215001234 is not in [dial] allow (nothing yet); add a pattern there if it may be dialled"
    )


def test_a_number_without_a_trunk_is_refused() -> None:
    assert guard("+62215001234", JAKARTA, through_trunk=False) == Refusal(
        "the number '+62215001234' needs a trunk; name one with --trunk, or dial a SIP URI"
    )


@pytest.mark.parametrize(
    ("template", "dialled"),
    [(None, "+62215001234"), ("0{national}", "0215001234"), ("{digits}", "62215001234"), ("9{e164}", "9+62215001234")],
)
def test_a_trunk_dials_the_number_in_its_own_form(template: str | None, dialled: str) -> None:
    assert trunk("+62215001234", JAKARTA, template) == Permit(dialled, "+62215001234")


def test_service_numbers_are_not_rewritten() -> None:
    assert trunk("1500123", JAKARTA, "0{national}") == Permit("1500123", "1500123")


@pytest.mark.parametrize(
    ("to", "template"), [("+1120", "{national}"), ("+6311200", "{national}"), ("+65809123456", "0{national}")]
)
def test_the_result_of_a_rewrite_is_looked_at_again(to: str, template: str) -> None:
    refused = [("+63112", "{national}"), ("+65809123456", "0{national}")]
    assert isinstance(trunk(to, EVERYTHING, template), Refusal if (to, template) in refused else Permit)


def test_a_mobile_number_that_looks_like_a_satellite_without_its_zero_may_be_rewritten() -> None:
    assert trunk("+628812345678", EVERYTHING, "{national}") == Permit("8812345678", "+628812345678")


@pytest.mark.parametrize("uri", ["sip:+62215001234@pbx.example", "sip:1500123@pbx.example:5080"])
def test_a_uri_through_a_trunk_is_measured_by_the_allow_list(uri: str) -> None:
    assert isinstance(trunk(uri, JAKARTA), Permit)
    assert isinstance(trunk(uri, DialSettings(allow=("+6231*",))), Refusal)


@pytest.mark.parametrize(
    "uri", ["sip:alice@pbx.example", "sip:1500123;isub=1@pbx.example", "sip:15%30%30123@pbx.example"]
)
def test_a_uri_through_a_trunk_holds_a_plain_number(uri: str) -> None:
    assert isinstance(trunk(uri, EVERYTHING), Refusal)


@pytest.mark.parametrize(
    "uri",
    ["sip:1500@pbx.example?Route=%3Csip:evil%3E", "sip:1500@pbx\r\nVia: x", "sip:u:secret@pbx.example",
     "sip:", "sip:a@b@c", "sip:1500@pbx.example:0", "sip:1500@300.1.1.1",
     "sip:<1500@pbx.example>", 'sip:1500"@pbx.example'],
)  # fmt: skip
def test_a_uri_that_carries_more_than_a_target_is_refused(uri: str) -> None:
    refusal = direct(uri)
    assert isinstance(refusal, Refusal)
    assert "secret" not in refusal.sentence.replace("literal secret", "")


DIRT = st.text(" -.()/~\u00ad\u200b\u2010\u2212\t", max_size=3)


@pytest.mark.parametrize("number", ["+620000", "+6200000", "+61000", "+610000", "+620110", "+6200112"])
def test_an_emergency_number_behind_zeros_is_refused(number: str) -> None:
    assert isinstance(direct(f"sip:{number}@pbx.example"), Refusal)
    assert isinstance(trunk(number, EVERYTHING), Refusal)


@given(
    number=st.sampled_from(sorted(EMERGENCY)),
    prefix=st.sampled_from(
        ["", "+", "+62", "0062", "62", "0", "+620", "00862", "+1", "+44", "021", "+6221", "w", "*", "tel:"]
    ),
    suffix=st.sampled_from(["", "#", "*", ",,,1", ";ext=2", "w1", " ext", "p99"]),
    dirt=st.lists(DIRT, min_size=12, max_size=12),
    script=st.sampled_from(sorted(SCRIPTS)),
    template=st.sampled_from([None, "0{national}", "{digits}", "{e164}"]),
    encode=st.booleans(),
)
def test_no_mixture_of_prefix_dirt_script_and_encoding_gets_an_emergency_number_through(
    number: str, prefix: str, suffix: str, dirt: list[str], script: str, template: str | None, *, encode: bool
) -> None:
    digits = "".join(written(c, script) + d for c, d in zip(number, dirt, strict=False))
    if encode:
        digits = "".join(f"%{byte:02X}" for byte in digits.encode())
    assert isinstance(trunk(f"{prefix}{digits}{suffix}", EVERYTHING, template), Refusal)
    assert isinstance(direct(f"sip:{prefix}{digits}{suffix}@pbx.example"), Refusal)


@given(st.text(max_size=40), st.booleans())
def test_any_text_gets_an_answer_and_a_permit_is_plain(text: str, through_trunk: bool) -> None:
    for to in (text, f"sip:{text}", f"sip:{text}@pbx.example", f"tel:{text}"):
        answer = guard(to, EVERYTHING, through_trunk=through_trunk, template="0{national}")
        if isinstance(answer, Permit):
            assert answer.dialled.isascii()
            assert not set(answer.dialled) & set(' \r\n\t<>"')


@given(st.from_regex(r"\A\+62(21|31|8[1-3])[0-9]{7,9}\Z"))
def test_a_number_is_dialled_as_the_guard_saw_it(number: str) -> None:
    answer = trunk(number, EVERYTHING, "0{national}")
    assert answer == Permit(f"0{number[3:]}", number)
