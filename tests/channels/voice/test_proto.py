"""Frames: what goes in comes out; what a peer gone mad sends is refused, whatever it is."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.proto import MAX_FRAME_BYTES, ProtocolError, Unpacker, frame_length
from channels.voice.wire import COMMANDS, EVENTS, Account, Dial, Seen
from probe import observation
from probe.observation import Agent, AgentPhase, Answered, Noted, Observation, Sign

_KINDS = [c for c in vars(observation).values() if isinstance(c, type) and issubclass(c, Observation)]
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def _values(kind: type) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{f.name: _field(hints[f.name]) for f in dataclasses.fields(kind)})


def _field(hint: Any) -> st.SearchStrategy[Any]:
    if hint is float:
        return _NUMBERS
    if typing.get_origin(hint) is tuple:
        return st.lists(_field(typing.get_args(hint)[0]), max_size=3).map(tuple)
    if hint == typing.get_type_hints(Noted)["facts"]:
        return st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans()), max_size=3)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _values(hint)
    if hint is str:
        return st.text()
    return st.from_type(hint)


@given(seen=st.one_of([_values(kind) for kind in _KINDS]))
def test_every_observation_survives_the_way(seen: Observation) -> None:
    frame = EVENTS.encode(Seen(call="c", observation=seen))
    assert frame_length(frame[:4]) == len(frame) - 4
    assert EVENTS.decode(frame[4:]) == Seen(call="c", observation=seen)


@given(dial=_values(Dial), cut=st.integers(1, 40))
def test_commands_survive_being_cut_into_pieces(dial: Dial, cut: int) -> None:
    frames = COMMANDS.encode(dial) * 3
    unpacker = Unpacker()
    bodies = [b for i in range(0, len(frames), cut) for b in unpacker.feed(frames[i : i + cut])]
    assert [COMMANDS.decode(body) for body in bodies] == [dial] * 3


_KEYS = st.sampled_from(["_", "call", "observation", "at"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner),
    max_leaves=9,
)


@given(body=st.one_of(st.binary(max_size=300), _JSON.map(lambda value: json.dumps(value).encode())))
def test_nothing_but_a_frame_of_ours_is_taken(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        EVENTS.decode(body)


@pytest.mark.parametrize(
    "change",
    [
        {"at": "1"},
        {"at": True},
        {"at": None},
        {"phase": "shouting"},
        {"signs": {}},
        {"signs": [{"_": "Answered", "at": 1}]},
        {"signs": [1]},
        {"extra": 1},
        {"_": "Dial"},
        {"_": 7},
    ],
)
def test_a_field_of_a_wrong_shape_is_refused(change: dict[str, object]) -> None:
    agent = Agent(at=1.0, phase=AgentPhase.SUSPECTED, onset=0.5, confidence=0.4, signs=(Sign("music", 1.0, 2.0),))
    plain = json.loads(EVENTS.encode(Seen(call="c", observation=agent))[4:])
    plain["observation"] |= change
    with pytest.raises(ProtocolError):
        EVENTS.decode(json.dumps(plain).encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    body = f'{{"_": "Seen", "call": "c", "observation": {{"_": "Answered", "at": {number}}}}}'
    with pytest.raises(ProtocolError):
        EVENTS.decode(body.encode())


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(ProtocolError, match="observation"):
        EVENTS.decode(b'{"_": "Seen", "call": "c"}')


def test_frames_over_the_limit_are_neither_sent_nor_awaited() -> None:
    with pytest.raises(ProtocolError, match="longer"):
        EVENTS.encode(Seen(call="c" * MAX_FRAME_BYTES, observation=Answered(at=1.0)))
    with pytest.raises(ProtocolError, match="announced"):
        Unpacker().feed(b"\xff\xff\xff\xff")


def test_what_is_no_part_of_the_protocol_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="Seen"):
        COMMANDS.encode(Seen(call="c", observation=Answered(at=1.0)))
    with pytest.raises(ProtocolError):
        EVENTS.encode(Seen(call="c", observation=Answered(at=float("nan"))))


def test_a_password_does_not_show_in_a_representation() -> None:
    account = Account(key="t", id_uri="sip:a@b", password="geheim", rtp_port=16384, rtp_ports=20)
    assert "geheim" not in repr(account)
    assert b"geheim" in COMMANDS.encode(account)
