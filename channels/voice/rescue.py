"""Ends what a dead engine left behind, from the parent: its calls by CANCEL or BYE, its registrations by REGISTER.

All of it at once, each on its own and bounded in time: none waits for another.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from channels.voice import digest, sipmsg
from channels.voice.bindings import Binding
from channels.voice.dialogs import Dialog, State
from channels.voice.wires import Bereaved, Wire, connect

LIMIT_S: Final = 2.2
_REPEAT_S: Final = 0.4
"""Quicker than RFC 3261's T1: there are two seconds for it, and the far end is near or lost."""
_MAX_CHALLENGES: Final = 2
"""One of a proxy and one of the registrar; who asks more often does not like our password."""


async def rescue(dialog: Dialog) -> str:
    """End the call; bounded by LIMIT_S, never raises for what the far end does. The sentence says what came of it."""
    if dialog.state in (State.IDLE, State.OVER):
        return "no call was left behind"
    what = "BYE" if dialog.state is State.ANSWERED else "CANCEL"
    return await _send_off(what, dialog, lambda wire: _converse(dialog, wire))


async def take_back(binding: Binding) -> str:
    """Take the contacts back; bounded by LIMIT_S, never raises for what the far end does. The sentence says how."""
    if not binding.contacts:
        return "no registration was left behind"
    return await _send_off("un-REGISTER", binding, lambda wire: _unregister(binding, wire))


async def _send_off(what: str, left: Bereaved, converse: Callable[[Wire], Awaitable[str]]) -> str:
    try:
        async with asyncio.timeout(LIMIT_S):
            wire = await connect(left)
            try:
                outcome = await converse(wire)
            finally:
                wire.close()
    except TimeoutError:
        return f"{what} sent for the dead engine; not confirmed in {LIMIT_S} s"
    except (OSError, ValueError, LookupError, ssl.SSLError, asyncio.IncompleteReadError) as error:
        return f"{what} for the dead engine could not be sent: {error}"
    return f"{what} sent for the dead engine and {outcome}"


async def _unregister(binding: Binding, wire: Wire) -> str:
    """Repeat the farewell until it is answered, with the password where it is asked for."""
    farewell = binding.removal()
    wire.send(farewell)
    logins: dict[str, str] = {}
    challenges = 0
    while True:
        message = await _next(wire, farewell)
        if message is None or message.cseq != (binding.cseq, "REGISTER") or message.code < 200:
            continue
        account = binding.account
        login = digest.authorization(message, "REGISTER", binding.registrar, account.username, account.password)
        if message.code not in (401, 407) or not login or challenges >= _MAX_CHALLENGES:
            return "confirmed" if message.code < 300 else f"refused: {message.code} {message.phrase}"
        challenges += 1
        logins[login.partition(":")[0]] = login
        farewell = binding.removal(logins)
        wire.send(farewell)


async def _next(wire: Wire, farewell: str) -> sipmsg.SipMessage | None:
    """What comes; the farewell is sent again while nothing does."""
    while True:
        try:
            async with asyncio.timeout(_REPEAT_S):
                return sipmsg.parse(await wire.receive())
        except TimeoutError:
            wire.send(farewell)


async def _converse(dialog: Dialog, wire: Wire) -> str:
    farewell = dialog.bye() if dialog.state is State.ANSWERED else dialog.cancel()
    wire.send(farewell)
    tried = False
    while dialog.state is not State.OVER:
        message = await _next(wire, farewell)
        if message is None or message.call_id != dialog.call_id:
            continue
        if message.method == "BYE" and message.code in (401, 407) and not tried:
            tried = True
            account = dialog.account
            login = digest.authorization(message, "BYE", dialog.target, account.username, account.password)
            farewell = dialog.bye(login)
            wire.send(farewell)
        elif message.method == "CANCEL" and message.code == 481:
            dialog.state = State.OVER
        else:
            farewell = _react(dialog, wire, message, farewell)
    return "confirmed"


def _react(dialog: Dialog, wire: Wire, message: sipmsg.SipMessage, farewell: str) -> str:
    """Acknowledge what came for the INVITE. A call answered in the last moment gets a BYE. Returns what to repeat."""
    before = dialog.state
    if message.code:
        dialog.answer(message)
    if message.method == "INVITE" and message.code >= 300:
        wire.send(dialog.ack_refusal(message.first("to")))
    elif message.method == "INVITE" and message.code // 100 == 2:
        wire.send(dialog.ack())
        if before is State.CALLING:
            farewell = dialog.bye()
            wire.send(farewell)
    return farewell
