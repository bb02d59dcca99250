"""Lawful disposal: what may be gone from the record, and still ``siaga verify`` passes (docs/decisions/0007).

A disposal is a journal entry of kind ``disposal``, and so it is chained itself. It is entered in the transaction that
deletes the rows; of files, before the first one is unlinked: a crash leaves too much, never too little. Its body:

    {"what": "results",  "until": 5000, "hash": "…"}             all results up to seq 5000, whose hash this was
    {"what": "detail",   "seqs": [[1, 400], [403, 403]]}         the details of these results
    {"what": "evidence", "seqs": [[1, 400]], "kinds": ["audio"]} their files of these kinds; of every kind when null
    {"what": "text",     "seqs": [[7, 7]]}                       what people wrote in these journal entries
    {"what": "maintenance", "seqs": [[1, 4]]}                    these old windows; stretches of peak mode: "peak"
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import Any, Final, Literal

Erased = Literal["detail", "evidence", "text", "maintenance", "peak"]
_ERASED: Final = ("detail", "evidence", "text")
_BEYOND: Final = 1 << 62


def results_gone(until: int, last_hash: bytes) -> dict[str, Any]:
    """The body for the oldest results, up to ``until``, whose hash is ``last_hash``: the chain goes on from it."""
    return {"what": "results", "until": until, "hash": last_hash.hex()}


def erased(what: Erased, seqs: Iterable[int], kinds: Collection[str] | None = None) -> dict[str, Any]:
    """The body for what belongs to rows and can be erased; ``kinds`` of evidence, all when None."""
    body: dict[str, Any] = {"what": what, "seqs": ranges(seqs)}
    return {**body, "kinds": None if kinds is None else sorted(kinds)} if what == "evidence" else body


def ranges(seqs: Iterable[int]) -> list[list[int]]:
    """Numbers as ``[first, last]`` of each stretch without a gap."""
    found: list[list[int]] = []
    for seq in sorted(set(seqs)):
        if found and found[-1][1] == seq - 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return found


class Disposals:
    """What the journal says is gone. Holds two numbers per stretch: millions of rows cost megabytes."""

    def __init__(self) -> None:
        self._erased: dict[tuple[str, str | None], _Stretches] = {}
        self._ends: dict[int, str] = {}

    def take(self, body: str) -> None:
        """Take in the body of a disposal; one of no known form makes nothing lawful."""
        try:
            known = json.loads(body)
            if known["what"] == "results":
                self._ends[int(known["until"])] = str(known["hash"])
            elif known["what"] in _ERASED:
                kinds = known.get("kinds")
                for kind in [None] if kinds is None else [str(kind) for kind in kinds]:
                    stretches = self._erased.setdefault((known["what"], kind), _Stretches())
                    stretches.add([_stretch(first, last) for first, last in known["seqs"]])
        except (ValueError, TypeError, KeyError, AttributeError):
            return

    def erased(self, what: Erased, seq: int, kind: str | None = None) -> bool:
        """Whether what belongs to a row may be gone."""
        return any(seq in self._erased[key] for key in ((what, None), (what, kind)) if key in self._erased)

    def results_end(self, seq: int, hash_: bytes) -> bool:
        """Whether all results up to ``seq`` may be gone, and that one had this hash."""
        return self._ends.get(seq) == hash_.hex()

    def results_until(self) -> int:
        """The last result that may be gone; 0 when none may."""
        return max(self._ends, default=0)


def _stretch(first: Any, last: Any) -> tuple[int, int]:
    if not 1 <= int(first) <= int(last) < _BEYOND:
        raise ValueError("no stretch of rows")
    return int(first), int(last)


class _Stretches:
    def __init__(self) -> None:
        self._fresh: list[tuple[int, int]] = []
        self._firsts, self._lasts = array("q"), array("q")

    def add(self, stretches: list[tuple[int, int]]) -> None:
        self._fresh += stretches

    def __contains__(self, seq: int) -> bool:
        if self._fresh:
            self._merge()
        at = bisect_right(self._firsts, seq) - 1
        return at >= 0 and seq <= self._lasts[at]

    def _merge(self) -> None:
        known = sorted([*zip(self._firsts, self._lasts, strict=True), *self._fresh])
        self._fresh, self._firsts, self._lasts = [], array("q"), array("q")
        for first, last in known:
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)
