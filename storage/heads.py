"""Where the results ended when the journal was written: results cut off since, head and all, are missed by it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import literal_column, select

from storage.chain import RESULT
from storage.database import Database
from storage.findings import Finding, Found
from storage.journal import HEADED
from storage.links import Lawful

CHUNK: Final = 500


class Heads:
    """What the journal says of the ends of the results: two numbers and a hash for each that is named."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[str, int]] = {}

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in entries of the journal that are what was written; those of before there were heads say nothing."""
        for row in rows:
            if row["kind"] not in HEADED:
                continue
            body = json.loads(row["body"])
            if "head_seq" in body:
                self._said[body["head_seq"]] = (body["head_hash"], row["seq"])
        self._said.pop(0, None)

    def missing(self, database: Database, lawful: Lawful, found: Found) -> Iterator[Finding]:
        """The results that are not there any more, or are others. Raises DatabaseError."""
        gone: list[int] = []
        for seqs in _chunks(sorted(self._said)):
            asked = select(RESULT.c.seq, literal_column("hash")).where(RESULT.c.seq.in_(seqs))
            with database.read() as connection:
                kept = {row.seq: row.hash for row in connection.execute(asked)}
            for seq in seqs:
                hash_, entry = self._said[seq]
                if seq not in kept:
                    gone.append(seq)
                elif kept[seq] != bytes.fromhex(hash_):
                    yield found("witness_differs", f"result {seq}", entry=entry)
        until = lawful.results_until() if gone else 0
        for seq in gone:
            if seq > until:
                yield found("witness_gone", f"result {seq}", entry=self._said[seq][1])


def _chunks(seqs: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(seqs), CHUNK):
        yield seqs[first : first + CHUNK]
