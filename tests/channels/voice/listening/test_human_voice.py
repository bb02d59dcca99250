"""The same on recordings of a human voice, where the machine has them (Debian: asterisk-core-sounds-en-wav)."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.audiofile import read_audio
from channels.voice.listening.bank import PromptBank, sounding_part
from probe.observation import AgentPhase, Prompt, PromptPhase, SoundKind, Tone
from tests.channels.voice.listening.hearing import agents, listen, phases, prompts, stretches
from tests.channels.voice.listening.voices import Call, Floats, Ints, at_level, lossy, mu_law, music, noise, silence
from tests.farends.programs import HUMAN_VOICE as FOLDER

pytestmark = pytest.mark.skipif(
    not any(FOLDER.glob("*.wav")), reason="needs recordings of a person: apt-get install asterisk-core-sounds-en-wav"
)


def recording(name: str) -> Floats:
    sound = read_audio(FOLDER / f"{name}.wav")
    start, end = sounding_part(sound)
    return at_level(sound[start:end], -18.0)


@pytest.fixture(scope="module")
def sounds() -> dict[str, Floats]:
    found = {}
    for path in sorted(FOLDER.glob("*.wav"))[::3]:
        start, end = sounding_part(read_audio(path))
        if 0.8 * 8000 < end - start < 5 * 8000:
            found[path.stem] = recording(path.stem)
    return found


@pytest.fixture(scope="module")
def bank(sounds: dict[str, Floats]) -> PromptBank:
    return PromptBank.of(dict(list(sounds.items())[::2]))


@pytest.mark.parametrize("line", ["clean", "2 % loss", "noise 18 dB below", "-12 dB"])
def test_prompts_of_a_person_are_recognised_and_no_other_is(bank: PromptBank, line: str) -> None:
    missed, wrong = 0, 0
    for prompt in bank.prompts[::3]:
        sound = np.concatenate(
            [silence(0.613), at_level(prompt.audio, -30.0 if line == "-12 dB" else -18.0), silence(0.8)]
        )
        hiss = noise(len(sound) / 8000, -36.0 if line.startswith("noise") else -65.0)
        samples: Ints = mu_law(np.asarray(sound + hiss, dtype=np.float32))
        found = listen(lossy(samples, 0.02) if line == "2 % loss" else samples, bank)
        seen = prompts(found, PromptPhase.CONFIRMED)
        missed += not any(n in prompt.names and abs(at - 0.613) < 0.001 for n, at in seen)
        wrong += sum(n not in prompt.names for n, _ in seen)
    assert (missed, wrong) == (0, 0)


def test_other_prompts_of_the_same_person_are_no_known_prompt_and_no_tone(
    bank: PromptBank, sounds: dict[str, Floats]
) -> None:
    others = [s for sound in list(sounds.values())[1::4] for s in (sound, silence(0.6))]
    found = listen(mu_law(np.concatenate(others)), bank)
    assert [o for o in found if isinstance(o, Prompt) and o.phase is PromptPhase.CONFIRMED] == []
    assert [o for o in found if isinstance(o, Tone)] == []
    assert stretches(found, SoundKind.MUSIC) == []


@pytest.mark.parametrize("name", ["hello", "agent-pass", "vm-tocallback", "tt-weasels"])
def test_a_person_who_speaks_and_waits_is_confirmed(name: str) -> None:
    if not (FOLDER / f"{name}.wav").is_file():
        pytest.skip(f"this release of the recordings has no {name}.wav")
    call = Call()
    call.add(silence(0.5), music(4.0), silence(0.3))
    onset = call.add(recording(name))
    call.add(silence(6.0))
    found = listen(call.line(-60.0), None, arm_s=0.5)
    if len(recording(name)) > 6 * 8000:
        assert phases(found)[:2] == [AgentPhase.SUSPECTED, AgentPhase.RETRACTED]
        return
    assert phases(found) == [AgentPhase.SUSPECTED, AgentPhase.CONFIRMED]
    assert agents(found, AgentPhase.CONFIRMED)[0].onset == pytest.approx(onset, abs=0.1)


@pytest.mark.parametrize("name", ["queue-thankyou", "queue-youarenext", "queue-periodic-announce"])
def test_unknown_announcements_between_music_are_nobody(name: str) -> None:
    call = Call()
    call.add(silence(0.5), music(4.0), recording(name), music(4.0), recording(name), silence(0.8), music(4.0))
    found = phases(listen(call.line(-60.0), None, arm_s=0.5))
    assert AgentPhase.CONFIRMED not in found
    assert found.count(AgentPhase.SUSPECTED) == found.count(AgentPhase.RETRACTED)
