"""A call whose disk is full: its evidence ends, and nothing else of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from channels.voice.dialogs import Dialog, State
from channels.voice.pool import Pool, Seat
from channels.voice.ports import PortRange
from channels.voice.process import EngineProcess
from channels.voice.session import CallSession
from channels.voice.wire import Account, Dial, SipText
from probe.observation import Observation, Trouble
from probe.reasons import Reason
from probe.session import Target

CALL_ID = "call@siaga"


def invite() -> SipText:
    text = f"INVITE sip:x@192.0.2.9 SIP/2.0\r\nCall-ID: {CALL_ID}\r\nTo: <sip:x@192.0.2.9>\r\nCSeq: 1 INVITE\r\n\r\n"
    return SipText(call="call", at=time.monotonic(), sent=True, transport="UDP", peer="192.0.2.9:5060", text=text)


class FullDisk:
    """A session that cannot write one byte of its trace; what is left behind is ended once ``told``."""

    def __init__(self, folder: Path) -> None:
        self.told = asyncio.Event()
        self.rescued: list[State] = []
        (folder / "sip.txt").symlink_to("/dev/full")
        self.session = CallSession(
            Target(run_id="run", to="sip:x@192.0.2.9", evidence=folder),
            through_trunk=False,
            self_check=self._self_check,
            cache=folder,
            rescue=self._rescue,
        )

    async def _self_check(self) -> tuple[bool, str]:
        return True, ""

    async def _rescue(self, dialog: Dialog) -> str:
        await self.told.wait()
        self.rescued.append(dialog.state)
        return "BYE sent for the dead engine"

    async def observations(self) -> list[Observation]:
        return [seen async for seen in self.session.observations()]


@pytest.fixture
def full_disk(tmp_path: Path) -> FullDisk:
    return FullDisk(tmp_path)


async def test_what_a_dead_engine_left_behind_is_ended_also_on_a_full_disk(full_disk: FullDisk, tmp_path: Path) -> None:
    engine = EngineProcess("siaga/test", PortRange(folder=tmp_path / "rtp").take())
    account = Account(key="direct", id_uri="sip:siaga@192.0.2.1", rtp_port=16384, rtp_ports=20)
    order = Dial(
        call="call", call_id=CALL_ID, uri="sip:x@192.0.2.9", account=account,
        evidence=str(tmp_path), tones=("id",), cap_s=20.0, unanswered_s=20.0,
    )  # fmt: skip

    async def place() -> tuple[Seat, Dial]:
        engine.seats += 1
        return Seat(Pool("siaga/test"), engine), order

    session = full_disk.session
    session.start(place)  # the engine never ran, so that the call loses it at once
    [trouble] = await full_disk.observations()
    session.on_event(invite())
    full_disk.told.set()
    await asyncio.wait_for(session.close(), 20.0)
    assert isinstance(trouble, Trouble)
    assert trouble.reason is Reason.ENGINE_CRASHED
    assert full_disk.rescued == [State.CALLING]
    assert engine.seats == 0


async def test_what_passes_the_gate_goes_on_although_it_cannot_be_kept(full_disk: FullDisk) -> None:
    full_disk.session.on_wire(invite())
    full_disk.session.on_wire(invite())
    [trouble] = await full_disk.observations()
    assert isinstance(trouble, Trouble)
    assert trouble.reason is Reason.INTERNAL_ERROR
    assert trouble.detail == "sip.txt cannot be written: No space left on device"
    await full_disk.session.close()
