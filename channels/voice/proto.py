"""Frames between parent and engine: length-prefixed JSON of frozen dataclasses, safe against a peer gone mad.

A frame is four bytes of big-endian length and that many bytes of UTF-8 JSON: an object whose ``_`` names the class.
Decoding checks every field against its annotation, so nothing of a wrong shape ever gets past this module.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final, Literal, Union

MAX_FRAME_BYTES: Final = 1 << 20
"""More than any SIP message over UDP plus its escapes; a longer frame means that the peer is broken."""
_HEADER: Final = 4
_TAG: Final = "_"


class ProtocolError(Exception):
    """The peer sent something that is no frame of ours: end that engine."""


class Codec:
    """Turns values of a closed set of dataclasses into frames and back."""

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = {cls.__name__: cls for cls in classes}

    def encode(self, value: Any) -> bytes:
        """One frame. Raises ProtocolError when the value does not belong to the set or is too long."""
        try:
            body = json.dumps(self._plain(value), ensure_ascii=True, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise ProtocolError(f"cannot be sent: {error}") from error
        if len(body) > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {len(body)} bytes is longer than {MAX_FRAME_BYTES}")
        return len(body).to_bytes(_HEADER, "big") + body

    def decode(self, body: bytes) -> Any:
        """The value of one frame's body. Raises ProtocolError."""
        try:
            plain = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"no JSON: {error}") from error
        return self._object(plain)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value.value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            name = type(value).__name__
            if self._classes.get(name) is not type(value):
                raise ProtocolError(f"{name} is not part of the protocol")
            fields = {f.name: self._plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return {_TAG: name, **fields}
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self._plain(item) for key, item in value.items()}
        return value

    def _object(self, plain: Any) -> Any:
        if not isinstance(plain, dict):
            raise ProtocolError("no object")
        name = plain.get(_TAG)
        cls = self._classes.get(name) if isinstance(name, str) else None
        if cls is None:
            raise ProtocolError(f"unknown class {name!r}")
        fields = _fields_of(cls)
        if unknown := plain.keys() - fields.keys() - {_TAG}:
            raise ProtocolError(f"{name} has no field {min(unknown)!r}")
        values = {key: self._value(item, fields[key], f"{name}.{key}") for key, item in plain.items() if key != _TAG}
        try:
            return cls(**values)
        except TypeError as error:
            raise ProtocolError(str(error)) from error

    def _value(self, plain: Any, wanted: Any, where: str) -> Any:
        origin = typing.get_origin(wanted)
        if wanted is Any or wanted is object:
            return plain
        if origin is Literal:
            return _literal(plain, typing.get_args(wanted), where)
        if origin in (Union, types.UnionType):
            return self._union(plain, typing.get_args(wanted), where)
        if origin is tuple:
            return self._tuple(plain, typing.get_args(wanted), where)
        if origin is not None and issubclass(origin, Mapping):
            return _mapping(plain, where)
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return _enum(plain, wanted, where)
        if dataclasses.is_dataclass(wanted):
            value = self._object(plain)
            if not isinstance(value, typing.cast(type, wanted)):
                raise ProtocolError(f"{where}: {type(value).__name__} is out of place")
            return value
        return _scalar(plain, wanted, where)

    def _union(self, plain: Any, choices: tuple[Any, ...], where: str) -> Any:
        if plain is None and types.NoneType in choices:
            return None
        for choice in choices:
            if choice is not types.NoneType:
                try:
                    return self._value(plain, choice, where)
                except ProtocolError:
                    continue
        raise ProtocolError(f"{where}: {plain!r:.60} fits none of its types")

    def _tuple(self, plain: Any, wanted: tuple[Any, ...], where: str) -> tuple[Any, ...]:
        if not isinstance(plain, list):
            raise ProtocolError(f"{where}: no list")
        return tuple(self._value(item, wanted[0], where) for item in plain)


def frame_length(header: bytes | bytearray) -> int:
    """Bytes of the body that follows the four of a header. Raises ProtocolError over the limit."""
    length = int.from_bytes(header, "big")
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {length} bytes is announced; the limit is {MAX_FRAME_BYTES}")
    return length


class Unpacker:
    """Cuts a stream of bytes into frame bodies."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete now. Raises ProtocolError for a length over the limit."""
        self._pending += data
        bodies: list[bytes] = []
        while len(self._pending) >= _HEADER:
            length = frame_length(self._pending[:_HEADER])
            if len(self._pending) < _HEADER + length:
                break
            bodies.append(bytes(self._pending[_HEADER : _HEADER + length]))
            del self._pending[: _HEADER + length]
        return bodies


@functools.cache
def _fields_of(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _enum(plain: Any, wanted: type[Enum], where: str) -> Enum:
    try:
        return wanted(plain)
    except ValueError as error:
        raise ProtocolError(f"{where}: {error}") from error


def _literal(plain: Any, allowed: tuple[Any, ...], where: str) -> Any:
    if not isinstance(plain, str) or plain not in allowed:
        raise ProtocolError(f"{where}: {plain!r:.60} is none of {allowed}")
    return plain


def _mapping(plain: Any, where: str) -> Mapping[str, object]:
    if not isinstance(plain, dict):
        raise ProtocolError(f"{where}: no object")
    return plain


def _scalar(plain: Any, wanted: Any, where: str) -> Any:
    if wanted is float and type(plain) in (int, float):
        try:
            number = float(plain)
        except OverflowError as error:
            raise ProtocolError(f"{where}: not a finite number") from error
        if not math.isfinite(number):
            raise ProtocolError(f"{where}: not a finite number")
        return number
    if type(plain) is not wanted:
        raise ProtocolError(f"{where}: {type(plain).__name__} where {wanted} belongs")
    return plain
