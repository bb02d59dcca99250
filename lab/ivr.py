"""What the centre does with a call: welcome, menu, queue, agent."""

from __future__ import annotations

import asyncio

from lab.call import Call
from lab.faults import REFUSALS

RING_S = 1.0
KEY_WAIT_S = 5.0
PICK_UP_GAP_S = 0.3
ANNOUNCEMENT_FIRST_S, ANNOUNCEMENT_EVERY_S = 2.0, 8.0
DROP_AFTER_S, RTP_STOPS_AFTER_S = 4.0, 3.0
LINGER_S = 60.0
"""How long the centre stays on a line where nothing more happens."""
_MENU_ROUNDS = 3


async def converse(call: Call) -> None:
    """The whole call; it returns when the centre hangs up."""
    faults = call.faults
    if refusal := next((fault for fault in REFUSALS if fault in faults), None):
        # the diversion points back at the box: whoever follows it is seen here, and nowhere else
        elsewhere = (("Contact", f"<{call.box.uri_for('1599')}>"),)
        call.refuse(REFUSALS[refusal], elsewhere if refusal == "redirect" else ())
        return
    await _pick_up(call)
    if "no_rtp" in faults or "ivr_silent" in faults:
        await asyncio.sleep(LINGER_S)
    elif "after_hours" in faults:
        await call.say("di-luar-jam")
        await asyncio.sleep(0.5)
    else:
        await _welcome(call)
    call.hang_up()


async def _forever() -> None:
    await asyncio.Event().wait()


async def _pick_up(call: Call) -> None:
    call.stream.sending = False
    call.stream.deaf = "one_way_audio" in call.faults
    call.stream.inband.listening = True
    call.provisional("180 Ringing")
    call.log("ringing")
    if "no_answer" in call.faults:
        await _forever()
    if "early_media" in call.faults:
        await asyncio.sleep(0.3)
        call.provisional("183 Session Progress", with_media=True)
        call.log("early_media")
        call.stream.sending = True
        await call.say("selamat-datang")
    else:
        await asyncio.sleep(RING_S)
    call.answer()
    call.log("answered")
    call.stream.sending = "no_rtp" not in call.faults
    await asyncio.sleep(0.2)


async def _welcome(call: Call) -> None:
    if "wrong_prompt" in call.faults:
        await call.say("di-luar-jam")
        await asyncio.sleep(LINGER_S)
        return
    if "early_media" not in call.faults:
        await call.say("selamat-datang")
        await asyncio.sleep(0.3)
    if "drop_in_ivr" in call.faults:
        asyncio.get_running_loop().call_later(1.5, call.hang_up)
    key = await _menu(call)
    call.barge_in = call.stream.inband.listening = False
    if key == "2":
        await call.say("informasi")
        await asyncio.sleep(0.5)
    elif key == "1":
        await _towards_agent(call)


async def _menu(call: Call) -> str:
    """The key chosen, or nothing after three rounds without one and twelve in all."""
    silent_rounds = 0
    for _ in range(12):
        if call.keys.empty():
            await call.say("unknown" if "unknown_prompt" in call.faults else "menu-utama")
        key = await call.key_within(KEY_WAIT_S)
        if key in ("1", "2") and "dead_key" not in call.faults:
            return key
        if not key:
            silent_rounds += 1
            if silent_rounds == _MENU_ROUNDS:
                break
            continue
        await asyncio.sleep(0.3)
        if "dead_key" in call.faults:
            call.log("key_ignored", digit=key)
        else:
            await call.say("pilihan-salah")
            await asyncio.sleep(0.3)
    return ""


async def _towards_agent(call: Call) -> None:
    await asyncio.sleep(0.5)
    if "drop_in_menu" in call.faults:
        return
    if "wrong_menu" in call.faults:
        await call.say("informasi")
        await asyncio.sleep(LINGER_S)
        return
    await call.say("mohon-tunggu")
    await asyncio.sleep(0.2)
    if await _queue(call):
        await (_voicemail(call) if "voicemail" in call.faults else _agent(call))


async def _queue(call: Call) -> bool:
    """Music and announcements; True when an agent picks up."""
    now = asyncio.get_running_loop().time
    entered = now()
    call.log("queue_enter")
    call.stream.background(b"" if "queue_without_music" in call.faults else call.box.clips["music"])
    ends = {"drop_in_queue": DROP_AFTER_S, "rtp_stops": RTP_STOPS_AFTER_S, "endless_queue": float("inf")}
    what = next((fault for fault in ends if fault in call.faults), "agent")
    end = entered + ends.get(what, call.wish.agent_after_s)
    announcement, length_s = entered + ANNOUNCEMENT_FIRST_S, len(call.box.clips["antrean"]) / 8000
    while announcement + length_s + 0.3 < end:  # one that could not end before the pick-up is left out
        await asyncio.sleep(announcement - now())
        await call.say("antrean", ("announcement_start", "announcement_end"))
        announcement += ANNOUNCEMENT_EVERY_S
    await asyncio.sleep(end - now())
    if what == "rtp_stops":
        call.stream.sending = False
        call.log("rtp_stopped")
        await asyncio.sleep(LINGER_S)
    call.stream.background(b"")
    return what == "agent"


async def _agent(call: Call) -> None:
    """Greets, listens, stops when spoken to, answers once the caller has ended; hangs up 3 s after the answer."""
    stream = call.stream
    call.log("agent_answered")
    await asyncio.sleep(PICK_UP_GAP_S)
    if "agent_silent" in call.faults:
        await asyncio.sleep(LINGER_S)
        return
    stream.speaking.clear()
    stream.yielding = True
    await call.say("agent-greeting", ("agent_speech_onset", "agent_speech_end"))
    patience_s = 30.0
    for _ in range(5):
        try:
            await asyncio.wait_for(stream.speaking.wait(), patience_s)
        except TimeoutError:
            break
        call.log("caller_speaks")
        await stream.caller_paused(0.7)
        call.log("caller_paused")
        await call.say("agent-reply", ("agent_reply_onset", "agent_reply_end"))
        patience_s = 3.0


async def _voicemail(call: Call) -> None:
    call.log("voicemail_answered")
    await asyncio.sleep(PICK_UP_GAP_S)
    await call.say("voicemail", ("voicemail_start", "voicemail_end"))
    await asyncio.sleep(0.4)
    await call.say("beep", ("beep_start", "beep_end"))
    await asyncio.sleep(LINGER_S)
