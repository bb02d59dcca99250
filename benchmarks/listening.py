"""How well siaga listens: prompts missed and mistaken, onset errors, agents found and invented, and what it costs.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.listening [--sounds DIR] [--calls 60] [--seed 1]

``--sounds`` is a folder of recorded prompts (for example asterisk-core-sounds-en-wav); without it espeak-ng speaks.
Voices, music and noise of the agent's part are synthetic: read the figures as regressions, not as promises.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from channels.voice.listening.audiofile import read_audio
from channels.voice.listening.bank import PromptBank, sounding_part
from channels.voice.listening.ear import Ear
from probe.observation import Agent, AgentPhase, Observation, Prompt, PromptPhase, Sound, SoundKind, Tone
from tests.channels.voice.listening.voices import (
    Call,
    Floats,
    Ints,
    at_level,
    cadence,
    lossy,
    mu_law,
    music,
    noise,
    say,
    silence,
    tone,
)

ASTERISK = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
VOICES = ("id", "id+f2", "id+f4", "id+m1", "id+m3", "ms+f3", "en-us", "en-us+f2", "en-us+m7")
GREETINGS = (
    "Halo?",
    "Ya, halo?",
    "Selamat pagi.",
    "Selamat siang, dengan Budi.",
    "Selamat pagi, dengan Sari, ada yang bisa saya bantu?",
    "Terima kasih telah menghubungi kami, saya Andi, dengan siapa saya berbicara?",
)
ANNOUNCEMENTS = (
    "Semua petugas kami masih sibuk. Mohon tetap menunggu.",
    "Terima kasih telah menunggu, panggilan Anda sangat penting bagi kami.",
    "Anda berada pada antrean nomor tiga.",
    "Tahukah Anda, sekarang saldo dapat diperiksa lewat aplikasi kami.",
)
KNOWN = "Semua petugas kami sedang melayani nasabah lain. Mohon tunggu giliran Anda."
HOLDS = ("Mohon ditunggu.", "Panggilan Anda akan kami sambungkan.", "Sebentar ya.", "Menghubungkan.")


def figure(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(text + "\n")


def listen(samples: Ints, bank: PromptBank, arm_s: float | None = None) -> list[Observation]:
    """Everything an ear makes of a call."""
    ear, found = Ear(bank), list[Observation]()
    for at in range(0, len(samples), 640):
        if arm_s is not None and at >= arm_s * 8000:
            ear.listen_for_agent()
        found += ear.feed(samples[at : at + 640])
    return found + ear.flush()


def recordings(
    folder: Path | None, count: int, rng: np.random.Generator
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Known prompts and impostors of the same speaker, each trimmed to its sound."""
    sounds: dict[str, Floats] = {}
    for path in sorted(folder.glob("*.wav")) if folder else []:
        sound = read_audio(path)
        start, end = sounding_part(sound)
        if 0.6 * 8000 <= end - start <= 8 * 8000:
            sounds[path.stem] = at_level(sound[start:end], -18.0)
    if not sounds:
        sounds = {f"{v}-{i}": say(t, v) for v in VOICES for i, t in enumerate(GREETINGS + ANNOUNCEMENTS + HOLDS)}
    names = rng.permutation(sorted(sounds)).tolist()
    return {n: sounds[n] for n in names[:count]}, {n: sounds[n] for n in names[count : 3 * count]}


def report_prompts(known: dict[str, Floats], others: dict[str, Floats], rng: np.random.Generator) -> None:
    """Prompts missed (FRR) and mistaken (FA) under what lines do to them."""
    bank = PromptBank.of(known)
    spoils: dict[str, Callable[[Floats], Ints]] = {
        "clean": mu_law,
        "-12 dB": lambda s: mu_law(at_level(s, -30.0)),
        "2 % loss": lambda s: lossy(mu_law(s), 0.02),
        "5 % loss": lambda s: lossy(mu_law(s), 0.05),
        "noise 20 dB below": lambda s: mu_law(s + noise(len(s) / 8000, -38.0)[: len(s)]),
        "noise 15 dB below": lambda s: mu_law(s + noise(len(s) / 8000, -33.0)[: len(s)]),
    }
    figure(f"prompts: {len(known)} known, {len(others)} impostors, {len(bank.twins)} pairs begin alike")
    for name, spoil in spoils.items():
        missed, wrong, errors, delays = 0, 0, list[float](), list[float]()
        for prompt, sound in known.items():
            lead = silence(0.5 + float(rng.random()) * 0.08)
            found = listen(spoil(np.concatenate([lead, sound, silence(1.0)])), bank)
            seen = [o for o in found if isinstance(o, Prompt) and o.phase is PromptPhase.CONFIRMED]
            twins = next(p.names for p in bank.prompts if prompt in p.names)
            right = [o for o in seen if o.name in twins]
            missed += not right
            wrong += len(seen) - len(right)
            errors += [abs(o.onset - len(lead) / 8000) * 1000 for o in right[:1]]
            delays += [o.at - o.onset for o in right[:1]]
        figure(
            f"  {name:18} missed {missed / len(known):6.1%}  wrong {wrong:2}  onset error p95 "
            f"{np.percentile(errors, 95):5.2f} ms  confirmed p95 {np.percentile(delays, 95):.2f} s"
        )
    stream = np.concatenate([np.concatenate([s, silence(0.6)]) for s in others.values()])
    found = listen(mu_law(np.concatenate([stream, music(60.0)])), bank)
    false = Counter(o.phase for o in found if isinstance(o, Prompt))
    tones = sum(isinstance(o, Tone) for o in found)
    figure(
        f"  impostors {len(stream) / 8000:.0f} s + music 60 s: {false[PromptPhase.CANDIDATE]} candidates, "
        f"{false[PromptPhase.CONFIRMED]} confirmed, {tones} tones"
    )


def report_onsets() -> None:
    """How far the onset of unknown speech lies from the truth."""
    leads: dict[str, Callable[[int], Floats]] = {
        "silence": lambda i: silence(1.0 + 0.007 * i),
        "music": lambda i: music(3.0, seed=i),
    }
    for name, before in leads.items():
        errors = []
        for i, voice in enumerate(VOICES):
            for text in GREETINGS:
                lead = before(i)
                found = listen(mu_law(np.concatenate([lead, say(text, voice), silence(0.6)])), PromptBank())
                onsets = [o.onset for o in found if isinstance(o, Sound) and o.kind is SoundKind.SPEECH]
                errors.append(min(abs(t - len(lead) / 8000) for t in onsets) * 1000 if onsets else 9999.0)
        p50, p95, worst = np.percentile(errors, [50, 95, 100])
        figure(f"speech onset after {name:8} error p50 {p50:.0f} ms, p95 {p95:.0f} ms, worst {worst:.0f} ms")


def human_calls(count: int, rng: np.random.Generator) -> Iterator[tuple[str, Call, float, float]]:
    """Calls in which a person answers: kind, call, arming, onset."""
    for i in range(count):
        call, voice = Call(), str(rng.choice(VOICES))
        call.add(silence(0.5))
        arm = call.at
        kind = ("music", "ringback", "announcement")[i % 3]
        if kind == "ringback":
            call.add(silence(0.8), cadence(1.0, 4.0, times=int(rng.integers(1, 3))), tone(0.3, 425.0))
        else:
            call.add(music(float(rng.uniform(3, 6)), float(rng.uniform(-32, -18)), seed=i))
        if kind == "announcement":
            call.add(say(str(rng.choice(ANNOUNCEMENTS))), music(float(rng.uniform(2.5, 5)), seed=i))
        call.add(silence(float(rng.choice([0.0, 0.15, 0.6, 1.2]))))
        text = str(rng.choice(GREETINGS))
        onset = call.add(say(text, voice, dbm0=float(rng.uniform(-28, -14))))
        call.add(silence(float(rng.uniform(1.8, 4.0))), say("Halo?", voice), silence(6.0))
        yield kind, call, arm, onset


def false_calls(count: int, rng: np.random.Generator) -> Iterator[tuple[str, Call, float]]:
    """Calls in which nobody answers, though it sounds so for a while."""
    for i in range(count):
        call = Call()
        call.add(silence(0.5))
        arm = call.at
        kind = ("announcement, music at once", "announcement, music late", "hold, ringback", "voicemail", "known")[
            i % 5
        ]
        if kind == "hold, ringback":
            call.add(silence(0.4), say(str(rng.choice(HOLDS)), str(rng.choice(VOICES))))
            call.add(silence(float(rng.uniform(0.2, 3.0))), cadence(1.0, 4.0, times=3))
        elif kind == "voicemail":
            call.add(cadence(1.0, 4.0, times=1), say("Nomor ini sedang tidak dapat menerima panggilan."))
            call.add(say("Tinggalkan pesan setelah nada."), silence(float(rng.uniform(0.1, 1.5))))
            call.add(tone(float(rng.uniform(0.2, 0.9)), float(rng.uniform(500, 1500))), silence(5.0))
        else:
            gap = float(rng.uniform(1.0, 3.0) if kind.endswith("late") else rng.uniform(0.0, 1.0))
            for k in range(2):
                text = KNOWN if kind == "known" else str(rng.choice(ANNOUNCEMENTS))
                call.add(music(4.0, seed=i + k), say(text, "id"), silence(gap))
            call.add(music(5.0, seed=i))
        yield kind, call, arm


def report_agents(count: int, rng: np.random.Generator) -> None:
    """People found and invented, and how long it takes."""
    bank = PromptBank.of({"salam": say(KNOWN, "id")})
    found_n, delays, errors = Counter[str](), list[float](), list[float]()
    for kind, call, arm, onset in human_calls(count, rng):
        level = float(rng.choice([-65.0, -55.0, -50.0]))
        agents = [o for o in listen(call.line(level), bank, arm) if isinstance(o, Agent)]
        sure = [o for o in agents if o.phase is AgentPhase.CONFIRMED]
        good = bool(sure) and abs(sure[0].onset - onset) < 0.25
        found_n[f"{kind}: {'found' if good else 'MISSED'}"] += 1
        if good:
            delays.append(sure[0].at - onset)
            errors.append(abs(sure[0].onset - onset) * 1000)
    figure(f"people: {dict(sorted(found_n.items()))}")
    figure(
        f"  confirmed after onset p50 {np.percentile(delays, 50):.1f} s, p95 {np.percentile(delays, 95):.1f} s, "
        f"worst {max(delays):.1f} s; onset error p95 {np.percentile(errors, 95):.0f} ms"
    )
    false_n = Counter[str]()
    for kind, call, arm in false_calls(count, rng):
        agents = [o for o in listen(call.line(-60.0), bank, arm) if isinstance(o, Agent)]
        invented = any(o.phase is AgentPhase.CONFIRMED for o in agents)
        machine = any(o.phase is AgentPhase.MACHINE for o in agents)
        false_n[f"{kind}: {'INVENTED' if invented else 'machine' if machine else 'nobody'}"] += 1
    figure(f"nobody there: {dict(sorted(false_n.items()))}")


def report_cost(known: dict[str, Floats], others: dict[str, Floats]) -> None:
    """Processor time per call-second, and the longest block (how long other threads may wait for the interpreter)."""
    bank = PromptBank.of(known)
    parts = [s for sound in others.values() for s in (sound, silence(0.5))]
    stream = mu_law(np.concatenate([*parts, music(20.0), silence(20.0)]))
    ear, longest = Ear(bank), 0.0
    ear.listen_for_agent()
    began = time.process_time()
    for at in range(0, len(stream), 640):
        block = time.thread_time()
        ear.feed(stream[at : at + 640])
        longest = max(longest, time.thread_time() - block)
    spent = time.process_time() - began
    seconds = len(stream) / 8000
    figure(
        f"cost with {len(bank.prompts)} prompts: {spent / seconds:.2%} of a core per call over {seconds:.0f} s, "
        f"longest block {longest * 1000:.1f} ms"
    )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sounds", type=Path, default=ASTERISK if ASTERISK.is_dir() else None)
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    known, others = recordings(options.sounds, options.prompts, rng)
    report_cost(known, others)
    report_prompts(known, others, rng)
    report_onsets()
    report_agents(options.calls, rng)


if __name__ == "__main__":
    main()
