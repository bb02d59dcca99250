"""RTP told from counters: begun, stopped, agreed to be silent; and whose fault the silence is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from channels.voice.flow import Flow
from probe.observation import Media, MediaState


class Counters:
    """Stands for a pjsua2 call: so many packets."""

    packets = 0

    def getStreamInfo(self, _index: int) -> Any:  # noqa: N802  # pjsua2's name
        return SimpleNamespace(codecName="PCMU", audTxEventPt=101)

    def getStreamStat(self, _index: int) -> Any:  # noqa: N802  # pjsua2's name
        received = SimpleNamespace(pkt=self.packets, loss=0, jitterUsec=SimpleNamespace(mean=1000))
        rtt = SimpleNamespace(n=0, last=0)
        return SimpleNamespace(
            rtcp=SimpleNamespace(rxStat=received, rttUsec=rtt), jbuf=SimpleNamespace(avgDelayMsec=40)
        )


def flow_to(peer: str = "203.0.113.9:5060", ours: str = "192.168.1.5") -> tuple[Flow, Counters]:
    flow, call = Flow(), Counters()
    flow.offered(f"v=0\r\nc=IN IP4 {ours}\r\n", peer)
    flow.answered(10.0)
    flow.connect(0, receiving=True)
    return flow, call


def test_rtp_flows_stops_and_flows_again() -> None:
    flow, call = flow_to()
    call.packets = 5
    assert flow.read(call, 10.1) == [Media(at=10.1, state=MediaState.FLOWING, since=10.1, codec="PCMU")]
    assert flow.read(call, 11.0) == []
    [stopped] = flow.read(call, 12.2)
    assert stopped == Media(at=12.2, state=MediaState.STOPPED, since=10.1, codec="PCMU")
    assert flow.read(call, 13.0) == []
    call.packets = 9
    assert flow.read(call, 14.0)[0].state is MediaState.FLOWING  # type: ignore[attr-defined]
    assert flow.stops == 1


def test_a_private_address_offered_to_a_public_host_is_our_own_fault_while_nothing_comes() -> None:
    flow, call = flow_to(peer="8.8.8.8:5060")
    [stopped] = flow.read(call, 12.1)
    assert isinstance(stopped, Media)
    assert stopped.private_address
    assert stopped.since == 10.0


def test_private_to_private_is_nobodys_fault() -> None:
    flow, call = flow_to(peer="10.0.0.1:5060")
    [stopped] = flow.read(call, 12.1)
    assert isinstance(stopped, Media)
    assert not stopped.private_address


def test_a_public_address_offered_is_not_our_fault() -> None:
    flow, call = flow_to(peer="8.8.8.8:5060", ours="8.8.4.4")
    [stopped] = flow.read(call, 12.1)
    assert isinstance(stopped, Media)
    assert not stopped.private_address


def test_silence_on_hold_is_agreed() -> None:
    flow, call = flow_to()
    call.packets = 5
    flow.read(call, 10.1)
    flow.connect(0, receiving=False)
    assert flow.read(call, 30.0) == []
    flow.connect(0, receiving=True)
    assert flow.read(call, 31.0) == []
    assert len(flow.read(call, 32.1)) == 1


def test_before_the_answer_no_rtp_is_due() -> None:
    flow, call = Flow(), Counters()
    assert flow.read(call, 100.0) == []
