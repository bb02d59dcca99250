"""The only door to pjsua2, which has no types. Imported by engine processes alone, never by the parent.

Rules measured with this wheel (asserts are on, so a breach aborts the process): every call from one thread; no object
of it dropped while its call or its callbacks live; no interpreter teardown (``os._exit``).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

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


_BEGIN_AND_END: Final = ctypes.c_void_p * 2
"""How a std::vector begins in libstdc++ and libc++: where its first byte lies, and where its last one ends."""


def _looked_up(vector: Any) -> bytes:
    begin, end = _BEGIN_AND_END.from_address(int(vector.this))
    return ctypes.string_at(begin, (end or 0) - begin) if begin else b""


def _copied(vector: Any) -> bytes:
    return bytes(vector)


_KNOWN: Final = bytes(range(1, 8))
octets: Final = _looked_up if _looked_up(pj.ByteVector(_KNOWN)) == _KNOWN else _copied
"""The content of a ByteVector. SWIG hands it out byte by byte: 118 us of CPU per frame of 20 ms, 0.6 % of a core per
call; looking it up in memory takes 1 us. Where vectors lie otherwise than this one, it stays with SWIG's way."""
