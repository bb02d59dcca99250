"""Whether the other services on our database plan by our file: if not, what we do not know may be theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from scheduler.worker import Worker

RETURN_WITHIN: Final = timedelta(minutes=10)
"""So long the plans of a service that was not of one mind with us outlive it: it may be starting anew."""

log = structlog.get_logger()


class Neighbours:
    """Remembers who was not of one mind with us, and when we saw it last."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._differed = frozenset[str]()
        self._seen: datetime | None = None

    def agreed(self, connection: Connection) -> bool:
        """Whether plans that we do not know are nobody's; to be asked in the transaction that ends them."""
        now, others = self._worker.timepiece.now(), self._worker.services(connection)
        differing = {other.owner: other.config[:12] for other in others if self._worker.differs(other)}
        if differing:
            if self._seen is None:
                log.warning("another service plans by another configuration; its plans stay", services=differing)
            self._differed, self._seen = frozenset(differing), now
            return False
        if self._seen is None:
            return True
        won_over = self._differed <= {other.owner for other in others}
        if not won_over and abs(now - self._seen) < RETURN_WITHIN:
            return False
        log.warning("all services plan by one configuration again")
        self._seen = None
        return True
