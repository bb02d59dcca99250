"""Configurations for campaigns: trunks to an Asterisk of ours and probes over them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.end_to_end.program import Installation, Ran
from tests.farends.asterisk import PASSWORD, Asterisk
from tests.farends.programs import ROOT

ANSWER = '{ expect = "answer", within = "10s" }'
GREETING = '{ expect = "prompt:selamat-datang", within = "8s" }'
PRESS = '{ press = "1" }'
_CONTACT = re.compile(r"^ *Contact: <sip:[^>]*:(\d+)", re.MULTILINE)


def agent(within_s: int) -> str:
    """The step that waits for a person."""
    return f'{{ expect = "agent", within = "{within_s}s" }}'


def trunk(name: str, centre: Asterisk, user: str, *more: str, transport: str = "udp") -> list[str]:
    """A registered trunk to the centre."""
    port = centre.ports.tls if transport == "tls" else centre.ports.sip
    return [
        f"[trunk.{name}]", f'registrar = "sip:127.0.0.1:{port}"', f'username = "{user}"', "channels = 40",
        'password = { env = "UJI_SANDI" }', f'transport = "{transport}"', *more,
    ]  # fmt: skip


def probe(name: str, to: str, script: Iterable[str], *more: str) -> list[str]:
    """A probe on demand; of a skill of its own, because no two tests of one skill or number are played at once."""
    return [
        "[[probe]]",
        f'name = "{name}"',
        f'skill = "{name}"',
        'channel = "sip"',
        f'to = "{to}"',
        *more,
        f"script = [{', '.join(script)}]",
    ]


def install(folder: Path, centre: Asterisk, *parts: Iterable[str]) -> Installation:
    """Write the configuration; tables go before the lists of probes, as given."""
    lines = [f'prompts = "{centre.voices / "prompts"}"', "[dial]", 'allow = ["2*", "7*", "8*"]']
    lines += ["[courtesy]", "max_agent_s = 600"]  # agents of a campaign are recordings
    text = "\n".join([*lines, *(line for part in parts for line in part)])
    (folder / "siaga.toml").write_text(text + "\n", "utf-8")
    return Installation(folder, {"UJI_SANDI": PASSWORD, "PYTHONPATH": str(ROOT)})


def many(names: Iterable[str]) -> list[str]:
    """The command that runs several probes from one parent, in the folder of an installation."""
    return [sys.executable, "-m", "prove.many", "siaga.toml", *names]


def engines_used(runs: Iterable[dict[str, Any]]) -> int:
    """How many engines carried these runs: each has a SIP port of its own, which stands in its INVITEs."""
    traces = [Path(item["path"]) for run in runs for item in run["evidence"] if item["kind"] == "sip_trace"]
    return len({port for trace in traces for port in _CONTACT.findall(trace.read_text("utf-8"))[:1]})


def records(ran: Ran) -> list[dict[str, Any]]:
    """The runs that ``prove.many`` printed. Raises ValueError when there are none."""
    runs = [json.loads(line) for line in ran.stdout.splitlines()]
    if not runs:
        raise ValueError(f"no run ended: exit {ran.exit_code}, {ran.stderr[-2000:]}")
    return runs
