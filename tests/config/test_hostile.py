"""Whatever stands in the file: a configuration, or located errors; never an exception of ours."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siaga.config import Config, ConfigError, load

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "config.example.toml").read_text("utf-8").replace("examples/prompts", f"{ROOT}/examples/prompts")
DAMAGE = ["", '"', "[", "]", "{", "}", "=", "\n", ",", "#", "1", "'", "\\", "\0"]
NASTY = [
    "\\u0000",
    "\\uffff",
    "\\U0001f600",
    "../../..",
    "x" * 5000,
    "%s{}",
    "a\\nb",
    "sip:@",
    "sip:[::1",
    "-",
    "0",
    " ",
]


def outcome(path: Path) -> Config | tuple[str, ...]:
    """What comes of the file; every error must lie inside it and be one line."""
    lines = path.read_bytes().count(b"\n") + 1
    try:
        return load(path)
    except ConfigError as error:
        told = error.errors
    assert told
    for located in told:
        assert 0 <= located.line <= lines
        assert len(str(located).splitlines()) == 1
        assert len(located.message) <= 601
    return tuple(map(str, told))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), count=st.integers(1, 6))
def test_a_damaged_example_is_told_and_never_crashes(tmp_path: Path, seed: int, count: int) -> None:
    chance, text = random.Random(seed), EXAMPLE  # noqa: S311 - damage, not cryptography
    for _ in range(count):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice([0, 1, 1, 5, 40, 400]))
        text = text[:start] + chance.choice(DAMAGE) + text[end:]
    path = tmp_path / "siaga.toml"
    path.write_bytes(text.encode())
    outcome(path)


KEYS = st.sampled_from(
    ["timezone", "prompts", "centre", "storage", "hours", "trunk", "dial", "probe", "maintenance", "name", "channel",
     "to", "script", "every", "expect", "press", "play", "within", "url", "password", "env", "file", "mon", "mon-fri",
     "except", "from", "target", "allow", "registrar", "rtp_ports", "dial", "x"]
)  # fmt: skip
SCALARS = st.sampled_from(
    ["0", "-1", "1.5", "nan", "true", "2026-12-25", "2026-12-25T10:00:00", "2026-12-25T10:00:00Z", "10:00:00",
     '""', '"sip"', '"30m"', '"08:00-17:00"', '"answer"', '"sip:1500@h"', '"+62215001234"',
     *(f'"{nasty}"' for nasty in NASTY)]
)  # fmt: skip


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {inline(child)}' for key, child in value.items()) + "}"
    return "[" + ", ".join(map(inline, value)) + "]" if isinstance(value, list) else str(value)


TREES = st.recursive(
    SCALARS, lambda kids: st.lists(kids, max_size=3) | st.dictionaries(KEYS, kids, max_size=4), max_leaves=12
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, TREES, max_size=6))
def test_values_of_any_shape_in_any_place_are_told(tmp_path: Path, tree: dict[str, Any]) -> None:
    path = tmp_path / "siaga.toml"
    path.write_text("".join(f'"{key}" = {inline(value)}\n' for key, value in tree.items()), "utf-8")
    outcome(path)


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_text_in_any_setting_is_told(tmp_path: Path, nasty: str) -> None:
    """Each text of the example in turn becomes the nasty one."""
    path = tmp_path / "siaga.toml"
    parts = EXAMPLE.split('"')
    for index in range(1, len(parts), 2):
        path.write_text('"'.join([*parts[:index], nasty, *parts[index + 1 :]]), "utf-8")
        outcome(path)


@given(raw=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_configuration_are_told(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "siaga.toml"
    path.write_bytes(raw)
    outcome(path)
