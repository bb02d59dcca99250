"""Session descriptions between the families."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.gate.sdp import Stream, led_over, stream_in

FAR = (
    "v=0\r\no=- 1 2 IN IP6 2001:DB8:0::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\n"
    "m=audio 30000 RTP/SAVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\na=candidate:1 1 UDP 1 2001:db8::9 30000 typ host\r\n"
    "a=sendrecv\r\n"
)


def test_the_audio_is_found_and_led_over_our_ports() -> None:
    assert stream_in(FAR) == Stream("2001:db8::9", 30000, 30001)
    assert led_over(FAR, "127.0.0.1", (40000, 40007), held=False) == (
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 40000 RTP/SAVP 0 101\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\na=sendrecv\r\na=rtcp:40007 IN IP4 127.0.0.1\r\n"
    )


def test_its_own_address_and_rtcp_port_win_over_those_of_the_session() -> None:
    own = FAR.replace("a=sendrecv", "c=IN IP6 2001:db8::5\r\na=rtcp:9000 IN IP6 2001:db8::5")
    assert stream_in(own) == Stream("2001:db8::5", 30000, 9000)
    told = led_over(own, "127.0.0.1", (1, 2), held=False)
    assert "2001" not in told
    assert told.count("a=rtcp:") == 1


@pytest.mark.parametrize("nobody", ["c=IN IP6 ::", "c=IN IP4 0.0.0.0"])
def test_hold_stays_hold(nobody: str) -> None:
    held = FAR.replace("c=IN IP6 2001:db8::9", nobody)
    assert stream_in(held) == Stream("", 30000, 30001)
    assert "c=IN IP4 0.0.0.0\r\n" in led_over(held, "127.0.0.1", (1, 2), held=True)
    assert "c=IN IP6 ::\r\n" in led_over(held, "::1", (1, 2), held=True)


def test_refused_audio_stays_refused_and_other_media_are_refused() -> None:
    video = FAR + "m=video 31000 RTP/AVP 96\r\nc=IN IP6 2001:db8::9\r\n"
    assert "m=video 0 RTP/AVP 96\r\n" in led_over(video, "127.0.0.1", (1, 2), held=False)
    refused = FAR.replace("m=audio 30000", "m=audio 0")
    assert stream_in(refused) is None
    assert "m=audio 0 " in led_over(refused, "127.0.0.1", None, held=False)


@pytest.mark.parametrize(
    "broken",
    [
        FAR.replace("c=IN IP6 2001:db8::9\r\n", ""),
        FAR.replace("c=IN IP6 2001:db8::9", "c=IN IP6 far.example"),
        FAR.replace("c=IN IP6 2001:db8::9", "c=IN IP6 ::1::2"),
        FAR.replace("m=audio 30000", "m=audio 99999"),
        FAR.replace("m=audio 30000", "m=audio 65535"),
        FAR + "a=x\r\n" * 500,
    ],
)
def test_a_description_without_a_usable_place_is_no_description(broken: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the gate drops it whatever the words
        stream_in(broken)


def test_a_line_that_could_hide_an_address_is_not_let_through() -> None:
    for line in ("o=- 1 2 IN IP6", "o=", "m=audio", "m=audio x RTP/AVP 0", "m=AUDIO 1 RTP/AVP 0"):
        with pytest.raises(ValueError):  # noqa: PT011
            led_over(f"{FAR}{line}\r\n", "127.0.0.1", (1, 2), held=False)


@given(
    st.lists(st.sampled_from([*FAR.split("\r\n"), "m=audio 0", "c=", "m=", "o=", "a=rtcp:x", "m=audio 1/2 X 0"])),
    st.text(),
)
def test_no_description_raises_anything_else(lines: list[str], garbage: str) -> None:
    for text in ("\r\n".join(lines), FAR + garbage, garbage):
        with contextlib.suppress(ValueError):
            stream_in(text)
        with contextlib.suppress(ValueError):
            led_over(text, "127.0.0.1", (1, 2), held=False)
