"""Several valid versions of a prompt: ``prompts.toml`` beside the recordings, and what of it is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soundfile

from channels.voice import ears
from channels.voice.ears import EarShop
from channels.voice.listening.bank import BankError, PromptBank
from channels.voice.listening.versions import DEFAULT_ZONE, read_versions, today
from probe.observation import Prompt, PromptPhase
from tests.channels.voice.listening.hearing import listen
from tests.channels.voice.listening.voices import Call, say, silence

USUAL, FEAST = "Selamat datang di layanan kami.", "Kami mengucapkan selamat hari raya, kantor buka kembali hari Senin."
LEBARAN = '["salam-lebaran"]\nis = "salam"\nfrom = 2027-03-18\nuntil = 2027-03-27\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("salam", USUAL), ("salam-lebaran", FEAST)):
        soundfile.write(tmp_path / f"{name}.wav", say(text).astype(np.int16), 8000, subtype="PCM_16")
    (tmp_path / "prompts.toml").write_text(LEBARAN)
    return tmp_path


def heard(bank: PromptBank, text: str) -> list[str]:
    call = Call()
    call.add(silence(0.5), say(text), silence(1.0))
    return [o.name for o in listen(call.line(), bank) if isinstance(o, Prompt) and o.phase is PromptPhase.CONFIRMED]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2027, 3, 17), "salam-lebaran"), (date(2027, 3, 18), "salam"),
        (date(2027, 3, 27), "salam"), (date(2027, 3, 28), "salam-lebaran"),
    ],
)  # fmt: skip
def test_a_holiday_greeting_is_the_prompt_on_its_days_and_another_prompt_on_all_others(
    folder: Path, day: date, name: str
) -> None:
    bank = PromptBank.load(folder, day)
    assert heard(bank, FEAST) == [name]
    assert heard(bank, USUAL) == ["salam"]


def test_a_version_without_days_is_always_one(folder: Path) -> None:
    (folder / "prompts.toml").write_text('[salam-lebaran]\nis = "salam"\n')
    assert heard(PromptBank.load(folder), FEAST) == ["salam"]


def test_a_version_whose_days_are_over_is_told(folder: Path) -> None:
    assert PromptBank.load(folder, date(2027, 3, 27)).warnings == ()
    assert PromptBank.load(folder, date(2027, 3, 28)).warnings == (
        "prompt salam-lebaran was a version of salam until 2027-03-27: heard now, it is a wrong prompt",
    )


def test_an_engine_that_lives_over_midnight_listens_for_the_versions_of_the_new_day(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, names = EarShop(), []
    for day in (date(2027, 3, 27), date(2027, 3, 28), date(2027, 3, 28)):
        monkeypatch.setattr(ears, "today", lambda _, day=day: day)
        shop.make(str(folder), ())
        names.append(sorted(p.names for bank in shop._banks.values() for p in bank.prompts))
    assert names == [[("salam",), ("salam",)], [("salam",), ("salam-lebaran",)], [("salam",), ("salam-lebaran",)]]


def test_an_engine_knows_a_recording_that_was_replaced_from_the_next_call_on(folder: Path) -> None:
    shop = EarShop()
    shop.make(str(folder), ())
    [before] = shop._banks.values()
    shop.make(str(folder), ())
    assert list(shop._banks.values()) == [before]
    soundfile.write(folder / "salam.wav", say("Kami pindah kantor.").astype(np.int16), 8000, subtype="PCM_16")
    shop.make(str(folder), ())
    [after] = shop._banks.values()
    assert heard(after, "Kami pindah kantor.") == ["salam"]
    assert heard(before, "Kami pindah kantor.") == []
    (folder / "baru.wav").write_bytes(b"RIFF, half of it")
    shop.make(str(folder), ())
    assert list(shop._banks.values()) == [after]
    with pytest.raises(BankError, match=r"baru\.wav"):
        EarShop().make(str(folder), ())


def test_days_are_those_of_the_folder_s_time_zone(folder: Path) -> None:
    days = []
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):
        (folder / "prompts.toml").write_text(f'timezone = "{zone}"\n' + LEBARAN)
        days.append(today(folder))
    west, east = days
    assert west < east, "they are 25 hours apart"
    versions, wrong = read_versions(folder, frozenset(("salam", "salam-lebaran")))
    assert (str(versions.zone), wrong) == ("Pacific/Kiritimati", [])
    (folder / "prompts.toml").unlink()
    assert str(read_versions(folder, frozenset())[0].zone) == DEFAULT_ZONE


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[salam-lebaran]\nis = 3", "salam-lebaran: is: the name of another recording of this folder, without .wav"),
        ('[salam-lebaran]\nis = "slamat"', "salam-lebaran: is: the name of another recording"),
        ('[salam]\nis = "salam"', "salam: is: the name of another recording"),
        ('[tahun-baru]\nis = "salam"', "tahun-baru: tahun-baru.wav does not exist in this folder"),
        ('[salam-lebaran]\nis = "salam"\nform = 2027-03-18', "salam-lebaran: form: unknown, allowed: is, from, until"),
        ('[salam-lebaran]\nis = "salam"\nfrom = "18 Maret"', "from: a day without quotes: 2026-12-24"),
        ('[salam-lebaran]\nis = "salam"\nfrom = 2027-03-18T08:00:00', "from: a day without quotes: 2026-12-24"),
        ('[salam-lebaran]\nis = "salam"\nfrom = 2027-03-18\nuntil = 2027-03-17', "until: lies before `from`"),
        ('[salam-lebaran]\nis = "salam"\n[salam]\nis = "salam-lebaran"', "is a version itself; name what it is of"),
        ("salam = 1", 'salam: write a table: { is = "NAME"'),
        ('timezone = "Asia/Jkt"', "timezone: no such time zone 'Asia/Jkt'; write one like 'Asia/Jakarta'"),
        ("[salam", "prompts.toml: cannot be read"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(folder: Path, text: str, complaint: str) -> None:
    (folder / "prompts.toml").write_text(text)
    with pytest.raises(BankError) as raised:
        PromptBank.load(folder)
    assert complaint in str(raised.value)
    assert str(folder / "prompts.toml") in str(raised.value)
