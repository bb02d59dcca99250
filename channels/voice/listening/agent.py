"""Is there a person? Evidence from turns, waits, music, tones, known prompts and signalling, weighed into a confidence.

A *turn* is unknown speech with gaps below 0.7 s. It is suspected to be a person 1 s after its onset, then confirmed by
waiting for us or reacting to us, or retracted by what people do not do. All phases carry the onset of the first turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.voice.listening.evidence import (
    TURN_GAP_S,
    Heard,
    Signal,
    Turn,
    last_tune,
    turns_of,
    waits_between,
)
from channels.voice.listening.pieces import Piece
from channels.voice.listening.weights import (
    BIAS,
    CONFIRM,
    CONNECTED,
    INTERACTION,
    LEAST_WAIT_S,
    PATIENCE_S,
    WEIGHTS,
    confidence,
    wait_weight,
)
from probe.observation import Agent, AgentPhase, Sign, ToneKind

_SUSPECT_S = 1.0
_LONGEST_TURN_S, _LONGEST_SPEECH_S = 6.0, 10.0
_SHORT_TURN_S = 1.5
_ANNOUNCED_S, _SECOND_S = 1.5, 2.0
"""Announcements are longer than this. So is a greeting, but who greeted and waits says "Halo?" next."""
_JUST_S = 3.0
_SOON_S = 3.0
_TONE_S = 0.6
_MACHINE_QUIET_S = 1.5
_MACHINE_AFTER_S = 4.0
_GREETING_STOP_S, _GREETING_REPLY_S = 1.2, 4.0


@dataclass(slots=True)
class AgentWatch:
    """Weighs the evidence of one call; silent until ``arm``."""

    _armed_s: float | None = None
    _barrier_s: float = 0.0
    _onset_s: float | None = None
    _confirmed: bool = False
    _machine: bool = False
    _resumed: bool = False
    _announced: bool = False
    _beep_s: float | None = None
    _last_speech: Turn | None = None
    _signals: list[Signal] = field(default_factory=list)
    _greetings: list[tuple[float, float]] = field(default_factory=list)

    def arm(self, now_s: float) -> None:
        """From now on a person may come. Speech that is already going on is the menu's."""
        if self._armed_s is None:
            self._armed_s = self._barrier_s = now_s

    def we_played(self, start_s: float, end_s: float) -> None:
        """Our own sound went out (or is going out) between these stream seconds."""
        self._greetings = [g for g in self._greetings if g[0] != start_s] + [(start_s, end_s)]

    def signalled(self, signal: Signal) -> None:
        """A sign from outside the audio."""
        self._signals.append(signal)

    def feed(self, heard: Heard) -> list[Agent]:
        """Weigh what is known at this instant."""
        if self._armed_s is None or self._machine:
            return []
        machine = self._fax(heard) or self._recorder(heard)
        if machine is not None or self._confirmed:
            return [machine] if machine is not None else []
        fresh = without_repeats(heard, self._armed_s)
        pieces, self._barrier_s = after_barrier(fresh, self._barrier_s, heard.now_s)
        turns = turns_of(pieces, heard.now_s)
        self._remember_announcements(heard, turns)
        if self._onset_s is None:
            doubted = any(r.covers(p) for r in heard.doubtful for p in pieces)
            return [] if doubted else self._suspect(heard, turns)
        against = self._against(heard, turns)
        if against is not None:
            return [self._retract(heard, *against)]
        signs = self._signs(heard, turns)
        waits = waits_between(turns, heard)
        if self._proven(signs, waits, heard):
            self._confirmed = True
            return [self._report(heard.now_s, AgentPhase.CONFIRMED, self._onset_s, signs)]
        return []

    def _suspect(self, heard: Heard, turns: list[Turn]) -> list[Agent]:
        if not turns or heard.now_s - turns[0].onset_s < _SUSPECT_S:
            return []
        self._onset_s = turns[0].onset_s
        self._last_speech = turns[-1]
        signs = [s for s in self._signs(heard, turns) if s.sign != "turn_taking"]
        return [self._report(heard.now_s, AgentPhase.SUSPECTED, self._onset_s, signs)]

    def _remember_announcements(self, heard: Heard, turns: list[Turn]) -> None:
        """Has something as long as an announcement been said since the arming, before what is weighed now?"""
        before_s = turns[0].onset_s if turns else heard.now_s
        armed_s = self._armed_s or 0.0
        said = turns_of([p for p in heard.unknown if armed_s <= p.onset_s < before_s], heard.now_s)
        self._announced = self._announced or any(t.length_s >= _ANNOUNCED_S for t in said if t.until_s < before_s)

    def _against(self, heard: Heard, turns: list[Turn]) -> tuple[str, float] | None:
        """The sign that ends the suspicion, if there is one, and until when speech is not to be weighed again."""
        onset_s, now_s = self._onset_s or 0.0, heard.now_s
        if again := [r for r in heard.repeats if r.onset_s >= onset_s - 0.3]:
            return "heard_before", again[-1].onset_s
        if not turns or (heard.prompt_onset_s is not None and heard.prompt_onset_s >= onset_s - 0.3):
            return "known_prompt", now_s
        self._last_speech = turns[-1]
        tune = last_tune(heard)
        if tune is not None and tune[0] >= onset_s:
            # who speaks after the music began is somebody else, even if the music is only known for it by now
            return "music_resumed", tune[0]
        if heard.burst_s >= _TONE_S or (heard.cadence_s is not None and heard.cadence_s >= onset_s):
            return "tone", now_s
        if turns[-1].length_s > _LONGEST_TURN_S or sum(t.length_s for t in turns) > _LONGEST_SPEECH_S:
            return "monologue", now_s
        second = next((t for t in turns[1:] if t.length_s >= _SECOND_S), None)
        if second is not None and turns[0].length_s >= _ANNOUNCED_S and not self._queued(heard, onset_s):
            return "announcement_followed", second.onset_s
        return None

    def _queued(self, heard: Heard, until_s: float) -> bool:
        """Was there music or ringback since the arming, before this instant?"""
        armed_s = self._armed_s or 0.0
        tunes = [s.until_s for s in heard.others if s.tuneful]
        sounds = [heard.music_ended_s, heard.ringback_s, *tunes]
        return any(s is not None and armed_s <= s <= until_s + 0.1 for s in sounds)

    def _retract(self, heard: Heard, why: str, barrier_s: float) -> Agent:
        onset_s = self._onset_s or 0.0
        self._resumed = self._resumed or why == "music_resumed"
        self._announced = self._announced or why == "announcement_followed"
        self._onset_s, self._barrier_s = None, barrier_s
        sign = Sign(why, heard.now_s, WEIGHTS[why])
        return self._report(heard.now_s, AgentPhase.RETRACTED, onset_s, [sign])

    def _fax(self, heard: Heard) -> Agent | None:
        """A fax or a modem, also one that answered before a person was awaited; after it nobody comes any more."""
        if heard.fax_s is None:
            return None
        self._machine = True
        onset_s = heard.fax_s if self._onset_s is None else self._onset_s
        return self._report(heard.now_s, AgentPhase.MACHINE, onset_s, [_sign("fax_tone", heard.fax_s)])

    def _recorder(self, heard: Heard) -> Agent | None:
        """A beep after unknown speech, and then no music: voicemail or an answering machine."""
        last = self._last_speech
        if last is None:
            return None
        # a long greeting is retracted as a monologue and goes on: the beep comes at its end, not at the retraction
        pieces = [p for p in heard.unknown if p.onset_s >= last.onset_s]
        spoke_until_s = max([last.until_s, *(heard.now_s if p.until_s is None else p.until_s for p in pieces)])
        if heard.beep_s is not None and last.onset_s <= heard.beep_s <= spoke_until_s + _MACHINE_AFTER_S:
            self._beep_s = heard.beep_s
        if self._beep_s is None:
            return None
        if heard.music_since_s is not None and heard.music_since_s > self._beep_s:
            self._beep_s = None
        elif heard.now_s - self._beep_s >= _MACHINE_QUIET_S and heard.sound_since_s is None:
            self._machine = True
            sign = Sign("beep", self._beep_s, WEIGHTS["beep"])
            onset_s = self._onset_s if self._onset_s is not None else last.onset_s
            return self._report(heard.now_s, AgentPhase.MACHINE, onset_s, [sign])
        return None

    def _proven(self, signs: list[Sign], waits: list[float], heard: Heard) -> bool:
        if self._beep_s is not None or heard.burst_s > 0.0 or heard.sounding_s > 0.15:
            return False
        enough = BIAS + sum(s.weight for s in signs)
        if confidence(enough) < CONFIRM:
            return False
        names = {s.sign for s in signs}
        if names & INTERACTION:
            return True
        if not names & CONNECTED and not self._queued(heard, self._onset_s or 0.0):
            return sum(w for w in waits if w >= LEAST_WAIT_S) >= PATIENCE_S
        return max(waits, default=0.0) >= LEAST_WAIT_S

    def _signs(self, heard: Heard, turns: list[Turn]) -> list[Sign]:
        first, armed_s = turns[0], self._armed_s or 0.0
        signs = [_sign("novel_speech", first.onset_s)]
        if first.length_s <= _SHORT_TURN_S and not first.going_on:
            signs.append(_sign("short_turn", first.until_s))
        tune = last_tune(heard)
        before = {
            "music_ended": heard.music_ended_s if tune is None else max(heard.music_ended_s or 0.0, tune[1]),
            "announcement_ended": heard.prompt_ended_s,
            "ringback_ended": heard.ringback_s,
        }
        for name, at_s in before.items():
            reach_s = 7.0 if name == "ringback_ended" else _JUST_S
            if at_s is not None and armed_s <= at_s <= first.onset_s + 0.1 and first.onset_s - at_s <= reach_s:
                signs.append(_sign(name, at_s))
        queued = self._queued(heard, first.onset_s)
        if not queued and first.onset_s - armed_s < _SOON_S:
            signs.append(_sign("soon_after_key", first.onset_s))
        if not queued and self._announced:
            signs.append(_sign("announced_before", first.onset_s))
        if self._resumed:
            signs.append(_sign("music_resumed_before", first.onset_s))
        signs += [_sign(s.sign, s.at_s) for s in self._signals if abs(s.at_s - first.onset_s) <= _JUST_S]
        return [*signs, *self._interaction(heard, turns)]

    def _interaction(self, heard: Heard, turns: list[Turn]) -> list[Sign]:
        """Signs of somebody who takes turns with us."""
        signs: list[Sign] = []
        waits = waits_between(turns, heard)
        weight = sum(wait_weight(w) for w in waits)
        if weight > 0.0:
            signs.append(Sign("turn_taking", heard.now_s, round(weight, 3)))
        for turn, wait_s in zip(turns[1:], waits, strict=False):
            if wait_s >= LEAST_WAIT_S:
                signs.append(_sign("repeated_turn", turn.onset_s))
        for start_s, end_s in self._greetings:
            for turn in turns:
                stopped = turn.onset_s < start_s < turn.until_s <= start_s + _GREETING_STOP_S
                if stopped and not turn.going_on and heard.now_s - turn.until_s >= 0.7:
                    signs.append(_sign("stopped_for_greeting", turn.until_s))
                if end_s - 0.3 <= turn.onset_s <= end_s + _GREETING_REPLY_S:
                    signs.append(_sign("answered_greeting", turn.onset_s))
        return signs

    def _report(self, now_s: float, phase: AgentPhase, onset_s: float, signs: list[Sign]) -> Agent:
        sure = round(confidence(BIAS + sum(s.weight for s in signs)), 3)
        return Agent(at=now_s, phase=phase, onset=onset_s, confidence=sure, signs=tuple(signs))


def without_repeats(heard: Heard, armed_s: float) -> list[Piece]:
    """Unknown speech that was not heard before in this call; of the menu's, nothing that hangs on to it either."""
    fresh: list[Piece] = []
    dropped_s = -1.0
    for piece in sorted(heard.unknown, key=lambda p: p.onset_s):
        until_s = heard.now_s if piece.until_s is None else piece.until_s
        again = [r for r in heard.repeats if r.covers(piece)]
        if again or piece.onset_s - dropped_s < TURN_GAP_S:
            menu = piece.onset_s - dropped_s < TURN_GAP_S or any(r.first_onset_s < armed_s for r in again)
            dropped_s = until_s if menu else dropped_s
        else:
            fresh.append(piece)
    return fresh


def after_barrier(pieces: list[Piece], barrier_s: float, now_s: float) -> tuple[list[Piece], float]:
    """Pieces that begin after the barrier, and the barrier moved behind speech that was already going on across it."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: p.onset_s):
        if piece.onset_s >= barrier_s:
            kept.append(piece)
        elif not kept:
            until_s = now_s if piece.until_s is None else piece.until_s
            barrier_s = max(barrier_s, until_s + 0.7) if until_s > barrier_s - 0.7 else barrier_s
    return kept, barrier_s


def _sign(name: str, at_s: float) -> Sign:
    return Sign(name, at_s, WEIGHTS[name])


def is_cadence(kind: ToneKind) -> bool:
    """Is this a supervisory tone rather than a recorder's beep?"""
    return kind is not ToneKind.BEEP
