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
    answered_at: float
    messages: list[tuple[float, str]]
    times: list[float]
    payloads: list[bytes]
    truth: list[dict[str, Any]]
    ended_at: float

    def happened(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.truth if line["event"] == event]

    def at(self, event: str) -> float:
        return float(self.happened(event)[0]["mono"])

    @property
    def hung_up_on(self) -> bool:
        return any(text.startswith("BYE ") for _, text in self.messages)

    def audio(self, since: float = 0.0, until: float = 1e12) -> bytes:
        return b"".join(p[12:] for t, p in zip(self.times, self.payloads, strict=True) if since < t < until)

    def packets(self, since: float = 0.0, until: float = 1e12) -> int:
        return sum(since < t < until for t in self.times)

    def is_loud(self, since: float = 0.0, until: float = 1e12) -> bool:
        return bool(set(self.audio(since, until)) - {0xFF, 0x7F})


Act = Callable[[Caller], Awaitable[None]]


def press(*keys: str) -> Act:
    async def act(caller: Caller) -> None:
        for key in keys:
            await asyncio.sleep(0.4)
            await caller.press(key)

    return act


async def nothing(caller: Caller) -> None:
    pass


async def info(caller: Caller) -> None:
    await asyncio.sleep(0.4)
    caller.send(caller.request("INFO", "Signal=2\r\nDuration=160\r\n", "application/dtmf-relay"))


async def in_band(caller: Caller) -> None:
    await asyncio.sleep(0.4)
    await caller.sing((697, 1336), 0.1)


async def deaf(caller: Caller) -> None:
    await caller.press("1")
    await asyncio.sleep(2)
    await info(caller)


async def interrupt(caller: Caller) -> None:
    await press("1")(caller)
    await asyncio.sleep(5.6)
    await caller.sing((300, 500), 1.0)


async def visit(box: Running, user: str, hold_s: float, act: Act) -> Seen:
    caller = await Caller(box.target, "1500").open()
    loop = asyncio.get_running_loop()
    messages: list[tuple[float, str]] = []
    caller.send(caller.request("INVITE", caller.sdp(), user=user))
    try:
        answered_at, text = await caller.until(r"SIP/2\.0 [2-6]", 6.0)
        caller.learn(text)
        caller.send(caller.request("ACK"))
        if "200 OK" in text:
            await act(caller)
            await asyncio.sleep(max(0.0, answered_at + hold_s - loop.time()))
    except TimeoutError:
        answered_at, text = 0.0, ""
    ended_at = loop.time()
    while not caller.sip.got.empty():
        at, data = caller.sip.got.get_nowait()
        messages.append((at, data.decode("utf-8", "replace")))
    if "200 OK" in text:
        caller.send(caller.request("BYE"))
    caller.close()
    return Seen(text, answered_at, messages, caller.rtp.times, caller.rtp.payloads, box.truth(caller.call_id), ended_at)


SCENES: dict[str, tuple[str, float, Act]] = {
    **{name: (f"1500+{name}", 3.0, nothing) for name in (
        "busy", "not_found", "unavailable", "forbidden", "no_codec", "redirect", "no_answer", "ivr_silent", "no_rtp")},
    **{name: (f"1500+agent=3+{name}", 11.0, press("1")) for name in (
        "drop_in_menu", "wrong_menu", "drop_in_queue", "rtp_stops", "queue_without_music", "agent_silent")},
    "healthy": ("1500+agent=4", 13.5, press("1")),
    "early_media": ("1500+early_media", 1.0, nothing),
    "after_hours": ("1500+after_hours", 8.0, nothing),
    "closed number": ("1508", 8.0, nothing),
    "wrong_prompt": ("1500+wrong_prompt", 4.0, nothing),
    "unknown_prompt": ("1500+unknown_prompt", 7.0, nothing),
    "drop_in_ivr": ("1500+drop_in_ivr", 8.0, nothing),
    "dead_key": ("1500+dead_key", 8.0, press("1", "1")),
    "one_way_audio": ("1500+one_way_audio", 5.0, deaf),
    "endless_queue": ("1500+endless_queue", 13.0, press("1")),
    "slow_agent": ("1500+slow_agent", 14.5, press("1")),
    "voicemail": ("1500+agent=0.2+voicemail", 14.5, press("1")),
    "interrupted agent": ("1500+agent=0.5", 14.5, interrupt),
    "encoded": ("1500%2Bbusy", 2.0, nothing),
    "two faults": ("1500+early_media+after_hours", 1.0, nothing),
    "unknown fault": ("1500+nonsense", 2.0, nothing),
    "unknown number": ("1400", 2.0, nothing),
    "no key": ("1500", 14.3, nothing),
    "wrong key": ("1500", 6.0, press("9")),
    "key by info": ("1500", 9.5, info),
    "key in band": ("1500", 3.0, in_band),
    "information": ("1500", 9.5, press("2")),
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
    return call.audio().count(first_second(box.folder, name))


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
    assert 0.9 < call.answered_at - call.at("ringing") < 1.6
    assert 3.9 < call.at("agent_answered") - call.at("queue_enter") < 4.5


def test_the_agents_onset_is_the_first_packet_with_sound_after_the_music(seen: dict[str, Seen]) -> None:
    call = seen["healthy"]
    answered, onset = call.at("agent_answered"), call.at("agent_speech_onset")
    assert call.is_loud(answered - 1.0, answered)
    assert not call.is_loud(answered + 0.1, onset - 0.001)
    first = next(
        t for t, p in zip(call.times, call.payloads, strict=True) if t > answered + 0.1 and set(p[12:]) - {255}
    )
    assert -0.02 < first - onset < 0.25
    assert 0.25 < onset - answered < 0.6


def test_a_spoken_to_agent_stops_answers_and_hangs_up(seen: dict[str, Seen]) -> None:
    call = seen["interrupted agent"]
    assert call.happened("agent_speech_end")[0]["whole"] is False
    assert call.at("caller_speaks") < call.at("caller_paused") < call.at("agent_reply_onset")
    assert 2.8 < call.at("bye") - call.at("agent_reply_end") < 3.6
    assert call.hung_up_on


@pytest.mark.parametrize("name", ["after_hours", "closed number"])
def test_a_closed_centre_says_so_and_hangs_up(box: Running, seen: dict[str, Seen], name: str) -> None:
    assert heard(box, seen[name], "di-luar-jam") == 1
    assert heard(box, seen[name], "selamat-datang") == 0
    assert seen[name].hung_up_on


def test_early_media_sounds_before_the_answer(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["early_media"]
    assert call.is_loud(0, call.answered_at - 0.1)
    assert heard(box, call, "selamat-datang") == 1
    assert call.answered_at - call.at("ringing") > 3


def test_two_faults_may_be_asked_for_at_once(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["two faults"], "selamat-datang") == 1
    assert [line["name"] for line in seen["two faults"].happened("prompt_start")][1] == "di-luar-jam"


def test_a_silent_ivr_sends_packets_of_silence(seen: dict[str, Seen]) -> None:
    assert seen["ivr_silent"].packets() > 100
    assert not seen["ivr_silent"].is_loud()


def test_no_rtp_is_no_packet_at_all(seen: dict[str, Seen]) -> None:
    assert "200 OK" in seen["no_rtp"].status
    assert seen["no_rtp"].packets() == 0


def test_a_wrong_prompt_is_another_known_one(box: Running, seen: dict[str, Seen]) -> None:
    assert heard(box, seen["wrong_prompt"], "di-luar-jam") == 1
    assert heard(box, seen["wrong_prompt"], "selamat-datang") == 0
    assert not seen["wrong_prompt"].hung_up_on


def test_unknown_speech_stands_in_place_of_the_menu(box: Running, seen: dict[str, Seen]) -> None:
    call = seen["unknown_prompt"]
    assert heard(box, call, "selamat-datang") == 1
    assert heard(box, call, "menu-utama") == 0
    assert call.is_loud(call.ended_at - 1.0)


@pytest.mark.parametrize("name", ["drop_in_ivr", "drop_in_menu", "drop_in_queue"])
def test_a_dropped_call_ends_where_its_name_says(seen: dict[str, Seen], name: str) -> None:
    call = seen[name]
    assert call.hung_up_on
    assert bool(call.happened("key")) == (name != "drop_in_ivr")
    assert bool(call.happened("queue_enter")) == (name == "drop_in_queue")
    assert call.truth[-1]["event"] == "bye" or call.happened("bye")[0]["by"] == "centre"


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
    assert call.ended_at - call.at("queue_enter") > 7
    assert heard(box, call, "antrean") == 1
    assert call.is_loud(call.ended_at - 1.0)
    assert not call.happened("agent_answered")


def test_a_queue_without_music_is_quiet(seen: dict[str, Seen]) -> None:
    call = seen["queue_without_music"]
    assert not call.is_loud(call.at("queue_enter") + 0.1, call.at("agent_speech_onset") - 0.02)
    assert seen["endless_queue"].is_loud(seen["endless_queue"].at("queue_enter") + 0.1)


def test_rtp_stops_and_the_call_stays_up(seen: dict[str, Seen]) -> None:
    call = seen["rtp_stops"]
    stopped = call.at("rtp_stopped")
    assert call.packets(stopped - 1.0, stopped) > 25
    assert call.packets(stopped + 0.2) == 0
    assert call.ended_at - stopped > 1
    assert not call.hung_up_on


def test_a_slow_agent_takes_nine_seconds(seen: dict[str, Seen]) -> None:
    call = seen["slow_agent"]
    assert 8.9 < call.at("agent_answered") - call.at("queue_enter") < 9.6


def test_a_silent_agent_picks_up_and_says_nothing(seen: dict[str, Seen]) -> None:
    call = seen["agent_silent"]
    picked_up = call.at("agent_answered")
    assert call.ended_at - picked_up > 1
    assert call.packets(picked_up + 0.1) > 25
    assert not call.is_loud(picked_up + 0.1)


def test_a_voicemail_ends_with_a_beep_of_one_kilohertz(seen: dict[str, Seen]) -> None:
    call = seen["voicemail"]
    assert call.at("voicemail_end") - call.at("voicemail_start") > 6
    frame = next(p[12:] for t, p in zip(call.times, call.payloads, strict=True) if t > call.at("beep_start") + 0.2)
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
