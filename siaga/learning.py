"""From one recorded walk to its pieces, and from named pieces to the script of a probe."""

from __future__ import annotations

import json
import math
import re
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cutting import Cut, alike, cuts, samples_of
from channels.voice.listening.features import RATE_HZ, Samples
from reports import call_page_labels, call_page_sound
from reports.call_page_labels import Kept, Lane

if TYPE_CHECKING:
    from scheduler.order import Order

CONFIRMED_S: Final = 1.0
"""A prompt is confirmed so long after its first sound (channels/voice/listening): then the next step begins."""
SHORTEST_WITHIN_S: Final = 8
SPARE, SPARE_S = 1.5, 3.0
"""A step may take half as long again as it took in the walk, and some seconds."""
NUMBERED: Final = "ucapan-{number}"
"""Names where nobody gives any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something the far end said. ``after`` are the keys that were pressed last before it; "" before any."""

    number: int
    cut: Cut
    samples: Samples
    after: str
    same_as: int
    """The first piece with this recording: its own number where it is new."""

    @property
    def new(self) -> bool:
        """Nobody has a name for it yet."""
        return not self.cut.known and self.same_as == self.number

    @property
    def length_s(self) -> float:
        return self.cut.until_s - self.cut.from_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What was said and pressed in a call, by the seconds of its recording."""

    pieces: tuple[Piece, ...]
    keys: tuple[tuple[float, str], ...]
    answered_s: float


def walked(recording: Path, observations: str, total_s: float, known: PromptBank | None, pause_s: float) -> Walked:
    """The pieces of a call up to where we said who we were. Raises NoSoundError."""
    heard = call_page_sound.load(recording)[:, 1]
    kept, length_s = call_page_labels.read(observations, total_s), len(heard) / RATE_HZ
    keys = tuple((second, name) for second, name in _ours(kept, "keys", length_s))
    ends_s = min((second for second, _ in _ours(kept, "play", length_s)), default=math.inf)
    found = cuts(heard, [second for second, _ in keys], known, pause_s=pause_s, until_s=ends_s)
    sounds = [samples_of(heard, cut) for cut in found]
    pieces = [
        Piece(
            number=number,
            cut=cut,
            samples=sound,
            after=next((digits for second, digits in reversed(keys) if second <= cut.from_s), ""),
            same_as=same + 1,
        )
        for number, (cut, sound, same) in enumerate(zip(found, sounds, alike(sounds), strict=True), 1)
    ]
    answered = next((one.at_s for one in kept.labels if one.lane is Lane.CALL and one.what == "answered"), None)
    answered_s = 0.0 if answered is None else max(0.0, kept.second_of(answered, length_s))
    return Walked(pieces=tuple(pieces), keys=keys, answered_s=answered_s)


def _ours(kept: Kept, what: str, length_s: float) -> Iterator[tuple[float, str]]:
    for one in kept.labels:
        if one.lane is Lane.OURS and one.what == what:
            yield kept.second_of(one.at_s, length_s), one.name


def write(path: Path, samples: Samples) -> None:
    """A new WAV file of 8 kHz. Raises FileExistsError, OSError."""
    with path.open("xb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.astype("<i2").tobytes())


def free_name(number: int, taken: set[str]) -> str:
    """A numbered name that nobody has."""
    while (name := NUMBERED.format(number=number)) in taken:
        number += 1
    return name


def probe_of(
    walk: Walked, names: Mapping[int, str], order: Order, probes: Sequence[str], unnamed: str, prompts: Path | None
) -> str:
    """The walk as a probe of the configuration. ``names`` by the number of the piece; ``unnamed`` with {length}.

    ``prompts``: a folder that the configuration does not name already.
    """
    settings = {"name": _probe_name(order.to, probes), "channel": order.channel, "to": order.to}
    settings |= {"trunk": order.trunk} if order.trunk else {}
    settings |= {"prompts": str(prompts)} if prompts else {}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]
    return "\n".join(["[[probe]]", *lines, "script = [", *(f"  {one}" for one in _steps(walk, names, unnamed)), "]"])


def _steps(walk: Walked, names: Mapping[int, str], unnamed: str) -> Iterator[str]:
    yield '{ expect = "answer", within = "30s" },'
    since_s, last = walk.answered_s, ""
    happened: list[tuple[float, str | Piece]] = [*walk.keys, *((piece.cut.from_s, piece) for piece in walk.pieces)]
    happened.sort(key=lambda one: one[0])
    for at_s, what in happened:
        if isinstance(what, str):
            yield f'{{ press = "{what}" }},'
            since_s, last = at_s, ""
            continue
        name = what.cut.known or names.get(what.same_as, "")
        if not name:
            yield f"# {unnamed.format(length=f'{what.length_s:.1f}')}"
        elif name != last:  # a menu that says itself again, because nobody pressed anything
            confirmed_s = at_s + min(CONFIRMED_S, what.length_s)
            yield f'{{ expect = "prompt:{name}", within = "{_within_s(confirmed_s - since_s)}s" }},'
            since_s, last = confirmed_s, name
    yield "{ end = true },"


def _within_s(took_s: float) -> int:
    return max(SHORTEST_WITHIN_S, math.ceil(SPARE * took_s + SPARE_S))


def _probe_name(to: str, probes: Sequence[str]) -> str:
    user = to.partition(":")[2].partition("@")[0] or to
    name = f"ivr-{re.sub(r'[^a-z0-9]+', '-', user.lower()).strip('-')}".rstrip("-")[:60]
    return next(free for n in range(1, len(probes) + 2) if (free := name if n == 1 else f"{name}-{n}") not in probes)
