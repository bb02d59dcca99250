"""The closed table of verdicts, stages, reasons and owners (the contract: "Verdict, stage, reason").

A reason names what was seen; its owner says whose it is. Only a fail owned by ``ioc`` may open a ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Verdict(StrEnum):
    """What a run says about its target."""

    PASS = "pass"
    DEGRADED = "degraded"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Stage(StrEnum):
    """How far along the customer's way; ``probe`` is our own side."""

    ACCESS = "access"
    IVR = "ivr"
    MENU = "menu"
    QUEUE = "queue"
    AGENT = "agent"
    MEDIA = "media"
    PROBE = "probe"


class Owner(StrEnum):
    """Who acts on a reason."""

    IOC = "ioc"
    TEAM_LEADER = "team_leader"
    SIAGA = "siaga"


class Judged(StrEnum):
    """Accessibility and availability on the report."""

    OK = "ok"
    NOT_OK = "not_ok"
    NOT_JUDGED = "not_judged"


class Reason(StrEnum):
    """Why a run did not simply pass. Closed; a reason joins with the channel or rule that can produce it."""

    # degraded
    SLOW = "slow"
    PROMPT_CHANGED = "prompt_changed"
    QUALITY_LOW = "quality_low"
    # access
    BUSY = "busy_486"
    NUMBER_UNKNOWN = "number_unknown_404"
    UNAVAILABLE = "unavailable_503"
    UNAVAILABLE_480 = "unavailable_480"
    NO_ANSWER = "no_answer"
    REDIRECTED = "redirected"
    FORBIDDEN = "forbidden_403"
    DECLINED = "declined_603"
    SERVER_ERROR = "server_error"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    # ivr and menu
    IVR_SILENT = "ivr_silent"
    WRONG_PROMPT = "wrong_prompt"
    PROMPT_NOT_HEARD = "prompt_not_heard"
    MENU_LOOP = "menu_loop"
    DEAD_KEY = "dead_key"
    DROPPED_IN_MENU = "dropped_in_menu"
    BOT_SILENT = "bot_silent"
    # queue and agent
    AGENT_TIMEOUT = "agent_timeout"
    DROPPED_IN_QUEUE = "dropped_in_queue"
    DROPPED_BY_AGENT = "dropped_by_agent"
    VOICEMAIL = "voicemail"
    BOT_ONLY = "bot_only"
    HANDOFF_NO_AGENT = "handoff_no_agent"
    AGENT_UNPROVEN = "agent_unproven"
    # media
    NO_RTP = "no_rtp"
    RTP_LOST = "rtp_lost"
    # any stage: an expectation of the script that no more special reason covers
    NOT_OBSERVED = "not_observed"
    # our side
    TRUNK_AUTH_REJECTED = "trunk_auth_rejected"
    NO_COMMON_CODEC = "no_common_codec"
    TRUNK_DOWN = "trunk_down"
    NETWORK = "network"
    PRIVATE_ADDRESS = "private_address_in_sdp"
    ENGINE_CRASHED = "engine_crashed"
    OVERLOADED = "overloaded"
    INTERRUPTED = "interrupted"
    LEASE_BUSY = "lease_busy"
    BUDGET = "budget"
    CAP_REACHED = "cap_reached"
    INTERNAL_ERROR = "internal_error"
    # our side: what was planned and did not happen, or stopped on the way
    SHUTDOWN = "shutdown"
    MAINTENANCE = "maintenance"
    COURTESY = "courtesy"
    DOWN = "down"
    LATE = "late"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reason may be combined with."""

    verdict: Verdict
    stages: frozenset[Stage]
    owner: Owner


def _rule(verdict: Verdict, owner: Owner, *stages: Stage) -> Rule:
    return Rule(verdict, frozenset(stages), owner)


_F, _I, _D = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.DEGRADED
_TARGET_STAGES = tuple(s for s in Stage if s is not Stage.PROBE)

RULES: Final = MappingProxyType(
    {
        Reason.SLOW: _rule(_D, Owner.TEAM_LEADER, *_TARGET_STAGES),
        Reason.PROMPT_CHANGED: _rule(_D, Owner.IOC, *_TARGET_STAGES),
        Reason.QUALITY_LOW: _rule(_D, Owner.IOC, Stage.MEDIA),
        Reason.BUSY: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.NUMBER_UNKNOWN: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.UNAVAILABLE: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.UNAVAILABLE_480: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.NO_ANSWER: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.REDIRECTED: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.FORBIDDEN: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.DECLINED: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.SERVER_ERROR: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.REJECTED: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.UNREACHABLE: _rule(_F, Owner.IOC, Stage.ACCESS),
        Reason.IVR_SILENT: _rule(_F, Owner.IOC, Stage.IVR, Stage.MENU),
        Reason.WRONG_PROMPT: _rule(_F, Owner.IOC, Stage.IVR, Stage.MENU, Stage.QUEUE),
        Reason.PROMPT_NOT_HEARD: _rule(_F, Owner.IOC, Stage.IVR, Stage.MENU),
        Reason.MENU_LOOP: _rule(_F, Owner.IOC, Stage.MENU),
        Reason.DEAD_KEY: _rule(_F, Owner.IOC, Stage.MENU),
        Reason.DROPPED_IN_MENU: _rule(_F, Owner.IOC, Stage.MENU),
        Reason.BOT_SILENT: _rule(_F, Owner.IOC, Stage.IVR),
        Reason.AGENT_TIMEOUT: _rule(_F, Owner.TEAM_LEADER, Stage.QUEUE),
        Reason.DROPPED_IN_QUEUE: _rule(_F, Owner.IOC, Stage.QUEUE),
        Reason.DROPPED_BY_AGENT: _rule(_F, Owner.TEAM_LEADER, Stage.AGENT),
        Reason.VOICEMAIL: _rule(_F, Owner.TEAM_LEADER, Stage.AGENT),
        Reason.BOT_ONLY: _rule(_F, Owner.IOC, Stage.AGENT),
        Reason.HANDOFF_NO_AGENT: _rule(_F, Owner.TEAM_LEADER, Stage.AGENT),
        Reason.AGENT_UNPROVEN: _rule(_I, Owner.SIAGA, Stage.AGENT),
        Reason.NO_RTP: _rule(_F, Owner.IOC, Stage.MEDIA),
        Reason.RTP_LOST: _rule(_F, Owner.IOC, Stage.MEDIA),
        Reason.NOT_OBSERVED: _rule(_F, Owner.IOC, *_TARGET_STAGES),
        Reason.TRUNK_AUTH_REJECTED: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.NO_COMMON_CODEC: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.TRUNK_DOWN: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.NETWORK: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.PRIVATE_ADDRESS: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.ENGINE_CRASHED: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.OVERLOADED: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.INTERRUPTED: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.LEASE_BUSY: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.BUDGET: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.CAP_REACHED: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.INTERNAL_ERROR: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.SHUTDOWN: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.MAINTENANCE: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.COURTESY: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.DOWN: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.LATE: _rule(_I, Owner.SIAGA, Stage.PROBE),
        Reason.LOST: _rule(_I, Owner.SIAGA, Stage.PROBE),
    }
)
"""One rule per reason; a test asserts that none is missing."""


def owner_of(reason: Reason, stage: Stage) -> Owner:
    """Whose the reason is. A slow way to the menu is the system's, a slow queue is a matter of staffing."""
    if reason is Reason.SLOW and stage in (Stage.ACCESS, Stage.IVR, Stage.MENU):
        return Owner.IOC
    return RULES[reason].owner
