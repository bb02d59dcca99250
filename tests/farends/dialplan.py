"""The contact centre as an Asterisk dialplan: one number per thing that can go right or wrong.

Every number may be followed by more digits, which tell calls apart in the log of truth (``200017`` acts like ``2000``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

BUSY, CONGESTED, NEVER_ANSWERED, REDIRECTED, FORBIDDEN = "2100", "2103", "2104", "2105", "2106"
ABSENT_SUBSCRIBER, BROKEN_SERVER, UNKNOWN = "2107", "2108", "2404"
SILENT, NO_RTP, CLOSED, STRANGE, DROPPED_AT_ONCE = "2110", "2111", "2112", "2113", "2114"
LOOP, OTHER_MENU, STRANGE_MENU, DROPPED_IN_MENU, DEAD_KEY, GOOD_MENU = "2120", "2121", "2122", "2123", "2124", "2125"
CLIPPED, HEARS_ONLY, DEAD_AIR = "2126", "2127", "2136"
ENDLESS, DROPPED_IN_QUEUE, VOICEMAIL, RTP_STOPS, MUMBLE, AGENT_LEAVES = "2130", "2131", "2132", "2133", "2134", "2135"
LOCAL_AGENT, SIP_AGENT, SLOW_AGENT, EARLY_MEDIA, PATIENT_AGENT = "2000", "2001", "2002", "2003", "2004"
DIGITS, BOTH_WAYS, ECHO = "7000", "7001", "8000"
REDIRECT_TARGET = "2999"


class Dialplan:
    """Writes ``extensions.conf``. ``voices`` holds the clips, ``slow_s`` how long the slow agent lets it ring."""

    def __init__(self, voices: Path, agent_after_s: float = 2.0, slow_after_s: float = 7.0) -> None:
        self._voices = voices
        self._agent_after_s = agent_after_s
        self._slow_after_s = slow_after_s

    def prompt(self, name: str) -> str:
        """A clip the prober knows, as Playback() wants it."""
        return str(self._voices / "prompts" / name)

    def other(self, name: str) -> str:
        """A clip the prober does not know."""
        return str(self._voices / "others" / name)

    def text(self, redirect_to: str) -> str:
        """The whole file. ``redirect_to`` is the SIP URI a redirecting number points at."""
        lines = ["[general]", "static=yes", "writeprotect=yes", "", *self._log(), "[pusat]", "include => petugas"]
        for number, steps in self._numbers(redirect_to):
            lines += [f"exten => _{number}!,1,Set(__NOMOR=${{EXTEN}})", " same => n,Set(CALLERID(num)=${EXTEN})"]
            lines += [f" same => n,{step}" for step in steps]
            lines += [" same => n,Hangup()"]
        return "\n".join([*lines, "", *self._agents(), ""])

    def _log(self) -> list[str]:
        event = "UserEvent(Jejak,Apa: ${ARG1},Nomor: ${NOMOR},Saat: ${STRFTIME(,,%s.%6q)},Isi: ${ARG2})"
        return ["[jejak]", f"exten => s,1,{event}", " same => n,Return()", ""]

    def _numbers(self, redirect_to: str) -> Iterator[tuple[str, list[str]]]:
        yield from self._access(redirect_to)
        yield from self._ivr()
        yield from self._menu()
        yield from self._queue()
        yield DIGITS, ["Answer()", "Read(ANGKA,,255,,1,4)", _log("angka", "${ANGKA}")]
        both_ways = f"Read(ANGKA,{self.prompt('antrean')},255,,1,4)"
        yield (
            BOTH_WAYS,
            ["Answer()", both_ways, _log("angka", "${ANGKA}"), f"Playback({self.prompt('nomor-pelanggan')})"],
        )
        yield ECHO, ["Answer()", _log("jawab"), "Echo()"]

    def _access(self, redirect_to: str) -> Iterator[tuple[str, list[str]]]:
        yield BUSY, ["Busy(3)"]
        yield CONGESTED, ["Congestion(3)"]
        yield NEVER_ANSWERED, ["Ringing()", "Wait(120)"]
        yield REDIRECTED, [f"Transfer(PJSIP/{redirect_to})"]
        yield REDIRECT_TARGET, [_log("diikuti"), "Answer()", "Wait(5)"]
        yield FORBIDDEN, ["Hangup(21)"]
        yield ABSENT_SUBSCRIBER, ["Hangup(20)"]
        yield BROKEN_SERVER, ["Hangup(127)"]
        yield EARLY_MEDIA, ["Progress()", f"Playback({self.prompt('di-luar-jam')},noanswer)", "Busy(3)"]

    def _ivr(self) -> Iterator[tuple[str, list[str]]]:
        quiet = f"Playback({self.other('hening')})"
        yield SILENT, ["Answer()", quiet]
        yield NO_RTP, ["Answer()", "Wait(60)"]
        yield CLOSED, ["Answer()", f"Playback({self.prompt('di-luar-jam')})", quiet]
        yield STRANGE, ["Answer()", f"Playback({self.other('asing')})", quiet]
        yield DROPPED_AT_ONCE, ["Answer()", f"Playback({self.other('jeda')})"]

    def _menu(self) -> Iterator[tuple[str, list[str]]]:
        quiet = f"Playback({self.other('hening')})"
        yield LOOP, [*self.greeting(), "Goto(3)"]
        yield OTHER_MENU, [*self.greeting(), f"Playback({self.prompt('nomor-pelanggan')})", quiet]
        yield STRANGE_MENU, [*self.greeting(), f"Playback({self.other('asing')})", quiet]
        yield DROPPED_IN_MENU, [*self.greeting(), f"Playback({self.other('jeda')})"]
        yield DEAD_KEY, [*self.greeting(), quiet]
        # turned up by 18 dB, so that its loud sounds are cut off at the top
        yield CLIPPED, ["Answer()", "Set(VOLUME(TX)=8)", *self.greeting()[1:], quiet]
        # takes the key and sends nothing, as when what it sends is lost on the way
        yield HEARS_ONLY, ["Answer()", _log("jawab"), "Read(TOMBOL,,1,,1,12)", _log("tombol", "${TOMBOL}"), "Wait(60)"]
        yield GOOD_MENU, [*self.greeting(), f"Playback({self.prompt('menu-tagihan')})", quiet]

    def _queue(self) -> Iterator[tuple[str, list[str]]]:
        wait = f"Playback({self.prompt('antrean')})"
        for number, queue in (
            (LOCAL_AGENT, "lokal"), (SIP_AGENT, "sip"), (SLOW_AGENT, "lambat"), (ENDLESS, "kosong"),
            (VOICEMAIL, "suara"), (MUMBLE, "gumam"), (AGENT_LEAVES, "pergi"), (PATIENT_AGENT, "sabar"),
        ):  # fmt: skip
            yield number, [*self.greeting(), wait, f"Queue({queue})"]
        yield DROPPED_IN_QUEUE, [*self.greeting(), wait, "Queue(kosong,,,,4)"]
        yield RTP_STOPS, [*self.greeting(), wait, "Wait(60)"]
        yield DEAD_AIR, [*self.greeting(), wait, f"Playback({self.other('hening')})"]

    def greeting(self) -> list[str]:
        """Answer, welcome, and wait for one key; both instants go to the log."""
        read = f"Read(TOMBOL,{self.prompt('selamat-datang')},1,,1,12)"
        return ["Answer()", _log("jawab"), read, _log("tombol", "${TOMBOL}")]

    def _agents(self) -> list[str]:
        speak = [_log("agen"), f"Playback({self.other('agen')})"]
        listen = [
            "WaitForNoise(300,1,8)", "WaitForSilence(500,1,12)", f"Playback({self.other('agen-balas')})",
            f"Playback({self.other('hening')})",
        ]  # fmt: skip
        message = [f"Playback({self.other('kotak-suara')})", f"Playback({self.other('bip')})"]
        behaviours = {
            "agen": (self._agent_after_s, [*speak, *listen]),
            "lambat": (self._slow_after_s, [*speak, *listen]),
            "sabar": (355.0, [*speak, *listen]),
            "gumam": (1.0, speak),
            "suara": (1.0, [_log("agen"), *message, f"Playback({self.other('hening')})"]),
            "pergi": (1.0, [*speak, *[f"Playback({self.other('jeda')})"] * 14]),
        }
        lines = ["[petugas]"]
        for name, (after_s, steps) in behaviours.items():
            lines += [f'exten => {name},1,Set(NOMOR=${{IF($["${{NOMOR}}" != ""]?${{NOMOR}}:${{CALLERID(num)}})}})']
            lines += [
                f" same => n,{step}" for step in ("Ringing()", f"Wait({after_s})", "Answer()", *steps, "Hangup()")
            ]
        return [*lines, "exten => kosong,1,Ringing()", " same => n,Wait(600)"]


def _log(what: str, content: str = "") -> str:
    return f"Gosub(jejak,s,1({what},{content}))"
