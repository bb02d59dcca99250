"""Recordings for the prompt campaign, divided by hash before anybody looked at a figure.

*Tuning* is what thresholds may be chosen by, *scoring* what they are judged by. No voice, no language and no wording
stands in both: a wording is a file's name, which means the same in every language of Asterisk's sounds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from channels.voice.listening.audiofile import read_audio
from channels.voice.listening.bank import KnownPrompt, PromptBank
from channels.voice.listening.features import Floats
from prove.indonesian import SENTENCES, VARIANTS, VOICES
from tests.channels.voice.listening.voices import say
from tests.farends import recordings

Side = Literal["tuning", "scoring"]
LANGUAGES: Final[dict[Side, tuple[str, ...]]] = {"tuning": ("en", "es"), "scoring": ("fr", "it", "ru")}
"""The thresholds of the study were chosen on the speaker of en, who speaks es too: she can only be tuning."""
KNOWN_PER_LANGUAGE, KNOWN_PER_VOICE = 82, 12
_PIECES: Final = ("digits", "letters", "phonetic", "silence")
"""Folders of words that are put together to sentences: impostors, but no prompts."""
_LEAST_S, _MOST_S = 0.6, 12.0
CONFIRMED_S: Final = 1.0
_HEADER = 64
"""Bytes: ru/is.wav is a header without sound."""


@dataclass(frozen=True)
class Corpus:
    """One side: what is known and what is not; ``variants`` are unknown ends of known beginnings."""

    bank: PromptBank
    impostors: tuple[KnownPrompt, ...]
    variants: tuple[KnownPrompt, ...]


def side_of(wording: str) -> Side:
    """Which side a wording belongs to: a third is for tuning."""
    return "tuning" if _hash(wording) % 3 == 0 else "scoring"


def load(side: Side, per_language: int | None = None) -> Corpus:
    """One side, or ``per_language`` recordings of each language of it. Raises Absent."""
    known: list[KnownPrompt] = []
    impostors: list[KnownPrompt] = []
    for language in LANGUAGES[side]:
        sounds = _recorded(language, side, per_language)
        _deal(sounds, KNOWN_PER_LANGUAGE if per_language is None else per_language // 3, known, impostors)
    variants: list[KnownPrompt] = _spliced(known, impostors)
    for voice in VOICES[: 1 if per_language else None] if side == "scoring" else ():
        spoken = {f"{voice}/{_hash(text):x}": say(text, voice) for text in SENTENCES}
        _deal(spoken, KNOWN_PER_VOICE, known, impostors)
        for index, (sentence, words) in enumerate(VARIANTS):
            said = {f"{voice}/varian-{index}-{word}": say(sentence.format(word), voice) for word in words}
            first, *others = PromptBank.of(said).prompts
            known.append(first)
            variants += others
    return Corpus(PromptBank(tuple(known)), tuple(impostors), tuple(variants))


def _spliced(known: list[KnownPrompt], impostors: list[KnownPrompt]) -> list[KnownPrompt]:
    """Takes out impostors that begin with the very recording of a known prompt, for as long as a confirmation needs.

    By the recordings alone: nothing that listens can tell them apart before they differ.
    """
    names = {name for prompt in known for name in prompt.names}
    twins = PromptBank((*known, *impostors)).twins
    pairs = [{t.first, t.second} for t in twins if t.common_s >= CONFIRMED_S]
    same = {name for pair in pairs if pair & names for name in pair - names}
    found = [prompt for prompt in impostors if prompt.names[0] in same]
    impostors[:] = [prompt for prompt in impostors if prompt.names[0] not in same]
    return found


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _recorded(language: str, side: Side, most: int | None) -> dict[str, Floats]:
    folder = recordings.of(language)
    heard = (p for p in folder.rglob("*.wav") if p.stat().st_size > _HEADER)
    wordings = [p.relative_to(folder).with_suffix("").as_posix() for p in heard]
    ours = sorted((w for w in wordings if side_of(w) == side), key=_hash)
    return {f"{language}/{w}": read_audio(folder / f"{w}.wav") for w in ours[:most]}


def _deal(sounds: dict[str, Floats], count: int, known: list[KnownPrompt], impostors: list[KnownPrompt]) -> None:
    """The first ``count`` by hash are known; files with the same sound are one recording."""
    for prompt in sorted(PromptBank.of(sounds).prompts, key=lambda p: _hash(p.names[0])):
        whole = not any(f"/{piece}/" in name for piece in _PIECES for name in prompt.names)
        if count and whole and _LEAST_S <= prompt.length_s <= _MOST_S:
            known.append(prompt)
            count -= 1
        else:
            impostors.append(prompt)
