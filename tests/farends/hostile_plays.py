"""What the hostile far end does with one call: each play is a way of misbehaving, made different by its seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.farends import hostile_media as media
from tests.farends.hostile_mutator import HEADERS, NUMBERS, RUBBISH, dice, fill, mutate, mutate_sdp
from tests.farends.hostile_sip import PHRASES, Draft, Request, Scene
from tests.farends.hostile_torture import HERE, TORTURES

FINALS: Final = (
    200,
    200,
    300,
    302,
    305,
    380,
    400,
    401,
    407,
    415,
    420,
    421,
    422,
    423,
    481,
    486,
    488,
    491,
    493,
    494,
    500,
    503,
    600,
    606,
)
PROVISIONALS: Final = (100, 180, 181, 183, 183, 199)
IN_DIALOG: Final = (
    "BYE", "INFO", "INVITE", "UPDATE", "REFER", "NOTIFY", "OPTIONS", "MESSAGE", "PRACK", "CANCEL", "ACK", "SUBSCRIBE",
    "REGISTER", "PUBLISH", "NONSENSE",
)  # fmt: skip
BEAT_S: Final = 0.02


@dataclass
class Counts:
    """What has been sent. ``answers`` and ``requests`` are malformed or out of order; RTP is not among them."""

    answers: int = 0
    requests: int = 0
    strays: int = 0
    repeats: int = 0
    rtp: int = 0
    calls: int = 0

    @property
    def malformed(self) -> int:
        """Malformed SIP messages, repetitions not counted."""
        return self.answers + self.requests + self.strays


@dataclass
class Act:
    """One call on stage."""

    scene: Scene
    rng: random.Random
    counts: Counts
    transmit: Callable[[bytes], None]
    transmit_rtp: Callable[[bytes, tuple[str, int]], None]
    inbox: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    spoil_rest: bool = False
    """Answer later requests of the call (BYE, CANCEL, INFO) badly as well."""
    deaf: bool = False
    """Answer no later request at all."""
    later: random.Random = field(init=False)
    """For those answers, so that their number and moment change nothing in the play."""

    def __post_init__(self) -> None:
        # mostly such that what the caller sends to a Contact comes back to us
        self._reachable = self.rng.random() < 0.7
        self.later = dice(self.rng.getrandbits(64))

    def proper(self, draft: Draft) -> None:
        self.transmit(draft.render())

    def bad(self, data: bytes, *, answer: bool = True) -> None:
        """Send something malformed, and count it."""
        if answer:
            self.counts.answers += 1
        else:
            self.counts.requests += 1
        if self._reachable:
            data = data.replace(HERE.encode(), f"{self.scene.host}:{self.scene.port}".encode())
        self.transmit(data)

    def spoil(self, draft: Draft, chance: random.Random | None = None) -> bytes:
        """A draft gone bad: tortured by name, mutated, or both."""
        chance = chance or self.rng
        if chance.random() < 0.55:
            chance.choice(list(TORTURES.values()))(draft, chance)
            if chance.random() < 0.75:
                return draft.render()
        return mutate(draft.render(), chance)

    async def beat(self, beats: float = 1) -> None:
        await asyncio.sleep(BEAT_S * beats)

    async def answered(self, draft: Draft | None = None, wait_s: float = 0.6) -> bool:
        """Accept the call properly; whether the ACK came."""
        self.proper(draft or self.scene.accept())
        return await self.acknowledged(wait_s)

    async def acknowledged(self, wait_s: float = 0.6) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.confirmed.wait(), wait_s)
        return self.confirmed.is_set()

    def rtp(self, packets: Iterable[bytes], port_offset: int = 0) -> None:
        target = self.scene.request.media
        if target is not None:
            for packet in packets:
                self.counts.rtp += 1
                self.transmit_rtp(packet, (target[0], target[1] + port_offset))


Play = Callable[[Act], Awaitable[None]]


async def torture(act: Act) -> None:
    """One idea of RFC 4475 (the seed chooses), on provisional and final answers and on requests inside the dialog."""
    names = list(TORTURES)
    deform = TORTURES[names[act.rng.randrange(len(names))]]
    drafts = [act.scene.answer(act.rng.choice((180, 183))), act.scene.accept(183), act.scene.accept()]
    if act.rng.random() < 0.5:
        drafts.append(act.scene.answer(act.rng.choice(FINALS)))
    for draft in drafts:
        deform(draft, act.rng)
        act.bad(draft.render())
        await act.beat()
    await act.answered()
    for method in act.rng.sample(IN_DIALOG, 5):
        request = act.scene.ask(method)
        if method in ("INVITE", "UPDATE"):
            request.carry(act.scene.sdp())
        deform(request, act.rng)
        act.bad(request.render(), answer=False)
        await act.beat()
    act.spoil_rest = True


async def mutated(act: Act) -> None:
    """Provisional and final answers, byte by byte wrong."""
    for _ in range(3):
        code = act.rng.choice(PROVISIONALS)
        act.bad(act.spoil(act.scene.accept(code) if act.rng.random() < 0.4 else act.scene.answer(code)))
        await act.beat()
    code = act.rng.choice(FINALS)
    act.bad(act.spoil(act.scene.accept(code) if code == 200 else act.scene.answer(code)))
    await act.beat()
    act.bad(act.spoil(act.scene.accept()))
    act.spoil_rest = True


async def dialog(act: Act) -> None:
    """A proper call, then malformed requests inside it."""
    if not await act.answered():
        return
    for _ in range(6):
        method = act.rng.choice(IN_DIALOG)
        request = act.scene.ask(method)
        if act.rng.random() < 0.5:
            request.carry(
                act.scene.sdp(), act.rng.choice(("application/sdp", "application/dtmf-relay", "message/sipfrag"))
            )
        act.bad(act.spoil(request), answer=False)
        await act.beat()
    act.spoil_rest = True


async def description(act: Act) -> None:
    """Spoilt SDP in early media and in the answer, then RTP of all kinds."""
    if act.rng.random() < 0.5:
        act.bad(act.scene.answer(183).carry(mutate_sdp(act.scene.sdp(), act.rng)).render())
        await act.beat()
    act.bad(act.scene.answer(200).carry(mutate_sdp(act.scene.sdp(), act.rng)).render())
    if await act.acknowledged():
        act.rtp(media.speech(act.rng))
        act.rtp(media.garbage(act.rng, 10))


async def offer(act: Act) -> None:
    """A proper call, then re-INVITEs and UPDATEs with spoilt offers."""
    if not await act.answered():
        return
    act.rtp(media.speech(act.rng))
    for _ in range(5):
        method = act.rng.choice(("INVITE", "INVITE", "UPDATE"))
        request = act.scene.ask(method)
        if act.rng.random() < 0.85:
            request.carry(mutate_sdp(act.scene.sdp(), act.rng))
        act.bad(request.render(), answer=False)
        await act.beat(2)
        if act.rng.random() < 0.7 and method == "INVITE":
            ack = act.scene.ask("ACK", cseq=int(request.get("CSeq").split()[0]))
            if act.rng.random() < 0.4:
                ack.carry(mutate_sdp(act.scene.sdp(), act.rng))
            act.bad(ack.render(), answer=False)
        act.rtp(media.speech(act.rng, 3))


async def challenge(act: Act) -> None:
    """Monstrous challenges."""
    for _ in range(3):
        code = act.rng.choice((401, 407, 401, 494))
        answer = act.scene.answer(code)
        name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
        for _ in range(act.rng.choice((1, 2, 40))):
            big = act.rng.choice((*RUBBISH, "x" * 20_000, "siaga"))
            algorithm = act.rng.choice(("MD5", "MD5-sess", "SHA-256", "AKAv1-MD5", "AKAv2-MD5", big))
            parts = [
                f'realm="{big}"',
                f'nonce="{act.rng.choice((*RUBBISH, "n" * 3000))}"',
                f"algorithm={algorithm}",
                f'qop="{act.rng.choice(("auth", "auth-int", ",,,", big))}"',
                f'opaque="{big}"',
                f"stale={big}",
            ]
            act.rng.shuffle(parts)
            answer.add(
                name, act.rng.choice(("Digest ", "Basic ", "digest", "")) + ", ".join(parts[: act.rng.randrange(7)])
            )
        act.bad(answer.render()[:60_000])
        await act.beat(2)
        with contextlib.suppress(asyncio.QueueEmpty):
            act.scene.request = act.inbox.get_nowait()


async def redirect(act: Act) -> None:
    """More contacts than anybody has phones."""
    answer = act.scene.answer(act.rng.choice((300, 301, 302, 305, 380, 399)))
    answer.drop("Contact")
    count = act.rng.choice((1, 20, 500))
    for n in range(count):
        rubbish = act.rng.choice(("x", "", "*", "%00", "\xff", '"'))
        answer.add(
            "Contact",
            act.rng.choice(
                (
                    f"<sip:{rubbish}{n}@{HERE}>;q={act.rng.choice(NUMBERS)}",
                    f"sip:{n}@{HERE};expires={n}",
                    "*",
                    "<tel:+1>",
                )
            ),
        )
    act.bad(answer.render())
    await act.beat()
    act.bad(act.spoil(act.scene.answer(302)))


async def forks(act: Act) -> None:
    """Many far ends seem to answer one INVITE."""
    for n in range(act.rng.choice((5, 60))):
        code = act.rng.choice((180, 183, 199))
        answer = (act.scene.accept if act.rng.random() < 0.5 else act.scene.answer)(code, tag=f"fork{n}")
        if act.rng.random() < 0.4:
            answer.add("Require", "100rel")
            answer.add("RSeq", act.rng.choice((*NUMBERS, str(n))))
            answer.add("Record-Route", f"<sip:{act.scene.host}:{act.scene.port};lr>")
        act.bad(answer.render())
    await act.beat()
    for n in act.rng.sample(range(60), 6):
        answer = act.scene.accept(tag=f"fork{n}")
        act.bad(answer.render() if act.rng.random() < 0.6 else act.spoil(answer))
        await act.beat(0.5)
    request = act.scene.ask(act.rng.choice(("BYE", "UPDATE", "INVITE")))
    request.put("From", request.get("From").replace(act.scene.tag, act.rng.choice(("fork1", "fork59", "never"))))
    act.bad(request.render(), answer=False)


async def storm(act: Act) -> None:
    """The same answers, far too often and after the end."""
    answers = [act.scene.accept(183).render(), act.spoil(act.scene.answer(180)), act.scene.accept().render()]
    answers.append(act.scene.answer(act.rng.choice(FINALS)).render())
    for answer in answers:
        act.bad(answer)
        for _ in range(act.rng.choice((10, 120))):
            act.counts.repeats += 1
            act.transmit(answer)
        await act.beat(2)


async def early_requests(act: Act) -> None:
    """Requests of a dialog before there is one, and answers after its end."""
    act.bad(act.scene.ask("BYE").render(), answer=False)
    act.proper(act.scene.accept(183))
    await act.beat()
    for _ in range(4):
        request = act.scene.ask(act.rng.choice(("BYE", "CANCEL", "UPDATE", "PRACK", "INVITE", "ACK", "REFER")))
        request.carry(act.scene.sdp())
        act.bad(request.render() if act.rng.random() < 0.5 else act.spoil(request), answer=False)
        await act.beat(0.5)
    act.bad(act.scene.accept().render())
    await act.beat()
    act.bad(act.scene.ask("BYE").render(), answer=False)
    act.bad(act.spoil(act.scene.accept()))


async def packets(act: Act) -> None:
    """A proper call with RTP and RTCP that are not."""
    if not await act.answered():
        return
    act.rtp(media.speech(act.rng))
    for _ in range(3):
        act.rtp(act.rng.choice((media.garbage, media.sources, media.stun))(act.rng))
        act.rtp(media.control(act.rng), port_offset=1)
        await act.beat(3)
    act.rtp(media.speech(act.rng))
    act.spoil_rest = act.rng.random() < 0.5


async def timers(act: Act) -> None:
    """Session timers and reliable provisional answers that make no sense (RFC 4028, RFC 3262)."""
    first = act.scene.accept(act.rng.choice((180, 183, 422)))
    for _ in range(3):
        first.add(
            act.rng.choice(("RSeq", "Min-SE", "Session-Expires", "Require")),
            act.rng.choice((*NUMBERS, "100rel", "timer", "90;refresher=uas")),
        )
    act.bad(first.render())
    await act.beat()
    with contextlib.suppress(asyncio.QueueEmpty):
        act.scene.request = act.inbox.get_nowait()
    accept = act.scene.accept()
    accept.add(
        "Session-Expires",
        act.rng.choice(NUMBERS) + act.rng.choice(("", ";refresher=uas", ";refresher=uac", ";refresher=", ";;")),
    )
    accept.add("Require", "timer")
    act.bad(accept.render())
    if await act.acknowledged(0.3):
        for _ in range(3):
            update = act.scene.ask(act.rng.choice(("UPDATE", "INVITE")))
            update.add("Session-Expires", act.rng.choice(NUMBERS))
            update.add("Min-SE", act.rng.choice(NUMBERS))
            act.bad(update.render(), answer=False)
            await act.beat()
    act.spoil_rest = True


async def strangers(act: Act) -> None:
    """Requests and answers that belong to nothing, and bytes that are no SIP."""
    for _ in range(6):
        request = act.scene.ask(act.rng.choice((*IN_DIALOG, "INVITE", "INVITE")))
        if act.rng.random() < 0.7:
            request.put("Call-ID", f"stranger{act.rng.getrandbits(32)}")
            request.put("To", request.get("To").partition(";tag=")[0])
        if act.rng.random() < 0.5:
            request.carry(mutate_sdp(act.scene.sdp(), act.rng))
        data = act.spoil(request) if act.rng.random() < 0.6 else request.render()
        if act.rng.random() < 0.2:
            data = act.rng.choice(
                (b"", b"\r\n\r\n", b"\x00" * 40, act.rng.randbytes(1200), b"SIP/2.0", data[:10] * 3000)
            )
        act.counts.strays += 1
        act.counts.requests -= 1
        act.bad(data[:60_000], answer=False)
        await act.beat(0.5)
    act.proper(act.scene.accept())


async def headers(act: Act) -> None:
    """Answers that are right but for one more header of the mutator's table."""
    for code in (act.rng.choice(PROVISIONALS), 183, act.rng.choice(FINALS), 200):
        answer = act.scene.accept(code) if code in (183, 200) else act.scene.answer(code)
        head, _, tail = answer.render().partition(b"\r\n")
        extra = "\r\n".join(fill(act.rng.choice(HEADERS), act.rng) for _ in range(act.rng.choice((1, 2, 30))))
        act.bad(head + b"\r\n" + extra.encode("latin-1") + b"\r\n" + tail)
        await act.beat()
    act.spoil_rest = True


PLAYS: Final[dict[str, Play]] = {
    play.__name__: play
    for play in (
        torture, mutated, dialog, description, offer, challenge, redirect, forks, storm, early_requests, packets,
        timers, strangers, headers,
    )
}  # fmt: skip

__all__ = ["PHRASES", "PLAYS", "Act", "Counts"]
