"""Rows of a full record: two years of half-hours, probes in a score of lines, a few failures, chained.

The canonical form is put together by hand, because ``json.dumps`` of each row would take three times as long; the first
rows are compared with ``storage.chain.link``.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final

from storage.chain import ORIGIN, RESULT, link
from storage.rows import pack
from storage.values import to_ms

FIRST: Final = datetime(2024, 11, 20, tzinfo=UTC)
EVERY_MS: Final = 1_800_000
SLOTS: Final = 35_064
"""Half-hours of two years."""
VARIANTS: Final = 512
"""Different details and files; more would make filling slow and change nothing for an index."""
CHECKED: Final = 1_000
COLUMNS: Final = tuple(column.name for column in RESULT.columns)
CONFIG: Final = bytes(range(32))
_STEPS: Final = (
    "expect answer",
    "expect prompt:selamat-datang",
    "press 1",
    "expect prompt:menu-utama",
    "press 2",
    "expect music",
    "expect agent",
    "play pemberitahuan",
    "end",
)


class Maker:
    """Makes rows in the order of time; each is a tuple of all columns, and the detail that it hashes."""

    def __init__(self, count: int, probes: int = 0) -> None:
        self.count = count
        self.probes = probes or max(1, -(-count // SLOTS))
        self.last: bytes = ORIGIN
        self.seq = 0
        self._random = random.Random(20)  # noqa: S311 - no secret: the same rows each time
        self._lines = [_line(n) for n in range(self.probes)]
        variants = [self._variant() for _ in range(VARIANTS)]
        self._next = cycle(self._random.choices(variants, k=100_003)).__next__

    @staticmethod
    def name_of(number: int) -> str:
        """The name of a probe."""
        return f"ivr-ke-agent-{number:03}"

    def rows(self) -> Iterator[tuple[tuple[Any, ...], bytes | None]]:
        """All of them."""
        start_ms = to_ms(FIRST)
        for slot in range(SLOTS):
            for number in range(self.probes):
                if self.seq >= self.count:
                    return
                yield self._row(number, start_ms + slot * EVERY_MS)

    def _row(self, number: int, slot_ms: int) -> tuple[tuple[Any, ...], bytes | None]:
        line, line_json = self._lines[number]
        at_ms = slot_ms + (number * 7_919_000) % 360_000
        self.seq += 1
        stamp = _stamp(at_ms)
        run_id = f"{stamp}-{number:06}"
        judged, judged_json, tail, tail_json, files, data = self._next()
        evidence = files.replace("@", f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}/{run_id}")
        ended_ms = at_ms + 60_000 if data is not None else None
        ended_json = "null" if ended_ms is None else ended_ms
        quoted = evidence.replace('"', '\\"')
        canonical = (
            f'["result","{self.last.hex()}",{self.seq},"{run_id}",{line_json},{slot_ms},"schedule","normal",'
            f'{judged_json[0]},null,{at_ms},{ended_json},{judged_json[1]},"{quoted}",{tail_json}]'
        )
        hash_ = hashlib.sha256(canonical.encode()).digest()
        row = (
            *(self.seq, run_id, *line, slot_ms, "schedule", "normal", *judged[:2], None, at_ms, ended_ms),
            *(*judged[2:], evidence, *tail, self.last, hash_),
        )
        if self.seq <= CHECKED and link(RESULT, self.last, dict(zip(COLUMNS, row, strict=True))) != hash_:
            raise AssertionError("the canonical form of the benchmark is not that of storage.chain")
        self.last = hash_
        return row, data

    def _variant(self) -> tuple[Any, ...]:
        rng = self._random
        chance = rng.random()
        ms = [
            rng.randrange(900, 2500),
            rng.randrange(2500, 4000),
            rng.randrange(4000, 6000),
            rng.randrange(9000, 20000),
        ]
        if chance < 0.03:
            judged: list[Any] = ["missed", "down", "inconclusive", "probe", "down", "siaga", "not_judged", "not_judged"]
            judged += [None] * 8
        elif chance < 0.07:
            judged = ["done", None, "fail", "queue", "agent_timeout", "team_leader", "ok", "not_ok"]
            judged += [*ms, None, None, 660_000, None]
        elif chance < 0.10:
            judged = ["done", None, "fail", "ivr", "ivr_silent", "ioc", "not_ok", "not_judged", *ms[:2], *[None] * 4]
            judged += [30_000, None]
        else:
            queue_ms = int(rng.lognormvariate(10.5, 0.8))
            judged = ["done", None, "pass", None, None, None, "ok", "ok", *ms, queue_ms, sum(ms) + queue_ms]
            judged += [sum(ms) + queue_ms + 15_000, 15_000]
        played = judged[0] == "done"
        data = pack(_detail(rng, judged)) if played else None
        digest = hashlib.sha256(data).digest() if data is not None else None
        names = (("recording", "recording.wav"), ("sip_trace", "sip.txt"), ("result", "result.json"))
        files = _json([[kind, f"@/{name}", rng.randbytes(32).hex()] for kind, name in names] if played else [])
        tail = ("0.1.0", CONFIG, digest)
        tail_json = f'"0.1.0","{CONFIG.hex()}",{_json(digest.hex() if digest else None)}'
        judged_json = (_json(judged[:2])[1:-1], _json(judged[2:])[1:-1])
        return tuple(judged), judged_json, tail, tail_json, files, data


def _line(number: int) -> tuple[tuple[str, str, str, str], str]:
    """Probe, channel, service and skill."""
    digital = number % 3 == 2
    channel = ("whatsapp", "webchat")[number % 2] if digital else ("sip", "pstn")[number % 2]
    line = (Maker.name_of(number), channel, "digital" if digital else "inbound", f"skill-{number // 3 % 5}")
    return line, _json(line)[1:-1]


def _stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y%m%dT%H%M%SZ}"  # as run ids begin


def _detail(rng: random.Random, judged: list[Any]) -> dict[str, Any]:
    at = [round(rng.uniform(0, 60), 3) for _ in _STEPS]
    return {
        "run_id": "20260101T000000Z-000000",
        "probe": "ivr-ke-agent-000",
        "channel": "sip",
        "target": "sip:1500@pbx.example",
        "service": "inbound",
        "skill": "skill-0",
        "verdict": judged[2],
        "message": "Pelanggan sampai ke Agent dalam 31 detik.",
        "timings": {"pdd_s": at[0], "setup_s": at[1], "time_to_agent_s": at[2], "total_s": at[3]},
        "steps": [
            {"step": step, "verdict": "pass", "at_s": at[n], "took_s": at[n - 1], "detail": f"{rng.randrange(99)} dBm0"}
            for n, step in enumerate(_STEPS)
        ],
        "agent": {"confidence": at[4], "onset_s": at[5], "signs": [{"sign": "turn", "at_s": at[6], "weight": 0.5}]},
        "media": {"codec": "PCMA", "packets": rng.randrange(3000), "lost": 0, "jitter_ms": 1.1, "mos": 4.4},
        "evidence": [],
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
