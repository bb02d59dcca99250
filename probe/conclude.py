"""From a walk and the session's report to the Outcome: timings, step results, the case for the agent."""

from __future__ import annotations

from probe.drift import changes
from probe.judge import Judgement, judge
from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    KeysPressed,
    Message,
    Placed,
    Progress,
    Prompt,
    PromptPhase,
    Sender,
)
from probe.outcome import AgentEvidence, AgentSign, Outcome, StepResult, StepVerdict, Timings
from probe.quality import DEFAULT, Measured, QualityLimits
from probe.reasons import Verdict
from probe.script import ExpectStep
from probe.session import Report
from probe.speech import stretches
from probe.walk import StepEnd, StepRun, Walk
from probe.words import Language, word

_VERDICT_BY_END = {
    StepEnd.MET: StepVerdict.PASS,
    StepEnd.SKIPPED: StepVerdict.PASS,
    StepEnd.CHANGED: StepVerdict.DEGRADED,
    StepEnd.DEADLINE: StepVerdict.FAIL,
    StepEnd.CALL_OVER: StepVerdict.FAIL,
    StepEnd.NEVER: StepVerdict.FAIL,
    StepEnd.MACHINE: StepVerdict.FAIL,
    StepEnd.STOPPED: StepVerdict.INCONCLUSIVE,
    StepEnd.LET_GO: StepVerdict.NOT_REACHED,
    StepEnd.NOT_REACHED: StepVerdict.NOT_REACHED,
}


def conclude(
    walk: Walk,
    report: Report,
    language: Language = "id",
    limits: QualityLimits = DEFAULT,
    usual_mos: float | None = None,
) -> Outcome:
    """The outcome of a run, its details said in ``language``; total, like the judge. ``usual_mos``: of its line."""
    judgement = judge(walk, Measured(media=report.media, sound=report.sound, usual_mos=usual_mos), limits)
    changed = {id(change.run): change.name for change in changes(walk)}
    return Outcome(
        verdict=judgement.verdict,
        stage=judgement.stage,
        reason=judgement.reason,
        owner=judgement.owner,
        detail=judgement.detail.say(language),
        accessibility=judgement.accessibility,
        availability=judgement.availability,
        timings=timings(walk),
        steps=tuple(_step(walk, run, judgement, changed.get(id(run)), language) for run in walk.steps),
        agent=_agent(walk),
        media=report.media,
        evidence=report.evidence,
    )


def t0(walk: Walk) -> float:
    """The instant all times count from; the start of the walk when nothing was ever sent."""
    return next((placed.at for placed in walk.seen(Placed)), walk.began)


def timings(walk: Walk) -> Timings:
    """The times of the contract, in seconds."""
    zero = t0(walk)
    ringing = next((p.at for p in walk.seen(Progress) if p.code >= 180), None)
    answered = next((a.at for a in walk.seen(Answered)), None)
    keys = walk.seen(KeysPressed)
    last_key = keys[-1].at if keys else None
    agent = _confirmed(walk)
    onset = agent.onset if agent else None
    greeting = _greeting(walk, onset)
    return Timings(
        pdd_s=_between(zero, ringing),
        setup_s=_between(zero, answered),
        time_to_greeting_s=_between(zero, greeting),
        menu_s=_between(greeting, last_key),
        queue_s=_between(last_key, onset),
        time_to_agent_s=_between(zero, onset),
        total_s=_between(zero, walk.ended),
    )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)


def _greeting(walk: Walk, agent_onset: float | None) -> float | None:
    """Onset of the first IVR prompt or bot reply; unknown speech counts, the agent's does not."""
    onsets = [p.onset for p in walk.seen(Prompt) if p.phase is PromptPhase.CONFIRMED]
    onsets += [s.onset for s in stretches(walk.log)]
    onsets += [m.onset for m in walk.seen(Message) if m.sender is not Sender.HUMAN]
    before = [onset for onset in onsets if agent_onset is None or onset < agent_onset - 0.001]
    return min(before, default=None)


def _confirmed(walk: Walk) -> Agent | None:
    return next((a for a in walk.seen(Agent) if a.phase is AgentPhase.CONFIRMED), None)


def _agent(walk: Walk) -> AgentEvidence | None:
    """The case for a human: the confirmed one, or a suspicion that was never retracted."""
    agents = walk.seen(Agent)
    agent = _confirmed(walk) or (agents[-1] if agents and agents[-1].phase is AgentPhase.SUSPECTED else None)
    if agent is None:
        return None
    zero = t0(walk)
    return AgentEvidence(
        confidence=agent.confidence,
        onset_s=agent.onset - zero,
        signs=tuple(AgentSign(sign=s.sign, at_s=s.at - zero, weight=s.weight) for s in agent.signs),
    )


def _step(walk: Walk, run: StepRun, judgement: Judgement, changed: str | None, language: Language) -> StepResult:
    zero = t0(walk)
    verdict = _VERDICT_BY_END[run.end]
    if verdict is StepVerdict.FAIL and judgement.verdict is Verdict.INCONCLUSIVE:
        verdict = StepVerdict.INCONCLUSIVE
    if verdict is StepVerdict.PASS and (run.slow or changed):
        verdict = StepVerdict.DEGRADED
    return StepResult(
        step=run.step.text,
        verdict=verdict,
        at_s=None if run.started is None else max(0.0, run.started - zero),
        took_s=run.waited_s,
        detail=word("detail.prompt_changed", language, name=changed) if changed else _detail(run, judgement, language),
    )


def _detail(run: StepRun, judgement: Judgement, language: Language) -> str:
    match run.end:
        case StepEnd.SKIPPED:
            return word("detail.optional", language)
        case StepEnd.MET if isinstance(run.step, ExpectStep) and len(run.step.expect) > 1:
            return run.what
        case StepEnd.MET if run.what and not isinstance(run.step, ExpectStep):
            return word("detail.hung_up", language)
        case StepEnd.MET:
            return ""
        case StepEnd.LET_GO:
            return word("detail.let_go", language)
        case StepEnd.NOT_REACHED:
            return ""
        case _:
            return judgement.detail.say(language)
