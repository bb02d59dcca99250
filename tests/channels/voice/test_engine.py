"""An engine that fails inside: its calls are told whose fault that is, and ended."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from channels.voice import engine as engine_module
from channels.voice.engine import Engine, serve
from channels.voice.process import QUIT_S
from channels.voice.proto import Unpacker
from channels.voice.wire import EVENTS, Event, Seen
from probe.observation import Trouble
from probe.reasons import Reason


class FakeLine:
    """Settled once it was hung up, which may fail."""

    def __init__(self, call: str, *, broken: bool = False) -> None:
        self.order = SimpleNamespace(call=call, call_id=f"{call}@siaga")
        self.settled = False
        self._broken = broken

    def hang_up(self) -> None:
        self.settled = True
        if self._broken:
            raise RuntimeError("cannot end this one")

    def poll(self) -> None:
        raise ValueError("a mistake of ours")

    def gaps(self) -> tuple[int, int, float]:
        return (0, 0, 0.0)


class FakeStack:
    def __init__(self, *_: object) -> None:
        self.pumped = 0

    def pump(self, _ms: int) -> None:
        self.pumped += 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(engine_module, "Stack", FakeStack)
    ours, theirs = socket.socketpair()
    made = Engine(theirs, "siaga/test")
    # no threads: what would be sent stays in the outbox
    monkeypatch.setattr(made, "_read", lambda: None)
    monkeypatch.setattr(made, "_write", lambda: None)
    with ours, theirs:
        yield made


def sent(engine: Engine) -> list[Event]:
    unpacker, found = Unpacker(), []
    while not engine._outbox.empty():
        found += [EVENTS.decode(body) for body in unpacker.feed(engine._outbox.get())]
    return found


def take(engine: Engine, *lines: FakeLine) -> None:
    engine._lines.update({line.order.call: line for line in lines})


def test_calls_of_an_engine_that_fails_are_told_so_and_ended(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [FakeLine("a", broken=True), FakeLine("b")]
    take(engine, *lines)
    assert serve(engine) == 70
    troubles = {e.call: e.observation for e in sent(engine) if isinstance(e, Seen)}
    assert set(troubles) == {"a", "b"}
    for trouble in troubles.values():
        assert isinstance(trouble, Trouble)
        assert (trouble.reason, trouble.detail) == (Reason.ENGINE_CRASHED, "ValueError: a mistake of ours")
    assert all(line.settled for line in lines), "one that cannot be hung up must not keep the other up"
    said = capsys.readouterr().err
    assert "ValueError: a mistake of ours" in said
    assert "RuntimeError: cannot end this one" in said


def test_a_farewell_that_fails_too_is_told(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise OSError("no farewell either")

    monkeypatch.setattr(engine, "farewell", fail)
    take(engine, FakeLine("a"))
    assert serve(engine) == 70
    assert "OSError: no farewell either" in capsys.readouterr().err


def test_an_engine_told_to_leave_leaves_in_order(engine: Engine) -> None:
    engine.leave()
    assert serve(engine) == 0
    assert not [e for e in sent(engine) if isinstance(e, Seen)]


def test_the_parent_waits_longer_than_the_longest_farewell() -> None:
    turns_s = engine_module._LAST_TURNS * engine_module._PUMP_MS / 1000
    assert engine_module._LAST_PUMP_S + turns_s + engine_module._FLUSH_S + 0.5 < QUIT_S
