"""Known prompts in a stream: candidate at 0.3 s, confirmed at 1 s, then ended or diverged (onsets to the sample)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from channels.voice.listening.bank import SEGMENT, PromptBank
from channels.voice.listening.features import BLOCK, HOP, RATE_HZ, Block, Features
from channels.voice.listening.joins import JoinSearch, joined
from channels.voice.listening.search import CandidateSearch
from channels.voice.listening.track import ENOUGH_BAD, Tail, Track, Trial
from probe.observation import Prompt, PromptPhase

_SAME_ONSET = 200
"""Samples (25 ms): two prompts that begin this close together are the same beginning."""
_SLIPPED = RATE_HZ // 2
_TWIN_DROP = 0.3
_CONFIRM = RATE_HZ
_CONFIRM_NCC = 0.4
_GIVE_UP = 2 * RATE_HZ
_TWIN_WAIT = 4 * RATE_HZ
_EXPLAINED_NCC, _EXPLAINED_MARGIN = 0.5, 0.15
_CHECKED = RATE_HZ // 4
_TAKEN_UP = 4 * RATE_HZ
"""A prompt that broke off may be taken up again for this long: so much of a stream may be lost on the way."""
_CUT_SHORT = 2 * SEGMENT
"""A prompt that lacks no more than this is through."""
_SILENT_DBM0 = -90.0
_LEAD_BLOCKS = 3
_LEAD = _LEAD_BLOCKS * BLOCK
"""Samples of silence before the stream: the first packets of a call are often lost, and then a greeting that starts
with the answer begins before the first sample that was heard."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of the stream that a known prompt explains, in samples; ``end`` is none while it goes on."""

    onset: int
    end: int | None


@dataclass(slots=True)
class PromptMatcher:
    """Follows all prompts of a bank through one stream. Inside, samples are counted from the lead before the stream.

    With ``joins`` a prompt is also found from its middle on.
    """

    bank: PromptBank
    joins: bool = False
    _features: Features = field(init=False, default_factory=Features)
    _search: CandidateSearch = field(init=False)
    _tail: Tail = field(init=False, default_factory=Tail)
    _trials: list[Trial] = field(init=False, default_factory=list)
    _tracks: list[Track] = field(init=False, default_factory=list)
    _past: list[Stretch] = field(init=False, default_factory=list)
    _middle: JoinSearch | None = field(init=False, default=None)
    _broken_off: list[tuple[Track, int]] = field(init=False, default_factory=list)
    _out: list[Prompt] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._search = CandidateSearch(self.bank)
        self._middle = JoinSearch(self.bank) if self.joins else None
        for _ in range(_LEAD_BLOCKS):
            lead = self._features.feed(np.zeros(BLOCK, dtype=np.int16))
            self._tail.append(lead, 0.0, _SILENT_DBM0)
            self._search.feed(lead, 0.0)
            if self._middle is not None:
                self._middle.feed(lead, wanted=False)

    @property
    def explained(self) -> list[Stretch]:
        """What known prompts explain, oldest first; withdrawn again where a prompt diverges before it was confirmed."""
        going = {t.heard_since: Stretch(t.heard_since, None) for t in self._tracks}
        inside = sorted([*self._past, *going.values()], key=lambda s: s.onset)
        return [Stretch(max(0, s.onset - _LEAD), None if s.end is None else max(0, s.end - _LEAD)) for s in inside]

    def feed(self, block: Block, border_dbm0: float, floor_dbm0: float) -> list[Prompt]:
        """Take the next block; ``at`` and ``onset`` of what is reported are stream seconds."""
        block = self._after_lead(block)
        self._tail.append(block, border_dbm0, floor_dbm0)
        self._out = []
        for candidate in self._search.feed(block, floor_dbm0):
            self._try(Trial(self.bank.prompts[candidate.prompt], candidate.place, candidate.skip))
        if self._middle is not None:
            for candidate in self._middle.feed(block, self._unexplained(block, border_dbm0)):
                self._try(Trial(self.bank.prompts[candidate.prompt], candidate.place, candidate.skip, joins=True))
        for track in self._tracks:
            track.follow(self._tail)
        for accepted in sorted(self._advance_trials(), key=lambda t: -t.score):
            if accepted.joins:
                self._admit_join(accepted)
            else:
                self._admit(accepted)
        self._tell_twins_apart()
        for track in list(self._tracks):
            self._judge(track)
        for track in self._tracks:
            self._announce(track)
        return self._out

    def _after_lead(self, block: Block) -> Block:
        """The block as it comes after the lead. Only the first one sounds otherwise, where the lead meets it."""
        if block.first == 0:
            return self._features.feed(block.samples.astype(np.int16))
        return replace(block, first=block.first + _LEAD, first_frame=block.first_frame + _LEAD // HOP)

    def _try(self, trial: Trial) -> None:
        tried = any(
            t.prompt is trial.prompt and t.joins == trial.joins and abs(_where(t) - _where(trial)) <= _SAME_ONSET
            for t in self._trials
        )
        if not tried and (trial.joins or not self._followed(trial)):
            self._trials.append(trial)

    def _unexplained(self, block: Block, border_dbm0: float) -> bool:
        """Is something said that no prompt explains now?"""
        well = any(t.bad == t.silent == 0 and t.doubt is None for t in self._tracks)
        return not well and bool(np.any(block.levels > border_dbm0))

    def _followed(self, trial: Trial) -> bool:
        """Is this the prompt that is being followed already, perhaps moved by a slip?"""
        near = _SAME_ONSET if trial.skip == 0 else _SLIPPED
        return any(t.prompt is trial.prompt and abs(t.onset - trial.onset) <= near for t in self._tracks)

    def _advance_trials(self) -> list[Trial]:
        accepted: list[Trial] = []
        waiting: list[Trial] = []
        for trial in self._trials:
            verdict: bool | None = None
            while verdict is None and trial.due(self._tail):
                verdict = trial.check(self._tail)
            if verdict is None:
                waiting.append(trial)
            elif verdict:
                accepted.append(trial)
        self._trials = waiting
        return accepted

    def _admit(self, trial: Trial) -> None:
        """A new prompt takes over from one that no longer fits; a word inside a prompt that still fits is none."""
        if any(s.end is not None and s.onset <= trial.onset < s.end - _SAME_ONSET for s in self._past):
            return
        if self._followed(trial):
            return
        cut_short: list[Track] = []
        if not self._take_over(trial, trial.onset, cut_short):
            return
        track = trial.track()
        track.cut_short = [*cut_short, *(cut for twin in self._twins(track) for cut in twin.cut_short)]
        track.follow(self._tail)
        self._tracks.append(track)

    def _admit_join(self, trial: Trial) -> None:
        """A prompt from its middle on: one that broke off or jumped, or one whose beginning was never heard."""
        if any(s.end is not None and s.onset <= trial.place < s.end - _SAME_ONSET for s in self._past):
            return
        own = next((t for t in self._tracks if t.prompt is trial.prompt), None)
        if own is not None:
            if own.bad or own.silent or own.doubt is not None:
                own.move(trial.place, trial.skip)
                own.follow(self._tail)
            return
        broken = next((b for b in self._broken_off if b[0].prompt is trial.prompt and self._goes_on(b, trial)), None)
        join = joined(trial.prompt, trial.place, trial.skip, self._tail, 0 if broken is None else broken[1])
        if join is None or not self._take_over(trial, trial.place):
            return
        if broken is None:
            track = trial.track()
            track.heard_since, track.told_onset = join.since, max(trial.onset, join.quiet)
        else:
            track = broken[0]
            self._past = [s for s in self._past if s.onset != track.heard_since]
            self._broken_off.remove(broken)
            track.announced = track.confirmed = False
            track.move(trial.place, trial.skip)
        track.follow(self._tail)
        self._tracks.append(track)

    def _goes_on(self, broken: tuple[Track, int], trial: Trial) -> bool:
        """Does the trial go on about where the prompt broke off, and soon enough?"""
        track, stopped = broken
        heard = stopped - track.onset - track.drift
        return stopped - SEGMENT <= trial.place <= stopped + _TAKEN_UP and trial.skip >= heard - 2 * SEGMENT

    def _take_over(self, trial: Trial, begins: int, cut_short: list[Track] | None = None) -> bool:
        """End the prompts that this one follows; false when one of them still explains it.

        A confirmed one that is not through is put into ``cut_short``: what became of it is told once this one is sure.
        """
        checked = trial.place + min(_CHECKED, trial.prompt.length - trial.skip)
        for rival in list(self._tracks):
            twin = abs(rival.onset - trial.onset) <= _SAME_ONSET and rival.late == (trial.skip > 0)
            if twin or rival.end - trial.onset < _SAME_ONSET:
                continue
            fits = rival.fits(self._tail, trial.place, min(checked, rival.end)) if rival.onset < trial.place else 1.0
            if fits >= min(_EXPLAINED_NCC, trial.score - _EXPLAINED_MARGIN):
                return False
            if cut_short is not None and rival.confirmed and rival.end - begins > _CUT_SHORT:
                cut_short.append(rival)
                self._tracks.remove(rival)
                self._past = [*self._past[-9:], Stretch(rival.heard_since, begins)]
            else:
                self._finish(rival, PromptPhase.ENDED, begins)
        return True

    def _twins(self, track: Track) -> list[Track]:
        return [t for t in self._tracks if t is not track and abs(t.onset - track.onset) <= _SAME_ONSET]

    def _tell_twins_apart(self) -> None:
        for track in list(self._tracks):
            for twin in self._twins(track):
                pairs = zip([*track.merits, track.doubt], [*twin.merits, twin.doubt], strict=False)
                if any(b - a > _TWIN_DROP for a, b in pairs if a is not None and b is not None):
                    self._drop(track)
                    break

    def _judge(self, track: Track) -> None:
        heard = self._tail.end - track.onset
        if track.silent >= ENOUGH_BAD:
            self._broke_off(track)
            self._finish(track, PromptPhase.ENDED, track.bad_since)
        elif track.bad >= ENOUGH_BAD:
            self._diverge(track)
        elif self._twins(track):
            if self._tail.end >= track.end + _TWIN_WAIT:
                self._drop(max((track, *self._twins(track)), key=lambda t: t.prompt.length))
        elif self._tail.end >= track.end and track.doubt is None:
            if self._sure(track) and (track.judged >= _CONFIRM or not track.joined):
                self._confirm(track)
                self._finish(track, PromptPhase.ENDED, track.end)
            else:
                self._drop(track)
        elif not track.confirmed and track.judged >= _CONFIRM:
            if track.bad == track.silent == 0 and self._sure(track):
                self._confirm(track)
            elif heard >= _GIVE_UP:
                self._drop(track)

    def _diverge(self, track: Track) -> None:
        """Two segments that do not fit and are not silent: another text goes on."""
        self._broke_off(track)
        if track.confirmed:
            self._finish(track, PromptPhase.DIVERGED, track.bad_since)
        else:
            self._drop(track)

    def _broke_off(self, track: Track) -> None:
        if self.joins:
            self._broken_off = [*self._broken_off[-3:], (track, track.bad_since)]

    def _sure(self, track: Track) -> bool:
        return track.score >= _CONFIRM_NCC

    def _announce(self, track: Track) -> None:
        best = max((track, *self._twins(track)), key=lambda t: t.score)
        if not track.announced and track is best and not any(t.announced for t in self._twins(track)):
            track.announced = True
            self._say(track, PromptPhase.CANDIDATE)

    def _confirm(self, track: Track) -> None:
        if not track.announced:
            track.announced = True
            self._say(track, PromptPhase.CANDIDATE)
        if not track.confirmed:
            track.confirmed = True
            self._say(track, PromptPhase.CONFIRMED)
            self._tell_cut_short(track, PromptPhase.ENDED)

    def _finish(self, track: Track, phase: PromptPhase, end: int) -> None:
        self._tracks.remove(track)
        self._tell_cut_short(track, PromptPhase.ENDED)
        if track.announced:
            self._say(track, phase, end)
        if phase is PromptPhase.ENDED or track.confirmed:
            self._past = [*self._past[-9:], Stretch(track.heard_since, end)]

    def _drop(self, track: Track) -> None:
        """It was not this prompt: a twin won, or another text followed the same first words."""
        if track in self._tracks:
            self._tracks.remove(track)
            if track.announced:
                self._say(track, PromptPhase.DIVERGED)
            if not self._twins(track):  # what it seemed to cut short went on with words of no prompt
                self._tell_cut_short(track, PromptPhase.DIVERGED)

    def _tell_cut_short(self, track: Track, phase: PromptPhase) -> None:
        for cut in track.cut_short:
            self._say(cut, phase, track.onset)
        for one in (track, *self._twins(track)):
            one.cut_short = []

    def _say(self, track: Track, phase: PromptPhase, end: int | None = None) -> None:
        at_s, onset_s = (self._tail.end - _LEAD) / RATE_HZ, max(0, track.told_onset - _LEAD) / RATE_HZ
        until_s = None if end is None else min(at_s, max(0, end - _LEAD) / RATE_HZ)
        score = float(np.clip(track.score, 0.0, 1.0))
        self._out += [
            Prompt(at=at_s, name=name, phase=phase, onset=onset_s, score=score, until=until_s)
            for name in track.prompt.names
        ]


def _where(trial: Trial) -> int:
    """What trials are told apart by: their place, or the onset that parts of one prompt agree on."""
    return trial.place - trial.skip if trial.joins else trial.place
