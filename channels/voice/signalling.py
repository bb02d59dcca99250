"""What the raw SIP messages of one call say, as observations. Pure: messages in, values out."""

from __future__ import annotations

from typing import Final

from channels.voice import sipmsg
from channels.voice.siplog import LoggedMessage
from channels.voice.sipmsg import SipMessage
from probe.observation import Answered, Observation, Placed, Progress, Refused, Signalled

_MAX_PROGRESS: Final = 50
"""A far end that sends more provisional answers, or other requests, floods us: the rest goes to the trace only."""
_SESSION_REFRESH: Final = "session refresh"
_DIRECTIONS: Final = ("a=sendonly", "a=recvonly", "a=inactive")


class Signalling:
    """Follows one call's messages. Instants monotonic."""

    def __init__(self) -> None:
        self.placed_at: float | None = None
        self.answered_at: float | None = None
        self.final: Refused | None = None
        self.responses = 0
        self.invites = 0
        self.allowed: frozenset[str] = frozenset()
        self.offer = ""
        self.bye_cause = ""
        self._offered_at: float | None = None
        self._invite_answer = 0
        self._bye_confirmed = False
        self._invite_cseq = 0
        self._seen: set[tuple[str, int]] = set()
        self._far_media = ""

    @property
    def unreadable(self) -> bool:
        """Whether the far end sent an answer that pjsip could not accept."""
        return self._offered_at is not None and self.answered_at is None

    @property
    def settled(self) -> bool:
        """Whether the far end has nothing of this call left: no INVITE without an end, no dialog without a BYE."""
        if self.placed_at is None or self._invite_answer >= 300:
            return True
        return self._invite_answer >= 200 and self._bye_confirmed

    def take(self, logged: LoggedMessage) -> list[Observation]:
        """One message, before pjsip acts on it."""
        message = sipmsg.parse(logged.text)
        if message is None:
            return []
        if logged.sent:
            return self._sent(logged, message)
        if message.method == "BYE":
            self._bye_confirmed = True
        elif message.method == "INVITE" and message.code >= 200 and message.cseq[0] == self._invite_cseq:
            self._invite_answer = message.code
        return self._response(logged, message) if message.code else self._request(logged, message)

    def _sent(self, logged: LoggedMessage, message: SipMessage) -> list[Observation]:
        if message.method == "ACK" and self._offered_at is not None and self.answered_at is None:
            # pjsip acknowledges what it accepts: a malformed 200 is no answer
            self.answered_at = self._offered_at
            return [Answered(at=self._offered_at)]
        if message.method != "INVITE" or message.code or self.answered_at is not None:
            return []
        self.invites += 1
        if message.cseq[0] != self._invite_cseq:
            # a new attempt, with credentials or a longer session: the refusal before it is no end
            self._invite_cseq, self.final, self._invite_answer = message.cseq[0], None, 0
        if self.placed_at is not None:
            return []
        self.placed_at, self.offer = logged.at, message.body
        return [Placed(at=logged.at)]

    def _response(self, logged: LoggedMessage, message: SipMessage) -> list[Observation]:
        if message.method != "INVITE" or self.answered_at is not None:
            return []
        self.responses += 1
        if allow := message.every("allow"):
            self.allowed = frozenset(item.upper() for item in allow)
        self._far_media = _media_of(message) or self._far_media
        if message.code < 200:
            if self.responses > _MAX_PROGRESS:
                return []
            early = message.has_sdp
            return [Progress(at=logged.at, code=message.code, phrase=message.phrase, early_media=early)]
        if message.code < 300:
            self._offered_at = logged.at if self._offered_at is None else self._offered_at
            return []
        self.final = Refused(
            at=logged.at, code=message.code, phrase=message.phrase, retry_after_s=_seconds(message.first("retry-after"))
        )
        return []

    def _request(self, logged: LoggedMessage, message: SipMessage) -> list[Observation]:
        key = (message.method, message.cseq[0])
        if key in self._seen or len(self._seen) > _MAX_PROGRESS:
            return []
        if message.method == "BYE":
            self.bye_cause = message.first("reason")
        if message.method not in ("INVITE", "UPDATE", "REFER"):
            return []
        self._seen.add(key)
        return [Signalled(at=logged.at, method=message.method, detail=self._detail(message))]

    def _detail(self, message: SipMessage) -> str:
        """What changed, in a few words: identity, media direction, media address."""
        if message.method == "REFER":
            return f"transfer refused, to {sipmsg.address_of(message.first('refer-to'))}"
        found = []
        if identity := message.first("p-asserted-identity") or message.first("remote-party-id"):
            found.append(f"identity {sipmsg.address_of(identity)}")
        media = _media_of(message)
        if media and media != self._far_media:
            self._far_media = media
            found.append(f"media moved to {media}")
        found += [line[2:] for line in map(str.strip, message.body.splitlines()) if line in _DIRECTIONS]
        return ", ".join(found) or _SESSION_REFRESH


def is_sign(seen: Signalled) -> bool:
    """Whether the ear should know: a mere session refresh and a refused transfer tell nothing of who is there."""
    return seen.method != "REFER" and seen.detail != _SESSION_REFRESH


def _media_of(message: SipMessage) -> str:
    """``address:port`` of the first audio stream of an SDP."""
    lines = [line.strip() for line in message.body.splitlines()] if message.has_sdp else []
    address = next((line.rpartition(" ")[2] for line in lines if line.startswith("c=IN ")), "")
    port = next((line.split(" ")[1] for line in lines if line.startswith("m=audio ") and " " in line), "")
    return f"{address}:{port}" if address and port else ""


def _seconds(retry_after: str) -> float | None:
    digits = retry_after.strip()
    for mark in " ;(":
        digits = digits.partition(mark)[0]
    return float(digits) if digits.isdecimal() and len(digits) < 7 else None
