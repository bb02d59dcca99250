"""The only door to pjsua2, which has no types. Imported by engine processes alone, never by the parent.

Rules measured with this wheel (asserts are on, so a breach aborts the process): every call from one thread; no object
of it dropped while its call or its callbacks live; no interpreter teardown (``os._exit``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pjsua2

pj: Any = pjsua2

if TYPE_CHECKING:

    class CallBase:
        """pjsua2.Call, as far as it is used here."""

        def __init__(self, account: Any, call_id: int = -1) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class AccountBase:
        """pjsua2.Account."""

        def __getattr__(self, name: str) -> Any: ...

    class PortBase:
        """pjsua2.AudioMediaPort."""

        def __getattr__(self, name: str) -> Any: ...

    class EndpointBase:
        """pjsua2.Endpoint."""

        def __getattr__(self, name: str) -> Any: ...

    class LogWriterBase:
        """pjsua2.LogWriter."""

else:
    CallBase = pjsua2.Call
    AccountBase = pjsua2.Account
    PortBase = pjsua2.AudioMediaPort
    EndpointBase = pjsua2.Endpoint
    LogWriterBase = pjsua2.LogWriter


def sentence(error: Exception) -> str:
    """What a pj.Error means, in one line."""
    reason = getattr(error, "reason", "") or str(error)
    return str(reason).strip().split("\n")[0]
