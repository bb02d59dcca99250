"""The section ``[service]``: how ``siaga serve`` works and ends, and who watches it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from escalation.settings import WebAddress
from probe.script import Seconds
from probe.setting import Setting
from probe.setting_errors import Place, refuse_at


class ServiceSettings(Setting):
    """``[service]``: of the long-running service; single verbs need none of it."""

    drain_s: Annotated[float, Field(ge=0, le=7200)] = 60.0
    """Seconds that calls may take to end after SIGTERM; then they are hung up."""
    max_parallel: Annotated[int, Field(ge=1, le=1000)] = 16
    """Runs at once, over all trunks and channels."""
    heartbeat_url: WebAddress | None = None
    """Asked while the service is well, so that somebody else notices when it is not."""
    heartbeat_every: Seconds = 60.0

    @model_validator(mode="after")
    def _often_enough(self) -> Self:
        if not 1.0 <= self.heartbeat_every <= 24 * 3600.0:
            refuse_at([Place(("heartbeat_every",), "allowed: 1s to 24h; whoever waits for it waits somewhat longer")])
        return self
