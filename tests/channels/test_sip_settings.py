"""What a SIP target may look like: the guard, the configuration and the engine must read the same in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip_settings import MAX_URI, check_target, check_uri
from channels.voice.uri import parse_uri

GOOD = [
    "sip:1500@pbx.example", "sip:1500+busy@127.0.0.1:5070", "sip:[::1]:5060", "sips:alice@pbx.example",
    "sip:asterisk_1", "sip:+6221@h;transport=tls", "sip:a;b=c@h;user=phone;lr", "sip:1500@h;transport=TCP",
]  # fmt: skip
BAD = [
    "", "sip:", "sip:@h", "sip:a@", "1500@h", "http://h", "sip:a@h:0", "sip:a@h:65536", "sip:a@1.2.3", "sip:a@[::g]",
    "sip:a@h?Subject=x", "sip:a b@h", "sip:a@h\n", "sip:a@h\r\nX: y", "sip:<a@h>", "sip:1500", "sip:a@-h", "sip:a@h;",
    "sip:a@h;transport=sctp", "sip:a@h;transport=", "SIP:a@h", "sip:\uff11\uff11@h", "sip:a@h:\u0665060",
]  # fmt: skip


@pytest.mark.parametrize("uri", GOOD)
def test_uris_that_can_be_dialled(uri: str) -> None:
    assert check_uri(uri) is None
    assert check_target(uri, False) is None
    parse_uri(uri)


def test_a_uri_that_does_not_fit_into_a_call_is_refused() -> None:
    base = "sip:1500@pbx.example;x="
    assert check_target(base + "a" * (MAX_URI - len(base)), False) is None
    assert "at most 512" in (check_target(base + "a" * (MAX_URI - len(base) + 1), False) or "")


@pytest.mark.parametrize("uri", BAD)
def test_uris_that_cannot(uri: str) -> None:
    assert check_target(uri, True) is not None


@pytest.mark.parametrize(
    ("to", "trunk", "right"),
    [
        ("1500123", True, True),
        ("+62215001234", True, True),
        ("1", True, False),
        ("1500123", False, False),
        ("0811 123", True, False),
        ("alice", True, False),
        ("+", True, False),
        ("\uff11\uff15\uff10\uff10", True, False),
    ],
)
def test_numbers_need_a_trunk(to: str, trunk: bool, right: bool) -> None:
    assert (check_target(to, trunk) is None) == right


USERS = st.text("0123456789+abc;=%,*#-_.!~'()&$/?:@ ", max_size=12)
HOSTS = st.sampled_from(["h", "pbx.example", "127.0.0.1", "[::1]", "h_1", "300.1.1.1", "", "-"])
TAILS = st.text(":;=0123456789transportudp lr?[]", max_size=14)


@given(USERS, HOSTS, TAILS, st.sampled_from(["sip", "sips", "tel"]))
def test_what_is_allowed_here_reads_the_same_in_the_engine(user: str, host: str, tail: str, scheme: str) -> None:
    """Two readers that disagree are how a number slips past a guard."""
    uri = f"{scheme}:{user}@{host}{tail}"
    if check_uri(uri) is None:
        read = parse_uri(uri)
        assert read.user == user
        assert f"@{read.host}" in uri
        assert uri.endswith(read.rest)
