"""Every scenario shows on the wire. All calls are made at once, then each is looked at."""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.faults import FAULTS
from tests.lab.caller import Caller, ulaw
from tests.lab.conftest import Running


@dataclass(frozen=True)
class Seen:
    """What one caller saw and what the box says was true."""

    status: str
    messages: list[str]
    datagrams: list[bytes]
    truth: list[dict[str, Any]]

    def happened(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.truth if line["event"] == event]

    def at(self, event: str) -> float:
        return float(self.happened(event)[0]["mono"])

    @property
    def hung_up_on(self) -> bool:
        return any(text.startswith("BYE ") for text in self.messages)

    def seq(self, event: str) -> int:
        """The number of the last packet sent before the event, or of the first of a clip."""
        return int(self.happened(event)[0]["seq"])

    def packets(self, first: int = 0, last: int = 1 << 16) -> list[bytes]:
        """Payloads of the packets numbered so, both included."""
        return [data[12:] for data in self.datagrams if first <= int.from_bytes(data[2:4], "big") <= last]

    def is_loud(self, first: int = 0, last: int = 1 << 16) -> bool:
        return bool(set(b"".join(self.packets(first, last))) - {0xFF, 0x7F})


Act = Callable[[Caller, Running], Awaitable[None]]


def press(*keys: str) -> Act:
    async def act(caller: Caller, _: Running) -> None:
        for key in keys:
            await caller.hears(20)
            await caller.press(key)

    return act


async def nothing(_: Caller, __: Running) -> None:
    pass


async def info(caller: Caller, _: Running) -> None:
    await caller.hears(30)
    caller.send(caller.request("INFO", "Signal=2\r\nDuration=160\r\n", "application/dtmf-relay"))


async def in_band(caller: Caller, _: Running) -> None:
    await caller.hears(20)
    await caller.sing((697, 1336), 0.1)


async def deaf(caller: Caller, box: Running) -> None:
    await caller.press("1")
    await info(caller, box)


async def interrupt(caller: Caller, box: Running) -> None:
    await press("1")(caller, box)
    await box.happened(caller.call_id, "agent_speech_onset")
    await caller.sing((300, 500), 1.0)


async def visit(box: Running, user: str, until: str, linger_s: float, act: Act) -> Seen:
    caller = await Caller(box.target, "1500").open()
    status = ""
    try:
        await caller.invite(user)
        if until != "ringing":
            _, status = await caller.until(r"SIP/2\.0 [2-6]", 60.0)
            caller.learn(status)
            caller.send(caller.request("ACK"))
        if "200 OK" in status:
            await act(caller, box)
        event, _, times = until.partition("*")
        await box.happened(caller.call_id, event, int(times or 1))
        await asyncio.sleep(linger_s)
        messages = [data.decode("utf-8", "replace") for _, data in caller.sip.taken()]
        return Seen(status, messages, list(caller.rtp.payloads), list(box.truth(caller.call_id)))
    finally:
        caller.send(caller.request("BYE" if status else "CANCEL"))
        caller.close()


SCENES: dict[str, tuple[str, str, float, Act]] = {
    **{name: (f"1500+{name}", "refused", 0.0, nothing) for name in (
        "busy", "not_found", "unavailable", "forbidden", "no_codec", "redirect")},
    "encoded": ("1500%2Bbusy", "refused", 0.0, nothing),
    "unknown fault": ("1500+nonsense", "refused", 0.0, nothing),
    "unknown number": ("1400", "refused", 0.0, nothing),
    "no_answer": ("1500+no_answer", "ringing", 2.0, nothing),
    "ivr_silent": ("1500+ivr_silent", "answered", 2.0, nothing),
    "no_rtp": ("1500+no_rtp", "answered", 2.0, nothing),
    "early_media": ("1500+early_media", "answered", 0.1, nothing),
    "two faults": ("1500+early_media+after_hours", "prompt_start*2", 0.0, nothing),
    "after_hours": ("1500+after_hours", "bye", 0.2, nothing),
    "closed number": ("1508", "bye", 0.2, nothing),
    "wrong_prompt": ("1500+wrong_prompt", "prompt_end", 1.0, nothing),
    "unknown_prompt": ("1500+unknown_prompt", "prompt_start*2", 1.5, nothing),
    "drop_in_ivr": ("1500+drop_in_ivr", "bye", 0.2, nothing),
    "drop_in_menu": ("1500+drop_in_menu", "bye", 0.2, press("1")),
    "drop_in_queue": ("1500+agent=1+drop_in_queue", "bye", 0.2, press("1")),
    "dead_key": ("1500+dead_key", "key_ignored*2", 1.0, press("1", "1")),
    "wrong_menu": ("1500+wrong_menu", "prompt_end*2", 1.0, press("1")),
    "one_way_audio": ("1500+one_way_audio", "prompt_start*2", 0.2, deaf),
    "endless_queue": ("1500+agent=1+endless_queue", "announcement_end", 1.0, press("1")),
    "queue_without_music": ("1500+agent=2+queue_without_music", "agent_speech_onset", 0.2, press("1")),
    "rtp_stops": ("1500+agent=1+rtp_stops", "rtp_stopped", 1.5, press("1")),
    "slow_agent": ("1500+slow_agent", "agent_answered", 0.0, press("1")),
    "agent_silent": ("1500+agent=1+agent_silent", "agent_answered", 1.5, press("1")),
    "voicemail": ("1500+agent=0.2+voicemail", "beep_end", 0.2, press("1")),
    "healthy": ("1500+agent=4", "agent_speech_end", 0.2, press("1")),
    "interrupted agent": ("1500+agent=0.5", "bye", 0.2, interrupt),
    "no key": ("1500", "prompt_start*3", 0.0, nothing),
    "wrong key": ("1500", "prompt_start*3", 1.5, press("9")),
    "key by info": ("1500", "bye", 0.2, info),
    "key in band": ("1500", "key", 0.0, in_band),
    "information": ("1500", "bye", 0.2, press("2")),
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(box: Running) -> dict[str, Seen]:
    async def all_at_once() -> dict[str, Seen]:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(visit(box, *scene)) for name, scene in SCENES.items()}
        return {name: task.result() for name, task in tasks.items()}

    return asyncio.run(all_at_once())


@cache
def first_second(folder: Path, name: str) -> bytes:
    with wave.open(str(folder / "prompts" / f"{name}.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(file.readframes(8000), np.int16)
    return bytes(ulaw(float(sample)) for sample in samples)


def heard(box: Running, call: Seen, name: str) -> int:
    return b"".join(call.packets()).count(first_second(box.folder, name))


@pytest.mark.parametrize(
    ("name", "code"),
    [("busy", 486), ("not_found", 404), ("unavailable", 503), ("forbidden", 403), ("no_codec", 488), ("redirect", 302),
     ("encoded", 486), ("unknown fault", 404), ("unknown number", 404)],
)  # fmt: skip
def test_a_refusal_carries_its_code(seen: dict[str, Seen], name: str, code: int) -> None:
    assert seen[name].status.startswith(f"SIP/2.0 {code} ")


def test_a_diversion_names_another_number_of_the_box_itself(box: Running, seen: dict[str, Seen]) -> None:
    assert f"Contact: <sip:1599@127.0.0.1:{box.port}>" in seen["redirect"].status


def test_a_call_nobody_answers_rings_only(seen: dict[str, Seen]) -> None:
    assert seen["no_answer"].status == ""
    assert [line["event"] for line in seen["no_answer"].truth] == ["invite", "ringing"]


def test_a_healthy_call_reaches_an_agent_in_order(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["healthy"]
    assert [line["event"] for line in call.truth] == [
        "invite", "ringing", "answered", "ack", "prompt_start", "key", "prompt_end", "prompt_start", "prompt_end",
        "queue_enter", "agent_answered", "agent_speech_onset", "agent_speech_end",
    ]  # fmt: skip
    assert heard(box, call, "mohon-tunggu") == 1
    assert call.at("answered") - call.at("ringing") > 0.9
    assert call.at("agent_answered") - call.at("queue_enter") > 3.9


def test_the_agents_onset_is_the_first_packet_with_sound_after_the_music(seen: dict[str, Seen]) -> None:
    call = seen["healthy"]
    answered, onset = call.seq("agent_answered"), call.seq("agent_speech_onset")
    assert call.is_loud(answered - 50, answered)
    assert not call.is_loud(answered + 1, onset - 1)
    assert call.is_loud(onset, onset)
    assert 10 <= onset - answered <= 20


def test_a_spoken_to_agent_stops_answers_and_hangs_up(seen: dict[str, Seen]) -> None:
    call = seen["interrupted agent"]
    assert call.happened("agent_speech_end")[0]["whole"] is False
    assert call.at("caller_speaks") < call.at("caller_paused") < call.at("agent_reply_onset")
    assert call.at("bye") - call.at("agent_reply_end") > 2.8
    assert call.is_loud(call.seq("agent_reply_onset"), call.seq("agent_reply_onset"))
    assert call.hung_up_on


@pytest.mark.parametrize("name", ["after_hours", "closed number"])
def test_a_closed_centre_says_so_and_hangs_up(box: Running, seen: dict[str, Seen], name: str) -> None:
    assert heard(box, seen[name], "di-luar-jam") == 1
    assert heard(box, seen[name], "selamat-datang") == 0
    assert seen[name].hung_up_on


def test_early_media_sounds_before_the_answer(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["early_media"]
    assert call.is_loud(0, call.seq("answered"))
    assert heard(box, call, "selamat-datang") == 1
    assert call.at("answered") > call.at("prompt_end") > call.at("early_media") + 3


def test_two_faults_may_be_asked_for_at_once(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["two faults"], "selamat-datang") == 1
    assert [line["name"] for line in seen["two faults"].happened("prompt_start")][1] == "di-luar-jam"


def test_a_silent_ivr_sends_packets_of_silence(seen: dict[str, Seen]) -> None:
    assert len(seen["ivr_silent"].packets()) > 25
    assert not seen["ivr_silent"].is_loud()


def test_no_rtp_is_no_packet_at_all(seen: dict[str, Seen]) -> None:
    assert "200 OK" in seen["no_rtp"].status
    assert seen["no_rtp"].packets() == []


def test_a_wrong_prompt_is_another_known_one(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["wrong_prompt"], "di-luar-jam") == 1
    assert heard(box, seen["wrong_prompt"], "selamat-datang") == 0
    assert not seen["wrong_prompt"].hung_up_on


def test_unknown_speech_stands_in_place_of_the_menu(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["unknown_prompt"]
    assert heard(box, call, "selamat-datang") == 1
    assert heard(box, call, "menu-utama") == 0
    assert call.is_loud(int(call.happened("prompt_start")[1]["seq"]))


@pytest.mark.parametrize("name", ["drop_in_ivr", "drop_in_menu", "drop_in_queue"])
def test_a_dropped_call_ends_where_its_name_says(seen: dict[str, Seen], name: str) -> None:
    call = seen[name]
    assert call.hung_up_on
    assert bool(call.happened("key")) == (name != "drop_in_ivr")
    assert bool(call.happened("queue_enter")) == (name == "drop_in_queue")
    assert call.happened("bye")[0]["by"] == "centre"


def test_a_dead_key_brings_the_same_menu_again(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["dead_key"], "menu-utama") == 1
    assert len(seen["dead_key"].happened("key_ignored")) == 2
    assert not seen["dead_key"].happened("queue_enter")


def test_a_wrong_menu_plays_another_known_prompt_after_the_key(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["wrong_menu"], "informasi") == 1
    assert not seen["wrong_menu"].hung_up_on


def test_one_way_audio_loses_keys_in_rtp_but_not_in_signalling(seen: dict[str, Seen]) -> None:
    assert [line["mode"] for line in seen["one_way_audio"].happened("key")] == ["info"]


def test_no_agent_ever_comes_in_an_endless_queue(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["endless_queue"]
    assert heard(box, call, "antrean") == 1
    assert call.is_loud(call.seq("announcement_end") + 2)
    assert not call.happened("agent_answered")


def test_a_queue_without_music_is_quiet(seen: dict[str, Seen]) -> None:
    call = seen["queue_without_music"]
    assert not call.is_loud(call.seq("queue_enter") + 1, call.seq("agent_speech_onset") - 1)
    music = seen["endless_queue"]
    assert music.is_loud(music.seq("queue_enter") + 1, music.seq("announcement_start") - 1)


def test_rtp_stops_and_the_call_stays_up(seen: dict[str, Seen]) -> None:
    call = seen["rtp_stops"]
    stopped = call.seq("rtp_stopped")
    assert call.is_loud(stopped - 10, stopped)
    assert call.packets(stopped + 1) == []
    assert not call.hung_up_on


def test_a_slow_agent_takes_nine_seconds(seen: dict[str, Seen]) -> None:
    call = seen["slow_agent"]
    assert call.at("agent_answered") - call.at("queue_enter") > 8.9


def test_a_silent_agent_picks_up_and_says_nothing(seen: dict[str, Seen]) -> None:
    call = seen["agent_silent"]
    picked_up = call.seq("agent_answered")
    assert len(call.packets(picked_up + 1)) > 25
    assert not call.is_loud(picked_up + 1)


def test_a_voicemail_ends_with_a_beep_of_one_kilohertz(seen: dict[str, Seen]) -> None:
    call = seen["voicemail"]
    assert call.at("voicemail_end") - call.at("voicemail_start") > 6
    frame = call.packets(call.seq("beep_start") + 5)[0]
    signs = np.array([1 if byte & 0x80 else -1 for byte in frame])
    assert int(np.argmax(np.abs(np.fft.rfft(signs)))) * 50 == 1000


def test_a_caller_without_a_key_hears_the_menu_again(seen: dict[str, Seen]) -> None:
    prompts = [line["name"] for line in seen["no key"].happened("prompt_start")]
    assert prompts == ["selamat-datang", "menu-utama", "menu-utama"]


def test_a_wrong_key_is_told_and_the_menu_comes_again(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["wrong key"], "pilihan-salah") == 1
    assert heard(box, seen["wrong key"], "menu-utama") == 1


@pytest.mark.parametrize("name", ["key by info", "information"])
def test_key_two_gives_information_and_ends(box: Running, seen: dict[str, Seen], name: str) -> None:
    assert heard(box, seen[name], "informasi") == 1
    assert seen[name].hung_up_on


def test_a_key_in_the_voice_band_is_understood(seen: dict[str, Seen]) -> None:
    assert [(k["digit"], k["mode"]) for k in seen["key in band"].happened("key")] == [("2", "inband")]


def test_every_fault_has_its_scene() -> None:
    elsewhere = {"no_reply", "garbage"}  # tests/lab/test_box.py
    assert set(FAULTS) == elsewhere | set(SCENES) & set(FAULTS)
    assert all(re.fullmatch(r"[A-Z].*\.", sentence) for sentence in FAULTS.values())
