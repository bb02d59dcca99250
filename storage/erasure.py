"""Erasure on request: a person may ask that what a test kept of them is gone. Its row stays, and so does the chain."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select

from storage.chain import JOURNAL, RESULT
from storage.database import Database
from storage.disposal import erased
from storage.journal import TEXT, enter
from storage.results import DETAIL
from storage.unlinking import unlink


def erase(database: Database, evidence: Path, run_id: str, reason: str, now: datetime, by: str = "") -> bool:
    """Erase steps, message, target, every file and all remarks of a run; False when there is no such result.

    Verdict, figures and hashes stay. Said again, it finishes what a crash left. Raises OSError when a file cannot be
    deleted.
    """
    with database.write() as connection:
        found = connection.execute(select(RESULT.c.seq, RESULT.c.evidence).where(RESULT.c.run_id == run_id))
        row = found.one_or_none()
        if row is None:
            return False
        asked = select(TEXT.c.seq).join(JOURNAL, JOURNAL.c.seq == TEXT.c.seq)
        remarks = asked.where(JOURNAL.c.subject == run_id, JOURNAL.c.kind == "remark")
        seqs = connection.execute(remarks).scalars().all()
        connection.execute(delete(DETAIL).where(DETAIL.c.seq == row.seq))
        connection.execute(delete(TEXT).where(TEXT.c.seq.in_(seqs)))
        bodies = [erased("detail", [row.seq]), erased("evidence", [row.seq])]
        for body in [*bodies, erased("text", seqs)] if seqs else bodies:
            enter(connection, "disposal", run_id, body, {"reason": reason, "by": by}, now)
    unlink(evidence, [path for _, path, _ in json.loads(row.evidence)])
    return True
