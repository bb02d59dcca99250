"""What was heard around the step that failed: the judge's questions about sound, answered from the log."""

from __future__ import annotations

import math
from dataclasses import dataclass

from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    Ended,
    HeardBefore,
    KeysPressed,
    Media,
    MediaState,
    Prompt,
    PromptPhase,
    Sound,
    SoundKind,
    Tone,
)
from probe.script import ExpectStep
from probe.speech import stretches
from probe.walk import StepEnd, StepRun, Walk

RTP_LOST_S = 5.0
"""RTP that stopped this long before the end of the step is lost; shorter gaps are a PBX between two prompts."""


REACTION_S = 0.3
"""A menu reacts to the beginning of a key, whose end is what we date: its answer may lie that much before."""


CUT_SHORT_S = 0.5
"""A menu that a key interrupts is heard for this long after it: the way there, the reaction, the way back."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Questions about one walk and the step it failed at."""

    walk: Walk
    failed: StepRun

    @property
    def _opened(self) -> float:
        """Start of the step before the failed one: what began then could still have met the failed one."""
        before = self.walk.before(self.failed)
        if len(before) <= 1:  # as in the player: a greeting may be dated a frame before the quick answer it came with
            return -math.inf
        return before[-1].started if before[-1].started is not None else self.walk.began

    @property
    def _finished(self) -> float:
        return self.failed.finished if self.failed.finished is not None else self.walk.ended

    @property
    def _last_key(self) -> float | None:
        keys = [seen.at for seen in self.walk.seen(KeysPressed)]
        return keys[-1] if keys else None

    @property
    def _confirmed(self) -> list[Prompt]:
        return [p for p in self.walk.seen(Prompt) if p.phase is PromptPhase.CONFIRMED]

    @property
    def _wanted(self) -> set[str]:
        step = self.failed.step
        expected = step.expect if isinstance(step, ExpectStep) else ()
        return {e.removeprefix("prompt:") for e in expected if e.startswith("prompt:")}

    @property
    def other_prompt(self) -> str | None:
        """A known prompt other than the expected ones, heard while the step could still be met."""
        met_before = {run.onset for run in self.walk.steps if run.end is StepEnd.MET and run.what.startswith("prompt:")}
        for prompt in self._confirmed:
            then = self._opened <= prompt.onset <= self._finished
            if then and prompt.name not in self._wanted and prompt.onset not in met_before:
                return prompt.name
        return None

    @property
    def last_prompt(self) -> str | None:
        """The known prompt that was heard last."""
        return self._confirmed[-1].name if self._confirmed else None

    @property
    def looped_prompt(self) -> str | None:
        """A prompt from before the last key that came again after it, with no music since: the key had no effect."""
        key = self._last_key
        if key is None:
            return None
        key -= REACTION_S
        before = {p.name for p in self._confirmed if p.onset < key}
        for prompt in self._confirmed:
            if prompt.onset >= key and prompt.name in before - self._wanted and not self._music_since(key):
                return prompt.name
        return None

    @property
    def looped_speech(self) -> bool:
        """The same for speech that is no known prompt: its very sound was heard before the last key."""
        key = self._last_key
        if key is None:
            return False
        key -= REACTION_S
        again = any(s.onset >= key > s.first_onset for s in self.walk.seen(HeardBefore))
        return again and not self._music_since(key)

    def _music_since(self, instant: float) -> bool:
        return any(s.kind is SoundKind.MUSIC and s.onset > instant for s in self.walk.seen(Sound))

    @property
    def unknown_speech(self) -> bool:
        """Speech that no known prompt explains, in the failed step or the one before it."""
        return any(not s.known and s.onset >= self._opened for s in stretches(self.walk.log))

    @property
    def anything_in_step(self) -> bool:
        """Any sound but silence that began, or went on, in the failed step."""
        start = self.failed.started if self.failed.started is not None else self.walk.began
        return self._sound_after(start)

    @property
    def anything(self) -> bool:
        """Any sound but silence at all."""
        return self._sound_after(self.walk.began)

    @property
    def silent_since_answer(self) -> bool:
        """Answered, and not a sound since: ringback before the answer is the network's, not the IVR's."""
        answered = next((seen.at for seen in self.walk.seen(Answered)), None)
        return answered is not None and not self._sound_after(answered)

    @property
    def after_key_silent(self) -> bool:
        """Keys went out and not a sound came after them, but for what the key cut short."""
        key = self._last_key
        return key is not None and not self._sound_after(key + CUT_SHORT_S)

    def _sound_after(self, instant: float) -> bool:
        sounds = any(
            s.kind is SoundKind.MUSIC and (s.onset >= instant or (s.until or 0.0) > instant)
            for s in self.walk.seen(Sound)
        )
        sounds = sounds or any(s.until is None or s.until > instant for s in stretches(self.walk.log))
        tones = any(t.onset >= instant for t in self.walk.seen(Tone))
        return sounds or tones or any(p.onset >= instant for p in self._confirmed) or self._going_on(instant)

    def _going_on(self, instant: float) -> bool:
        """A sound that began before the instant and had not ended by then."""
        running: set[SoundKind] = set()
        for seen in self.walk.seen(Sound):
            if seen.kind is not SoundKind.MUSIC or seen.onset >= instant:
                continue
            if not seen.ended:
                running.add(seen.kind)
            elif (seen.until or seen.at) <= instant:
                running.discard(seen.kind)
        return bool(running)

    @property
    def kinds(self) -> str:
        """What was heard in the failed step, in words for the detail."""
        heard = {str(s.kind) for s in self.walk.seen(Sound) if s.kind is not SoundKind.SILENCE}
        heard |= {f"tone:{t.kind}" for t in self.walk.seen(Tone)}
        return ", ".join(sorted(heard)) or "nothing"

    @property
    def machine(self) -> bool:
        """A machine answered, and nobody was confirmed after it."""
        agents = self.walk.seen(Agent)
        return bool(agents) and agents[-1].phase is AgentPhase.MACHINE

    @property
    def suspected(self) -> bool:
        """The last word about an agent is a suspicion."""
        agents = self.walk.seen(Agent)
        return bool(agents) and agents[-1].phase is AgentPhase.SUSPECTED

    @property
    def rtp_never(self) -> bool:
        """Answered, and no RTP ever came."""
        flowed = any(m.state is MediaState.FLOWING for m in self.walk.seen(Media))
        return bool(self.walk.seen(Answered)) and not flowed

    @property
    def private_address(self) -> bool:
        """Our own SDP is why no RTP can come."""
        return any(m.private_address for m in self.walk.seen(Media))

    @property
    def rtp_stopped_s(self) -> float | None:
        """How long RTP had been absent when the step ended, if that is long enough to count."""
        states = [m for m in self.walk.seen(Media) if m.at <= self._finished]
        if not states or states[-1].state is not MediaState.STOPPED:
            return None
        gap_s = self._finished - states[-1].since
        return gap_s if gap_s >= RTP_LOST_S else None

    @property
    def end_cause(self) -> str:
        """Why the far end hung up, in its own words."""
        ended = next(iter(self.walk.seen(Ended)), None)
        return ended.cause if ended else ""
