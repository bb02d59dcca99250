from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.ear import Ear
from probe.observation import AgentPhase, HeardBefore, Observation
from tests.channels.voice.listening.hearing import Cue, agents, listen, phases
from tests.channels.voice.listening.voices import Call, at_level, cadence, music, noise, say, silence, tone

SUSPECTED, CONFIRMED, RETRACTED, MACHINE = AgentPhase
MAN, WOMAN = "id+m3", "id+f2"
GREETING = say("Selamat pagi, dengan Budi, ada yang bisa saya bantu?", MAN)
HALO = say("Halo?", WOMAN)
SIBUK = say("Semua petugas kami masih sibuk, mohon tetap menunggu.")
BANK = PromptBank.of({"sibuk": SIBUK, "tunggu": say("Mohon tunggu sebentar, Anda akan kami sambungkan.")})
UNKNOWN = "Terima kasih telah menunggu, panggilan Anda sangat penting bagi kami."

OTHER = "Anda berada pada antrean nomor tiga. Mohon tetap menunggu."
MENU = "Untuk informasi saldo, tekan satu. Untuk berbicara dengan petugas kami, tekan dua."


class Queue(Call):
    """A call in the queue: armed after the key, then music."""

    def __init__(self, music_s: float = 4.0) -> None:
        super().__init__()
        self.add(silence(0.5))
        self.arm_s = self.at
        if music_s:
            self.add(silence(0.3), music(music_s))

    def heard(self, *cues: Cue, noise_dbm0: float | None = -65.0) -> list[Observation]:
        return listen(self.line(noise_dbm0), BANK, arm_s=self.arm_s, cues=cues)


def one_confirmed(found: list[Observation], onset_s: float, within_s: float = 12.0) -> None:
    """Suspected within 2 s, confirmed within 12 s, sure enough, and both with the true onset."""
    assert phases(found) == [SUSPECTED, CONFIRMED]
    (suspected,), (confirmed,) = agents(found, SUSPECTED), agents(found, CONFIRMED)
    assert suspected.onset == confirmed.onset == pytest.approx(onset_s, abs=0.1)
    assert suspected.at - onset_s <= 2.0
    assert confirmed.at - onset_s <= within_s
    assert suspected.confidence < 0.8 <= confirmed.confidence
    assert len(confirmed.signs) >= 2


@pytest.mark.parametrize("gap_s", [0.0, 0.2, 1.0])
def test_an_agent_who_greets_after_music_and_waits_is_confirmed(gap_s: float) -> None:
    call = Queue()
    call.add(silence(gap_s))
    onset = call.add(GREETING, silence(5.0))
    one_confirmed(call.heard(), onset, within_s=8.0)


@pytest.mark.parametrize("voice", ["id", "id+f3", "id+m1", "ms+f2", "en-us+m7"])
def test_a_person_who_only_says_halo_and_waits_is_confirmed(voice: str) -> None:
    call = Queue()
    call.add(silence(0.3))
    onset = call.add(say("Halo?", voice), silence(5.0))
    one_confirmed(call.heard(), onset, within_s=4.0)


def test_a_person_who_says_halo_twice_is_one_agent() -> None:
    call = Queue()
    call.add(silence(0.3))
    onset = call.add(HALO, silence(1.7), HALO, silence(4.0))
    one_confirmed(call.heard(), onset, within_s=5.0)


def test_impatient_halos_less_than_a_wait_apart_are_confirmed_in_the_end() -> None:
    call = Queue()
    call.add(silence(0.3))
    onset = call.add(HALO, silence(1.0), HALO, silence(1.0), HALO, silence(4.0))
    one_confirmed(call.heard(), onset, within_s=8.0)


def test_an_agent_right_after_the_key_without_any_queue_is_confirmed() -> None:
    call = Queue(music_s=0)
    call.add(silence(1.0))
    onset = call.add(GREETING, silence(7.0))
    one_confirmed(call.heard(), onset)


def test_an_agent_after_ringback_is_confirmed() -> None:
    call = Queue(music_s=0)
    call.add(silence(0.5), cadence(1.0, 4.0, times=2), tone(0.4, 425.0), silence(0.4))
    onset = call.add(GREETING, silence(5.0))
    one_confirmed(call.heard(), onset)


def test_an_agent_after_a_known_announcement_is_confirmed() -> None:
    call = Queue()
    call.add(SIBUK, music(4.0), SIBUK, silence(0.4))
    onset = call.add(GREETING, silence(5.0))
    one_confirmed(call.heard(), onset)


@pytest.mark.parametrize("gap_s", [0.15, 0.6])
def test_an_agent_who_cuts_a_known_announcement_short_is_confirmed(gap_s: float) -> None:
    call = Queue()
    call.add(SIBUK[:12800], silence(gap_s))
    onset = call.add(GREETING, silence(6.0))
    found = call.heard()
    assert phases(found)[-2:] == [SUSPECTED, CONFIRMED]
    assert agents(found, CONFIRMED)[0].onset == pytest.approx(onset, abs=0.25)


def test_a_click_of_the_receiver_does_not_hide_the_person_or_move_the_onset() -> None:
    call = Queue()
    call.add(silence(0.4), noise(0.02, -10.0), silence(0.15))
    onset = call.add(HALO, silence(0.8), noise(0.02, -12.0), silence(4.0))
    one_confirmed(call.heard(), onset)


@pytest.mark.parametrize("level", [-55.0, -48.0])
def test_comfort_noise_on_the_line_is_waiting_all_the_same(level: float) -> None:
    call = Queue()
    call.add(silence(0.3))
    onset = call.add(GREETING, silence(6.0))
    one_confirmed(call.heard(noise_dbm0=level), onset)


@pytest.mark.parametrize("words", ["Halo?", "Selamat pagi, dengan Budi, ada yang bisa saya bantu?"])
def test_colleagues_talking_in_the_background_are_neither_a_turn_nor_music(words: str) -> None:
    others = ("Baik Bapak, saldo Anda satu juta.", "Silakan ditunggu ya Bu.", "Nomor kartu lima lima dua.")
    call = Queue()
    call.add(silence(0.3))
    greeting = np.concatenate([say(words, MAN), silence(7.0)])
    room = np.zeros(len(greeting), dtype=np.float32)
    for place, voice in enumerate((WOMAN, "id+f3", "id+m1", "ms+f4")):
        chatter = np.concatenate([say(others[(place + k) % 3], voice) for k in range(8)])
        room += np.resize(np.roll(chatter, 4000 * place), len(room))
    onset = call.add(greeting + at_level(room, -48.0))
    one_confirmed(call.heard(), onset)


@pytest.mark.parametrize(("music_dbm0", "words_dbm0"), [(-34.0, -13.0), (-30.0, -12.0), (-18.0, -28.0)])
def test_soft_music_after_a_loud_announcement_is_still_music(music_dbm0: float, words_dbm0: float) -> None:
    call = Queue(music_s=0)
    for seed, words in enumerate((UNKNOWN, OTHER)):
        call.add(music(5.0, music_dbm0, seed), say(words, dbm0=words_dbm0), silence(0.6))
    call.add(music(5.0, music_dbm0))
    assert phases(call.heard()) == [SUSPECTED, RETRACTED] * 2


def test_comfort_noise_alone_is_nobody() -> None:
    call = Queue(music_s=0)
    call.add(silence(12.0))
    assert phases(call.heard(noise_dbm0=-50.0)) == []


def test_known_announcements_between_music_are_nobody() -> None:
    call = Queue()
    call.add(SIBUK, music(4.0), silence(0.3), SIBUK, silence(0.3), music(4.0))
    assert phases(call.heard()) == []


@pytest.mark.parametrize("gap_s", [0.0, 0.5, 1.4])
def test_an_unknown_announcement_between_music_is_retracted_when_music_resumes(gap_s: float) -> None:
    call = Queue()
    call.add(say(UNKNOWN), silence(gap_s), music(5.0), say(OTHER), silence(gap_s), music(5.0))
    assert phases(call.heard()) == [SUSPECTED, RETRACTED] * 2


@pytest.mark.parametrize("gap_s", [2.0, 2.7])
def test_music_that_takes_longer_to_resume_is_waited_for(gap_s: float) -> None:
    call = Queue()
    call.add(say(UNKNOWN), silence(gap_s), music(4.0))
    assert phases(call.heard()) == [SUSPECTED, RETRACTED]


def test_a_person_is_still_found_after_an_unknown_announcement() -> None:
    call = Queue()
    call.add(say(UNKNOWN), music(4.0), silence(0.3))
    onset = call.add(GREETING, silence(6.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED, SUSPECTED, CONFIRMED]
    assert agents(found, CONFIRMED)[0].onset == pytest.approx(onset, abs=0.1)


@pytest.mark.parametrize("music_s", [0.9, 1.2, 2.0])
@pytest.mark.parametrize("gap_s", [0.0, 0.3])
def test_a_person_who_follows_a_short_tune_after_an_announcement_is_not_thrown_away(
    music_s: float, gap_s: float
) -> None:
    """The tune is known for one only when the person speaks already."""
    call = Queue()
    announced = call.add(say(UNKNOWN), music(music_s), silence(gap_s))
    onset = call.add(GREETING, silence(7.0))
    found = call.heard()
    assert agents(found, CONFIRMED)[0].onset == pytest.approx(onset, abs=0.15)
    assert all(a.onset == pytest.approx(announced, abs=0.1) for a in agents(found, RETRACTED))


@pytest.mark.parametrize("music_s", [0.8, 1.2])
def test_an_announcement_a_short_tune_and_silence_is_nobody(music_s: float) -> None:
    call = Queue()
    call.add(say(UNKNOWN), music(music_s), silence(15.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED]
    assert agents(found, RETRACTED)[0].signs[0].sign == "music_resumed"


def test_the_menu_again_and_then_silence_is_nobody() -> None:
    """A dead key: the menu is cut short by the key and begins anew, and so once more."""
    call, menu = Call(), say(MENU)
    call.add(silence(0.5), say("Selamat datang."), silence(0.3))
    first = call.add(menu[: 3 * 8000])
    arm_s = call.at
    second = call.add(silence(0.3), menu, silence(8.0)) + 0.3
    third = call.add(menu, silence(12.0))
    found = listen(call.line(-60.0), arm_s=arm_s)
    assert CONFIRMED not in phases(found)
    again = [o for o in found if isinstance(o, HeardBefore)]
    assert any(o.onset == pytest.approx(second, abs=0.1) for o in again)
    assert any(o.onset == pytest.approx(third, abs=0.1) for o in again)
    assert all(
        o.onset - o.first_onset == pytest.approx(second - first, abs=0.01) for o in again if o.onset < third - 1.0
    )


def test_the_menu_that_never_heard_our_key_and_comes_again_is_nobody() -> None:
    call, menu = Call(), say(MENU)
    first = call.add(silence(0.5), menu) + 0.5
    call.add(silence(5.0), menu, silence(12.0))
    assert phases(listen(call.line(-60.0), arm_s=first + 3.2)) == []


def test_an_announcement_that_comes_again_is_nobody_and_takes_back_the_first() -> None:
    call = Queue(music_s=0)
    call.add(silence(5.0), say(UNKNOWN), silence(4.5), say(UNKNOWN), silence(12.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED]
    assert agents(found, RETRACTED)[0].signs[0].sign == "heard_before"


@pytest.mark.parametrize("gap_s", [0.5, 1.0])
def test_a_person_right_after_a_repeated_announcement_is_found(gap_s: float) -> None:
    call = Queue()
    call.add(say(UNKNOWN), music(4.0), say(UNKNOWN), silence(gap_s))
    onset = call.add(GREETING, silence(7.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED, SUSPECTED, CONFIRMED]
    assert agents(found, CONFIRMED)[0].onset == pytest.approx(onset, abs=0.1)


def test_in_a_silent_queue_the_person_is_found_and_not_the_announcements() -> None:
    call = Queue(music_s=0)
    call.add(silence(0.5), say(UNKNOWN), silence(2.2), say(OTHER), silence(1.5))
    onset = call.add(GREETING, silence(9.0))
    found = call.heard()
    (confirmed,) = agents(found, CONFIRMED)
    assert confirmed.onset == pytest.approx(onset, abs=0.1)
    assert confirmed.at - onset <= 12.0


@pytest.mark.parametrize("silence_s", [4.5, 5.5])
def test_silence_between_announcements_is_no_wait_of_a_person(silence_s: float) -> None:
    call = Queue(music_s=0)
    for words in (UNKNOWN, OTHER, "Tahukah Anda, saldo dapat diperiksa lewat aplikasi kami."):
        call.add(silence(0.5), say(words), silence(silence_s))
    assert CONFIRMED not in phases(call.heard())


@pytest.mark.parametrize("gap_s", [0.3, 1.5, 2.5])
def test_please_hold_and_then_ringback_is_nobody(gap_s: float) -> None:
    call = Queue(music_s=0)
    call.add(silence(0.4), say("Mohon ditunggu."), silence(gap_s), cadence(1.0, 4.0, times=3))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED]
    assert agents(found, RETRACTED)[0].signs[0].sign == "tone"


def test_the_tail_of_the_menu_is_nobody() -> None:
    call = Call()
    call.add(silence(0.5))
    began = call.add(say("Untuk mengulang menu ini tekan bintang. Untuk kembali tekan nol."), silence(5.0))
    assert phases(listen(call.line(), BANK, arm_s=began + 1.0)) == []


def test_a_monologue_is_retracted_after_6_s() -> None:
    call = Queue()
    text = "Nikmati promo terbaru kami. Dapatkan bunga ringan dan hadiah langsung untuk setiap pembukaan rekening baru"
    onset = call.add(say(text + ", berlaku sampai akhir tahun di semua cabang kami."), silence(3.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED]
    assert agents(found, RETRACTED)[0].at - onset == pytest.approx(6.1, abs=0.3)
    assert agents(found, RETRACTED)[0].signs[0].sign == "monologue"


def test_a_known_prompt_that_takes_over_retracts() -> None:
    call = Queue()
    call.add(say("Baik.", WOMAN), silence(1.0), SIBUK, music(3.0))
    assert phases(call.heard()) == [SUSPECTED, RETRACTED]


@pytest.mark.parametrize("pause_s", [0.3, 1.0])
def test_speech_beep_and_silence_is_a_machine(pause_s: float) -> None:
    call = Queue(music_s=0)
    call.add(cadence(1.0, 4.0, times=2))
    words = say("Anda terhubung dengan kotak suara. Silakan tinggalkan pesan setelah nada berikut ini.")
    call.add(words, silence(pause_s), tone(0.5, 1000.0), silence(5.0))
    found = call.heard()
    assert phases(found)[-1] is MACHINE
    assert CONFIRMED not in phases(found)


def test_a_long_greeting_before_the_beep_is_a_machine_all_the_same() -> None:
    call = Queue()
    call.add(silence(0.3))
    text = "Anda terhubung dengan kotak suara Budi. Saat ini saya tidak berada di meja kerja dan belum dapat menerima"
    greeting = say(text + " telepon, silakan tinggalkan nama dan pesan setelah nada berikut ini.")
    onset = call.add(greeting, tone(0.6, 1000.0), silence(4.0))
    found = call.heard()
    assert phases(found) == [SUSPECTED, RETRACTED, MACHINE]
    assert agents(found, MACHINE)[0].at - onset > 8.0


def test_music_after_a_beep_is_no_machine() -> None:
    call = Queue()
    call.add(SIBUK, say(UNKNOWN), silence(0.3), tone(0.4, 1000.0), silence(0.5), music(5.0))
    assert MACHINE not in phases(call.heard())


def test_busy_tone_after_speech_retracts() -> None:
    call = Queue()
    call.add(say("Semua saluran sedang sibuk."), silence(0.5), cadence(0.5, 0.5, times=6))
    found = phases(call.heard())
    assert found[:2] == [SUSPECTED, RETRACTED]
    assert CONFIRMED not in found


def test_an_answer_to_our_greeting_confirms_at_once() -> None:
    call = Queue()
    onset = call.add(HALO, silence(0.8))
    played = call.at
    call.add(silence(0.5), say("Ya, ada yang bisa dibantu?", WOMAN), silence(2.0))
    cue: Cue = (played, lambda ear: ear.we_sent("play", played, played + 0.5))
    found = call.heard(cue)
    one_confirmed(found, onset, within_s=3.0)
    assert "answered_greeting" in {s.sign for s in agents(found, CONFIRMED)[0].signs}


def test_a_re_invite_with_a_new_address_shortens_the_wait_but_proves_nothing_alone() -> None:
    call = Queue()
    call.add(silence(0.3))
    onset = call.add(GREETING, silence(6.0))
    plain = agents(call.heard(), CONFIRMED)[0].at
    moved: Cue = (onset - 0.1, lambda ear: ear.signalled("re-INVITE", "media address changed"))
    found = call.heard(moved)
    one_confirmed(found, onset)
    assert agents(found, CONFIRMED)[0].at < plain - 0.5
    quiet = Queue()
    quiet.add(music(4.0))
    assert phases(quiet.heard(moved)) == []


@pytest.mark.parametrize("method", ["UPDATE", "re-INVITE", "rtp_gap", "REFER"])
def test_no_signal_alone_is_a_person(method: str) -> None:
    call = Queue()
    call.add(silence(8.0))
    assert phases(call.heard((3.0, lambda ear: ear.signalled(method, "media address")))) == []


def test_a_key_pressed_by_the_agent_confirms() -> None:
    call = Queue()
    onset = call.add(GREETING, silence(3.0))
    key: Cue = (onset + 2.0, lambda ear: ear.signalled("DTMF", "1"))
    assert agents(call.heard(key), CONFIRMED)[0].at < onset + 2.3


def test_a_fax_that_takes_a_call_over_ends_the_agent_by_the_onset_it_was_told_with() -> None:
    call = Queue(music_s=0.0)
    onset = call.add(GREETING, silence(1.0), tone(3.0, 2100.0))
    key: Cue = (onset + 2.0, lambda ear: ear.signalled("DTMF", "1"))
    found = call.heard(key)
    assert phases(found) == [SUSPECTED, CONFIRMED, MACHINE]
    assert agents(found, MACHINE)[0].onset == agents(found, SUSPECTED)[0].onset


def test_arming_twice_does_not_move_the_barrier() -> None:
    call = Queue()
    onset = call.add(GREETING, silence(5.0))
    one_confirmed(call.heard((onset + 1.5, Ear.listen_for_agent)), onset)
