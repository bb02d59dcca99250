"""The SIP stack of an engine: endpoint, transports, codecs, and why a transport failed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from channels.voice.media import RATE_HZ
from channels.voice.pj import EndpointBase, pj
from channels.voice.pjfiles import SYSTEM_CA_FILE
from channels.voice.siplog import LoggedMessage, SipLog
from channels.voice.wire import Account

_TLS_1_2: Final = 16
"""PJ_SSL_SOCK_PROTO_TLS1_2: without it the wheel's OpenSSL accepts TLS 1.0."""
_MAX_TRANSPORTS: Final = 6
_KINDS: Final = {"udp": "PJSIP_TRANSPORT_UDP", "tcp": "PJSIP_TRANSPORT_TCP", "tls": "PJSIP_TRANSPORT_TLS"}
_CODEC_PREFIX: Final = {"PCMU": "PCMU/8000", "PCMA": "PCMA/8000", "G722": "G722/16000"}


class NoPlace(Exception):
    """The engine has used up its transports or accounts: it is due for replacement, and another one takes the call."""


class _Endpoint(EndpointBase):
    def __init__(self, failed: Callable[[str], None]) -> None:
        super().__init__()
        self._failed = failed

    def onTransportState(self, prm: Any) -> None:
        if prm.state != pj.PJSIP_TP_STATE_DISCONNECTED or not prm.lastError:
            return
        reasons = (
            [str(message).strip() for message in prm.tlsInfo.verifyMsgs] if prm.type.upper().startswith("TLS") else []
        )
        self._failed(f"{prm.type}: " + ("; ".join(reasons) or str(self.utilStrError(prm.lastError))))


class Stack:
    """Owns the endpoint. Every method on the main thread."""

    def __init__(
        self, user_agent: str, on_message: Callable[[LoggedMessage], None], on_garbage: Callable[[str, str], None]
    ) -> None:
        self._failures: deque[tuple[float, str]] = deque(maxlen=32)
        self._transports: dict[tuple[object, ...], int] = {}
        self._endpoint = _Endpoint(self._note_failure)
        self._endpoint.libCreate()
        # the writer must outlive the endpoint
        self._log = SipLog(on_message, on_garbage)
        self._endpoint.libInit(_configuration(user_agent, self._log))
        self._endpoint.audDevManager().setNullDev()
        self._endpoint.libStart()
        self._choose_codecs(("PCMU", "PCMA", "G722"))

    def pump(self, timeout_ms: int) -> None:
        """Handle SIP events, waiting at most so long; releases the GIL while it waits."""
        self._endpoint.libHandleEvents(timeout_ms)

    def transport(self, account: Account) -> int:
        """The id of a transport for the account, made on first use. Raises pj.Error, NoPlace."""
        key = (account.transport, account.local_address, account.public_address, account.tls_ca)
        if key not in self._transports:
            if len(self._transports) >= _MAX_TRANSPORTS:
                raise NoPlace
            config = pj.TransportConfig()
            config.port = 0
            config.boundAddress = account.local_address
            config.publicAddress = account.public_address
            if account.transport == "tls":
                config.tlsConfig = _tls(account.tls_ca)
            kind = getattr(pj, _KINDS[account.transport])
            self._transports[key] = self._endpoint.transportCreate(kind, config)
        return self._transports[key]

    def _note_failure(self, text: str) -> None:
        self._failures.append((time.monotonic(), text))

    def failure(self, since: float) -> str:
        """Why a transport failed last, if it was after that instant."""
        return next((text for at, text in reversed(self._failures) if at >= since), "")

    def _choose_codecs(self, wanted: tuple[str, ...]) -> None:
        order = {_CODEC_PREFIX[name]: 255 - place for place, name in enumerate(wanted)}
        for codec in self._endpoint.codecEnum2():
            name = str(codec.codecId)
            priority = next((p for prefix, p in order.items() if name.startswith(prefix)), 0)
            self._endpoint.codecSetPriority(name, priority)


def _configuration(user_agent: str, log: SipLog) -> Any:
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = 4
    config.uaConfig.userAgent = user_agent
    config.medConfig.noVad = True
    config.medConfig.clockRate = RATE_HZ
    config.medConfig.sndClockRate = RATE_HZ
    config.medConfig.ecTailLen = 0
    # closing the idle (null) device stops the clock that would also process the connection of the next call's ports
    config.medConfig.sndAutoCloseTime = -1
    config.logConfig.level = 4
    # the wheel hands lines to a writer only up to this level
    config.logConfig.consoleLevel = 4
    config.logConfig.msgLogging = 1
    config.logConfig.writer = log
    return config


def _tls(ca_file: str) -> Any:
    config = pj.TlsConfig()
    config.CaListFile = ca_file or SYSTEM_CA_FILE
    config.verifyServer = True
    config.proto = _TLS_1_2
    config.msecTimeout = 8000
    return config
