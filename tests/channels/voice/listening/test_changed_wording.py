"""What the ear makes of a changed wording, and what the player and the judge make of that: sound in, verdict out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from probe.drift import Change, changes
from probe.judge import judge
from probe.observation import Answered, Prompt
from probe.reasons import Reason, Verdict
from probe.walk import Walk
from tests.channels.voice.listening.hearing import listen
from tests.channels.voice.listening.voices import Call, Floats, say, silence
from tests.probe.lines import Timeline, rtp
from tests.probe.test_play import steps, walk

GREETING = say("Selamat datang di layanan pelanggan Nusantara.")
MENU_HEAD = say("Tekan satu untuk informasi tagihan, tekan dua untuk gangguan,")
MENU = np.concatenate([MENU_HEAD, say("atau tunggu untuk bicara dengan petugas kami.")])
WAIT = say("Mohon tunggu sebentar, panggilan Anda sedang kami sambungkan.")
BANK = PromptBank.of({"salam": GREETING, "menu": MENU, "tunggu": WAIT})
OTHER = say("Kantor kami pindah ke gedung baru di jalan Merdeka nomor lima belas.", "id+f3")
SCRIPT = steps(
    {"expect": "answer", "within": "5s"},
    {"expect": "prompt:salam", "within": "12s"},
    {"expect": "prompt:menu", "within": "20s"},
    {"press": "1"},
    {"expect": "prompt:tunggu", "within": "20s"},
)
STOOD = frozenset(step.text for step in SCRIPT)


def called(*sounds: Floats, noise_dbm0: float | None = -60.0) -> tuple[Walk, list[float]]:
    """Play the sounds one after the other as a far end would, 6 s after the last of the menu the answer to a key."""
    call = Call()
    call.add(silence(1.0))
    began = [call.add(sound, silence(0.4)) for sound in (*sounds, silence(5.6), WAIT)]
    call.add(silence(2.0))
    heard: Timeline = [(o.at, o) for o in listen(call.line(noise_dbm0), BANK)]
    return walk(SCRIPT, [(0.5, Answered(at=0.5)), *rtp(0.5), *heard], stood=STOOD)[0], began


def only(walked: Walk) -> Change:
    judged = judge(walked)
    assert (judged.verdict, judged.reason) == (Verdict.DEGRADED, Reason.PROMPT_CHANGED), judged
    [change] = changes(walked)
    return change


def test_the_usual_words_are_a_pass() -> None:
    walked, _ = called(GREETING, MENU)
    assert judge(walked).verdict is Verdict.PASS


@pytest.mark.parametrize("noise_dbm0", [None, -60.0, -45.0])
@pytest.mark.parametrize(("sounds", "name", "place"), [((OTHER, MENU), "salam", 0), ((GREETING, OTHER), "menu", 1)])
def test_other_words_are_found_from_their_first_to_their_last_sound(
    sounds: Sequence[Floats], name: str, place: int, noise_dbm0: float | None
) -> None:
    walked, began = called(*sounds, noise_dbm0=noise_dbm0)
    change = only(walked)
    assert change.name == name
    assert change.onset == pytest.approx(began[place], abs=0.12)
    end = began[place] + len(OTHER) / 8000
    assert end - 0.2 < change.until < end + 0.45  # up to the next prompt, where that follows closely


@pytest.mark.parametrize("end", ["tekan tiga untuk kartu yang hilang.", "silakan hubungi kantor cabang terdekat."])
def test_a_menu_with_another_end_is_changed_as_a_whole_even_if_that_begins_like_a_menu(end: str) -> None:
    changed = np.concatenate([MENU_HEAD, say(end)])
    walked, began = called(GREETING, changed)
    change = only(walked)
    assert change.name == "menu"
    assert change.onset == pytest.approx(began[1], abs=0.02)
    assert change.until == pytest.approx(began[1] + len(changed) / 8000, abs=0.2)


def test_new_words_in_front_of_a_known_prompt_leave_it_what_it_is() -> None:
    walked, _ = called(np.concatenate([OTHER, silence(0.5), GREETING]), MENU)
    assert judge(walked).verdict is Verdict.PASS


def test_the_menu_alone_is_a_wrong_prompt() -> None:
    walked, _ = called(MENU)
    assert judge(walked).reason is Reason.WRONG_PROMPT


def test_a_prompt_that_seemed_to_be_cut_short_by_another_is_told_once_it_is_known_by_what() -> None:
    def phases(*sounds: Floats) -> list[str]:
        call = Call()
        call.add(silence(1.0), *sounds, silence(2.0))
        return [o.phase for o in listen(call.line(), BANK) if isinstance(o, Prompt) and o.name == "menu"]

    assert phases(MENU_HEAD, WAIT) == ["candidate", "confirmed", "ended"]
    candidate_again = ["candidate", "diverged", "diverged"]
    assert phases(MENU_HEAD, say("tekan tiga untuk kartu yang hilang.")) == ["candidate", "confirmed", *candidate_again]
