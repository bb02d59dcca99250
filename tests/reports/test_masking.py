"""Our numbers on paper, and addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.masking import bare, masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+628111234321", "0811••••321"),
        ("08111234321", "0811••••321"),
        ("sip:+628111234321@sbc.example;user=phone", "0811••••321@sbc.example"),
        ("@akun_uji_nusantara", "@akun••••ara"),
        ("uji@pelanggan.example", "u••••@pelanggan.example"),
        ("siagauji", "si••••i"),
        ("1500", "1••••"),
        ("+14155550123", "+141••••123"),
    ],
)
def test_the_middle_of_our_number_is_hidden(address: str, shown: str) -> None:
    assert masked(address) == shown


@given(st.from_regex(r"\+?[0-9]{4,15}", fullmatch=True))
def test_at_least_three_digits_of_any_number_are_gone(number: str) -> None:
    digits = [c for c in masked(number) if c.isdigit()]
    assert len(digits) <= max(7, len(number) - 3)
    assert "••••" in masked(number)


def test_an_address_is_written_without_its_scheme() -> None:
    assert bare("sip:1500@pbx.example;transport=tls") == "1500@pbx.example"
    assert bare("https://chat.example/;x") == "https://chat.example/;x"
    assert bare("+622150001500") == "+622150001500"
