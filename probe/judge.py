"""From what was seen to verdict, stage and reason: a pure and total function (the contract: "Verdict, stage, reason").

The order of the questions is the order of blame: our own side first, then the way to the far end, then the far end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from probe.detail import NOTHING, Detail, cause, detail
from probe.drift import changes
from probe.hearing import Hearing
from probe.observation import Answered, Handoff, Message, Refused, Trouble, Unreachable
from probe.quality import DEFAULT, NOTHING_MEASURED, Measured, QualityLimits, poor
from probe.reasons import RULES, Judged, Owner, Reason, Stage, Verdict, owner_of
from probe.script import ChooseStep, ExpectStep, PressStep, SendStep, expects_agent
from probe.walk import UNHEARD_S, StepEnd, StepRun, Walk

REASON_BY_CODE: Final = {
    401: Reason.TRUNK_AUTH_REJECTED,
    403: Reason.FORBIDDEN,
    404: Reason.NUMBER_UNKNOWN,
    406: Reason.NO_COMMON_CODEC,
    407: Reason.TRUNK_AUTH_REJECTED,
    408: Reason.NO_ANSWER,
    410: Reason.NUMBER_UNKNOWN,
    415: Reason.NO_COMMON_CODEC,
    480: Reason.UNAVAILABLE_480,
    484: Reason.NUMBER_UNKNOWN,
    486: Reason.BUSY,
    487: Reason.NO_ANSWER,
    488: Reason.NO_COMMON_CODEC,
    503: Reason.UNAVAILABLE,
    600: Reason.BUSY,
    603: Reason.DECLINED,
    604: Reason.NUMBER_UNKNOWN,
    606: Reason.NO_COMMON_CODEC,
}
"""Final SIP answers (RFC 3261 § 21); every other code falls into its class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict with its reason, and what of the service it proves."""

    verdict: Verdict
    stage: Stage | None = None
    reason: Reason | None = None
    detail: Detail = NOTHING
    accessibility: Judged = Judged.OK
    availability: Judged = Judged.NOT_JUDGED

    @property
    def owner(self) -> Owner | None:
        """Whose the reason is; null on pass."""
        return owner_of(self.reason, self.stage) if self.reason and self.stage else None


_Found = tuple[Reason, Stage, Detail]


def judge(walk: Walk, measured: Measured = NOTHING_MEASURED, limits: QualityLimits = DEFAULT) -> Judgement:
    """Judge a walk and how its line sounded; never raises, whatever was seen."""
    availability_asked = expects_agent(walk.script)
    found = _find(walk)
    if found is None:
        degraded = _degraded(walk, measured, limits)
        available = Judged.OK if availability_asked else Judged.NOT_JUDGED
        if degraded is None:
            return Judgement(verdict=Verdict.PASS, availability=available)
        reason, stage, seen = degraded
        return Judgement(verdict=Verdict.DEGRADED, stage=stage, reason=reason, detail=seen, availability=available)
    reason, stage, seen = found
    reached = stage if stage is not Stage.MEDIA else _reached(walk)
    accessibility, availability = _judged(RULES[reason].verdict, stage, reached)
    return Judgement(
        verdict=RULES[reason].verdict,
        stage=stage,
        reason=reason,
        detail=seen,
        accessibility=accessibility,
        availability=availability if availability_asked else Judged.NOT_JUDGED,
    )


def stage_of(walk: Walk, run: StepRun) -> Stage:
    """How far along the customer's way a step lies."""
    before = [item.step for item in walk.before(run)]
    step = run.step
    if isinstance(step, ExpectStep) and any(e == "answer" or e.startswith("status:") for e in step.expect):
        return Stage.ACCESS
    keys_out = any(isinstance(item, (PressStep, ChooseStep)) for item in before)
    if any(isinstance(item, ExpectStep) and "agent" in item.expect for item in before):
        return Stage.AGENT
    if isinstance(step, ExpectStep) and {"agent", "music", "handoff"} & set(step.expect):
        return Stage.QUEUE
    if any(isinstance(item, ExpectStep) and {"music", "handoff"} & set(item.expect) for item in before):
        return Stage.QUEUE
    return Stage.MENU if keys_out or isinstance(step, (PressStep, ChooseStep)) else Stage.IVR


def _reached(walk: Walk) -> Stage:
    return stage_of(walk, walk.failed) if walk.failed else Stage.AGENT


def _judged(verdict: Verdict, stage: Stage, reached: Stage) -> tuple[Judged, Judged]:
    if verdict is Verdict.INCONCLUSIVE:
        accessible = Judged.NOT_JUDGED if stage is Stage.PROBE else Judged.OK
        return accessible, Judged.NOT_JUDGED
    if reached in (Stage.QUEUE, Stage.AGENT):
        return Judged.OK, Judged.NOT_OK
    return Judged.NOT_OK, Judged.NOT_JUDGED


def _find(walk: Walk) -> _Found | None:
    """What went wrong, if anything did."""
    failed = walk.failed
    if failed is None:
        # A script that never began to run says nothing about its target.
        nothing = all(run.end is StepEnd.NOT_REACHED for run in walk.steps)
        return (Reason.INTERNAL_ERROR, Stage.PROBE, detail("not_played")) if nothing else None
    return _ours(walk) or _access(walk, failed) or _deaf(walk) or _conversation(walk, failed)


def _degraded(walk: Walk, measured: Measured, limits: QualityLimits) -> _Found | None:
    """What works and is not as it should be: what comes first on the way, then how the whole of it sounded."""
    changed = {id(change.run): change.name for change in changes(walk)}
    if odd := next((run for run in walk.steps if run.slow or id(run) in changed), None):
        if (name := changed.get(id(odd))) is not None:
            return Reason.PROMPT_CHANGED, stage_of(walk, odd), detail("prompt_changed", name=name)
        return Reason.SLOW, stage_of(walk, odd), _slow_detail(odd)
    # packets that our own busy machine had no time for say nothing about the line
    seen = None if _deaf(walk) else poor(measured, limits)
    return None if seen is None else (Reason.QUALITY_LOW, Stage.MEDIA, seen)


def _ours(walk: Walk) -> _Found | None:
    if trouble := next(iter(walk.seen(Trouble)), None):
        if Stage.PROBE in RULES[trouble.reason].stages:
            return trouble.reason, Stage.PROBE, cause(trouble.detail)
        return Reason.INTERNAL_ERROR, Stage.PROBE, cause(f"{trouble.reason}: {trouble.detail}")
    if walk.stopped_by is not None:
        if Stage.PROBE in RULES[walk.stopped_by].stages:
            return walk.stopped_by, Stage.PROBE, NOTHING
        return Reason.INTERNAL_ERROR, Stage.PROBE, cause(f"stopped by {walk.stopped_by}")
    return None


def _deaf(walk: Walk) -> _Found | None:
    """A conversation that we missed a part of says nothing about who failed in it."""
    if walk.unheard_s < UNHEARD_S:
        return None
    return Reason.OVERLOADED, Stage.PROBE, detail("unheard", seconds=f"{walk.unheard_s:.1f}")


def _access(walk: Walk, failed: StepRun) -> _Found | None:
    """The call did not come about."""
    if unreachable := next(iter(walk.seen(Unreachable)), None):
        if unreachable.through_trunk:
            return Reason.TRUNK_DOWN, Stage.PROBE, cause(unreachable.cause)
        if unreachable.network_ok:
            return Reason.UNREACHABLE, Stage.ACCESS, cause(unreachable.cause)
        return Reason.NETWORK, Stage.PROBE, cause(unreachable.cause)
    if refused := next(iter(walk.seen(Refused)), None):
        reason = _reason_of(refused)
        stage = Stage.PROBE if RULES[reason].verdict is Verdict.INCONCLUSIVE else Stage.ACCESS
        return reason, stage, cause(f"SIP {refused.code} {refused.phrase}".strip())
    text = bool(walk.seen(Message)) or any(isinstance(s, SendStep) for s in walk.script)
    wants_answer = isinstance(failed.step, ExpectStep) and "answer" in failed.step.expect
    if not text and (wants_answer or not walk.seen(Answered)) and not _heard_early(walk, failed):
        return Reason.NO_ANSWER, Stage.ACCESS, _deadline_detail(failed)
    return None


def _heard_early(walk: Walk, failed: StepRun) -> bool:
    """Early media let the script go on without an answer."""
    return any(run.end is StepEnd.MET for run in walk.steps) and bool(Hearing(walk, failed).anything)


def _reason_of(refused: Refused) -> Reason:
    code = refused.code
    if code == 403 and refused.through_trunk:
        return Reason.TRUNK_AUTH_REJECTED
    if known := REASON_BY_CODE.get(code):
        return known
    if 300 <= code < 400:
        return Reason.REDIRECTED
    return Reason.SERVER_ERROR if 500 <= code < 600 else Reason.REJECTED


def _conversation(walk: Walk, failed: StepRun) -> _Found:
    """The call was up and did not go as the script says."""
    hearing = Hearing(walk, failed)
    stage = stage_of(walk, failed)
    if any(isinstance(item, (SendStep, ChooseStep)) for item in walk.script):
        return _text(walk, failed)
    if failed.end is StepEnd.NEVER:
        reason = Reason.WRONG_PROMPT if failed.what.startswith("prompt:") else Reason.NOT_OBSERVED
        where = Stage.IVR if stage is Stage.ACCESS else stage
        if reason is Reason.WRONG_PROMPT and where not in RULES[reason].stages:
            reason = Reason.NOT_OBSERVED
        return reason, where, detail("never", what=failed.what)
    if stage is Stage.QUEUE:
        return _queue(hearing, failed)
    if stage is Stage.AGENT:
        return _after_agent(failed)
    return _ivr(hearing, failed, Stage.MENU if stage is Stage.MENU else Stage.IVR)


def _queue(hearing: Hearing, failed: StepRun) -> _Found:
    if hearing.machine:
        return Reason.VOICEMAIL, Stage.AGENT, detail("machine")
    if hearing.suspected:
        return Reason.AGENT_UNPROVEN, Stage.AGENT, detail("unproven")
    if looped := _looped(hearing):
        return looped
    if failed.end is StepEnd.CALL_OVER:
        return Reason.DROPPED_IN_QUEUE, Stage.QUEUE, cause(hearing.end_cause)
    if media := _media(hearing):
        return media
    if hearing.silent_since_answer:
        return Reason.IVR_SILENT, Stage.IVR, _deadline_detail(failed)
    if hearing.after_key_silent:
        return Reason.DEAD_KEY, Stage.MENU, detail("dead_key")
    wants_agent = isinstance(failed.step, ExpectStep) and "agent" in failed.step.expect
    if not wants_agent:
        return Reason.NOT_OBSERVED, Stage.QUEUE, _step_detail(failed)
    return Reason.AGENT_TIMEOUT, Stage.QUEUE, _deadline_detail(failed)


def _after_agent(failed: StepRun) -> _Found:
    if failed.end is StepEnd.CALL_OVER:
        return Reason.DROPPED_BY_AGENT, Stage.AGENT, detail("hung_up_before", step=failed.step.text)
    return Reason.NOT_OBSERVED, Stage.AGENT, _step_detail(failed)


def _ivr(hearing: Hearing, failed: StepRun, stage: Stage) -> _Found:
    if looped := _looped(hearing):
        return looped
    if failed.end is StepEnd.CALL_OVER:
        return Reason.DROPPED_IN_MENU, Stage.MENU, _dropped_detail(hearing)
    wants_prompt = isinstance(failed.step, ExpectStep) and any(
        e == "speech" or e.startswith("prompt:") for e in failed.step.expect
    )
    if hearing.other_prompt and wants_prompt:
        return Reason.WRONG_PROMPT, stage, detail("heard_prompt", name=hearing.other_prompt)
    if hearing.unknown_speech and wants_prompt:
        return Reason.PROMPT_NOT_HEARD, stage, detail("heard_speech")
    if media := _media(hearing):
        return media
    if not hearing.anything_in_step:
        return Reason.IVR_SILENT, stage, _deadline_detail(failed)
    if wants_prompt:
        return Reason.PROMPT_NOT_HEARD, stage, detail("heard", kinds=hearing.kinds)
    return Reason.NOT_OBSERVED, stage, _step_detail(failed)


def _looped(hearing: Hearing) -> _Found | None:
    """The key had no effect: what was said before it is said again."""
    if name := hearing.looped_prompt:
        return Reason.MENU_LOOP, Stage.MENU, detail("looped", name=name)
    return (Reason.MENU_LOOP, Stage.MENU, detail("looped_speech")) if hearing.looped_speech else None


def _media(hearing: Hearing) -> _Found | None:
    if hearing.rtp_never:
        if hearing.private_address:
            return Reason.PRIVATE_ADDRESS, Stage.PROBE, detail("private_address")
        return Reason.NO_RTP, Stage.MEDIA, detail("no_rtp")
    if hearing.rtp_stopped_s is not None:
        return Reason.RTP_LOST, Stage.MEDIA, detail("rtp_stopped", seconds=f"{hearing.rtp_stopped_s:.0f}")
    return None


def _text(walk: Walk, failed: StepRun) -> _Found:
    """Text channels: the bot, then the hand-over, then the human."""
    wants = set(failed.step.expect) if isinstance(failed.step, ExpectStep) else set()
    if "agent" in wants and walk.seen(Handoff):
        return Reason.HANDOFF_NO_AGENT, Stage.AGENT, _deadline_detail(failed)
    if not any(message for message in walk.seen(Message)):
        return Reason.BOT_SILENT, Stage.IVR, _deadline_detail(failed)
    if {"agent", "handoff"} & wants:
        return Reason.BOT_ONLY, Stage.AGENT, _deadline_detail(failed)
    return Reason.BOT_SILENT, Stage.IVR, _step_detail(failed)


def _dropped_detail(hearing: Hearing) -> Detail:
    if last := hearing.last_prompt:
        return detail("dropped_after", name=last, cause=hearing.end_cause or "BYE")
    return cause(hearing.end_cause)


def _slow_detail(run: StepRun) -> Detail:
    limit = run.step.slow if isinstance(run.step, ExpectStep) else None
    return detail("slow", step=run.step.text, seconds=f"{run.waited_s or 0:.1f}", limit=f"{limit or 0:g}")


def _deadline_detail(run: StepRun) -> Detail:
    if isinstance(run.step, ExpectStep) and run.end is StepEnd.DEADLINE:
        return detail("deadline", seconds=f"{run.step.within:g}")
    return detail("call_over") if run.end is StepEnd.CALL_OVER else NOTHING


def _step_detail(run: StepRun) -> Detail:
    if isinstance(run.step, ExpectStep) and run.end is StepEnd.DEADLINE:
        return detail("step_deadline", step=run.step.text, seconds=f"{run.step.within:g}")
    return detail("hung_up_before", step=run.step.text)
