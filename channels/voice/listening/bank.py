"""The known prompts: a folder of sound files made ready for the matcher, with a report on what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.audiofile import AudioFileError, read_audio
from channels.voice.listening.correlate import Reference
from channels.voice.listening.features import (
    BANDS,
    HOP,
    RATE_HZ,
    WINDOW,
    Floats,
    level_dbm0,
    log_mel,
    mean_rows,
    pre_emphasis,
)
from channels.voice.listening.versions import read_versions

NO_VERSIONS: Final[Mapping[str, str]] = MappingProxyType({})
TEMPLATE_FRAMES = 23
"""Log-mel frames a candidate is searched by: 0.25 s of sound, as long as what is compared next."""
LATE = 2400
"""Samples (0.3 s) into a prompt at which its second template begins: it is known although its first words slipped."""
JOIN_STEP, JOIN_REST = 4800, 9600
"""Samples: every 0.6 s of a prompt has a part by which it is found from its middle on, 1.2 s before its end at last."""
AVERAGED, GROUPS = 3, 16
"""Log-mel frames of such a part are averaged by three: 0.49 s in 320 numbers."""
SEGMENT = RATE_HZ // 5
"""Samples (0.2 s) that are compared at a time once a prompt is followed."""
_SHORTEST_S = 0.3
_SILENT_PEAK = 500.0
"""A file that never exceeds this 16 bit value is silence: such files accept anything (3 % wrong in the study)."""
_TRIM_DB = 40.0
_VOICED_DB = 30.0
_TWIN_START, _TWIN_NCC = 3200, 0.7
_SAME_LENGTH, _SAME_NCC = 2 * HOP, 0.8
_TEMPLATE_NORM = 8.0


class BankError(ValueError):
    """The folder cannot be used. ``problems`` holds a sentence for each bad file, all of them at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, eq=False)
class KnownPrompt:
    """One recording, equal to itself alone.

    ``names`` are all files with this sound; ``audio`` begins at its first sound, 16 bit units.
    ``lead_s`` is the silence that was cut off in front; ``length_s`` runs from the first to the last sound.
    """

    names: tuple[str, ...]
    audio: Floats
    lead_s: float

    @property
    def length(self) -> int:
        """Samples from the first to the last sound."""
        return len(self.audio)

    @property
    def length_s(self) -> float:
        """Seconds from the first to the last sound."""
        return len(self.audio) / RATE_HZ

    @cached_property
    def reference(self) -> Reference:
        """Pre-emphasised samples with what correlation needs of them."""
        return Reference(pre_emphasis(self.audio))

    @cached_property
    def template(self) -> Floats:
        """Normalised log-mel of the beginning, shape (460,)."""
        template: Floats = normalised(log_mel(self.audio)[None, :TEMPLATE_FRAMES])[0]
        return template

    @cached_property
    def late_template(self) -> Floats:
        """The same from ``LATE`` on; zero, which matches nothing, when the prompt is too short for it."""
        mel = log_mel(self.audio[LATE:])[None, :TEMPLATE_FRAMES]
        if mel.shape[1] < TEMPLATE_FRAMES:
            return np.zeros_like(self.template)
        template: Floats = normalised(mel)[0]
        return template

    @cached_property
    def voiced(self) -> NDArray[np.bool_]:
        """For each whole 0.2 s segment: is there sound enough to be compared?"""
        levels = level_dbm0(self.audio, SEGMENT)
        return np.asarray(levels > np.max(levels) - _VOICED_DB)


@dataclass(frozen=True, slots=True)
class Twin:
    """Two prompts that begin with the same recording and can only be told apart after ``common_s``."""

    first: str
    second: str
    common_s: float


def normalised(windows: Floats, least_norm: float = _TEMPLATE_NORM) -> Floats:
    """Log-mel windows (n, frames, 20) without each band's mean and with unit norm, flattened to (n, frames * 20).

    A window without contrast (silence, steady noise) keeps a norm far below one, so that it matches nothing.
    """
    flat = (windows - mean_rows(windows, 1)).reshape(len(windows), -1)
    norms = np.maximum(np.sqrt(np.add.reduce(flat * flat, axis=1, keepdims=True)), least_norm)
    return np.asarray(flat / norms, dtype=np.float32)


def averaged(windows: Floats) -> Floats:
    """Windows of averaged frames (n, 16, 20), normalised and flattened to (n, 320)."""
    return normalised(windows, _TEMPLATE_NORM * float(np.sqrt(GROUPS / TEMPLATE_FRAMES)))


@dataclass(frozen=True, slots=True)
class Middles:
    """Parts from the middle of prompts: (index of the prompt, first sample), and what each sounds like."""

    parts: tuple[tuple[int, int], ...]
    templates: Floats


class PromptBank:
    """All known prompts. ``skipped`` and ``twins`` are what the user should know; ``warnings`` says it in sentences."""

    def __init__(
        self, prompts: tuple[KnownPrompt, ...] = (), skipped: tuple[str, ...] = (), dated: tuple[str, ...] = ()
    ) -> None:
        self.prompts = prompts
        self.skipped = skipped
        self._dated = dated
        self.templates: Floats = (
            np.stack([p.template for p in prompts]) if prompts else np.zeros((0, 1), dtype=np.float32)
        )
        self.late_templates: Floats = (
            np.stack([p.late_template for p in prompts]) if prompts else np.zeros((0, 1), dtype=np.float32)
        )

    @classmethod
    def load(cls, folder: Path, day: date | None = None) -> PromptBank:
        """Read every ``NAME.wav`` of a folder, with its versions of a day (today).

        Raises ``BankError`` naming every file that cannot be used.
        """
        if not folder.is_dir():
            raise BankError((f"{folder}: no such folder; create it and put NAME.wav of each prompt there",))
        sounds: dict[str, Floats] = {}
        problems: list[str] = []
        for path in sorted(filter(_is_recording, folder.iterdir())):
            try:
                sounds[path.stem] = read_audio(path)
            except AudioFileError as error:
                problems.append(str(error))
        versions, wrong = read_versions(folder, frozenset(p.stem for p in folder.iterdir() if _is_recording(p)))
        if problems or wrong:
            raise BankError((*problems, *wrong))
        day = day or versions.today()
        return cls.of(sounds, versions.names(day), versions.warnings(day))

    @classmethod
    def of(
        cls, sounds: dict[str, Floats], versions: Mapping[str, str] = NO_VERSIONS, dated: tuple[str, ...] = ()
    ) -> PromptBank:
        """A bank of sounds at 8 kHz in 16 bit units by name; ``versions`` are other recordings of a prompt by name."""
        skipped: list[str] = []
        trimmed: dict[str, tuple[int, Floats]] = {}
        for name, sound in sounds.items():
            start, end = sounding_part(sound)
            if end - start < _SHORTEST_S * RATE_HZ:
                why = "it is silent" if start == end else f"it is shorter than {_SHORTEST_S} s"
                skipped.append(f"prompt {name} cannot be recognised: {why}")
            else:
                trimmed[name] = (start, sound[start:end])
        prompts = (replace(p, names=_called(p.names, versions)) for p in _merged(trimmed))
        return cls(tuple(prompts), tuple(skipped), dated)

    @cached_property
    def middles(self) -> Middles:
        """Where the prompts may be joined when their beginning was not heard."""
        parts = [
            (i, at) for i, p in enumerate(self.prompts) for at in range(JOIN_STEP, p.length - JOIN_REST, JOIN_STEP)
        ]
        if not parts:
            return Middles((), np.zeros((0, GROUPS * BANDS), dtype=np.float32))
        frames = AVERAGED * GROUPS
        mels = [log_mel(self.prompts[i].audio[at:][: frames * HOP + WINDOW])[:frames] for i, at in parts]
        return Middles(tuple(parts), averaged(np.stack(mels).reshape(-1, GROUPS, AVERAGED, BANDS).mean(axis=2)))

    @cached_property
    def twins(self) -> tuple[Twin, ...]:
        """Pairs of prompts with a common beginning of at least 0.4 s."""
        close = self.templates @ self.templates.T if self.prompts else np.zeros((0, 0), dtype=np.float32)
        pairs = np.argwhere(np.triu(close >= _TWIN_NCC, 1))
        found = (_twin(self.prompts[a], self.prompts[b]) for a, b in pairs)
        return tuple(t for t in found if t is not None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about silent, short, identical and confusable prompts."""
        same = [f"prompts {', '.join(p.names)} are the same recording" for p in self.prompts if len(p.names) > 1]
        twins = [
            f"prompts {t.first} and {t.second} begin alike for {t.common_s:.1f} s: told apart only after that"
            for t in self.twins
            if t.first != t.second
        ]
        return (*self.skipped, *same, *twins, *self._dated)


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() == ".wav"


def _called(names: tuple[str, ...], versions: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(versions.get(name, name) for name in names))


def sounding_part(sound: Floats) -> tuple[int, int]:
    """First and last sample with sound (10 ms steps, 40 dB below the loudest); equal when the file is silent."""
    if len(sound) < HOP or float(np.max(np.abs(sound))) < _SILENT_PEAK:
        return 0, 0
    levels = level_dbm0(sound)
    heard = np.flatnonzero(levels > np.max(levels) - _TRIM_DB)
    return int(heard[0]) * HOP, (int(heard[-1]) + 1) * HOP


def _merged(sounds: dict[str, tuple[int, Floats]]) -> tuple[KnownPrompt, ...]:
    """One prompt per recording: files of nearly the same length that correlate all along are the same."""
    groups: list[tuple[list[str], KnownPrompt]] = []
    for name, (start, sound) in sounds.items():
        fresh = KnownPrompt((name,), sound, start / RATE_HZ)
        for names, known in groups:
            if abs(known.length - fresh.length) <= _SAME_LENGTH and _same(known, fresh):
                names.append(name)
                break
        else:
            groups.append(([name], fresh))
    return tuple(replace(known, names=tuple(names)) for names, known in groups)


def _same(one: KnownPrompt, other: KnownPrompt) -> bool:
    """The same recording, perhaps trimmed or encoded anew? A word that differs, like a number, makes it another."""
    n = min(_TWIN_START, one.length, other.length)
    heard = np.pad(other.reference.samples, (_SAME_LENGTH, _SAME_LENGTH))
    first = one.reference.match(heard[: n + 2 * _SAME_LENGTH], n)
    if first.ncc < _SAME_NCC:
        return False
    parts = range(0, min(one.length, other.length) - SEGMENT + 1, SEGMENT // 2)
    voiced = (at for at in parts if one.voiced[min(at // SEGMENT, len(one.voiced) - 1)])
    return all(one.reference.match_part(heard[first.lag :], at, SEGMENT) >= _SAME_NCC for at in voiced)


def _twin(one: KnownPrompt, other: KnownPrompt) -> Twin | None:
    n = min(_TWIN_START, one.length, other.length)
    heard = np.pad(other.reference.samples, (160, 160))
    first = one.reference.match(heard[: n + 320], n)
    if first.ncc < _TWIN_NCC:
        return None
    common = n
    while common + SEGMENT <= min(one.length, other.length):
        if one.reference.match_part(heard[first.lag :], common, SEGMENT) < _TWIN_NCC:
            break
        common += SEGMENT
    return Twin(one.names[0], other.names[0], common / RATE_HZ)
