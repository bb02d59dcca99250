"""Plays the rows: writes the configuration, starts the far ends, runs the installed program, a few rows at a time."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import misbehaving
from tests.end_to_end.program import Installation, Ran, engines_of, finish
from tests.end_to_end.rows import ANSWER, BOX, GREETING, PRESS, Row, agent
from tests.farends import box, dialplan, ports, sipp
from tests.farends.asterisk import PASSWORD, Asterisk

AT_ONCE = 2
"""Two cores carry that many at once, their start included, without a late packet."""
STANDSTILL_S = 1.5
"""Long enough to miss something, and half of what makes the pool give an engine up."""
NO_NETWORK = ("unshare", "--net", "--map-root-user")
"""Runs a command on a machine whose network is gone."""
OCCUPY = Row("penghuni", dialplan.ENDLESS + "900", (ANSWER, GREETING, PRESS, agent(60)), "", trunk="sempit")
"""The call that holds the only channel of a trunk while another one asks for it."""


class NoNamespaces(Exception):
    """The kernel does not let us take the network away; the message says what to do."""


@dataclass(frozen=True)
class Stage:
    """Everything that stands while the rows are played. ``far`` maps a row's name to the port of its far end."""

    asterisk: Asterisk
    installation: Installation
    far: dict[str, int]


@contextlib.contextmanager
def staged(rows: Sequence[Row], asterisk: Asterisk, folder: Path) -> Iterator[Stage]:
    """Start the far ends of these rows and write the configuration. Call it from the thread that outlives the rows."""
    with contextlib.ExitStack() as stack:
        far = {row.name: stack.enter_context(_far_end(row, folder)) for row in rows if row.far_end}
        installation = Installation(folder, {"UJI_SANDI": PASSWORD, "UJI_SALAH": "keliru"})
        text = configuration(rows, asterisk, far)
        (folder / "siaga.toml").write_text(text, "utf-8")
        yield Stage(asterisk, installation, far)


def play(rows: Sequence[Row], stage: Stage) -> dict[str, Ran | BaseException]:
    """Run all rows; what a row's run raised stands in its place, so that one does not spoil the others."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {row.name: pool.submit(play_one, row, stage) for row in sorted(rows, key=_length, reverse=True)}
    return {name: run.exception() or run.result() for name, run in runs.items()}


def _length(row: Row) -> int:
    """Long rows first, so that the last ones to end are short."""
    return sum(int(found) for step in row.script for found in re.findall(r'within = "(\d+)s"', step))


def play_one(row: Row, stage: Stage) -> Ran:
    """Run one row as a user would, and do to it what the row asks for."""
    words = ("probe", row.name, "-c", str(stage.installation.folder / "siaga.toml"), "--json")
    match row.act:
        case None:
            return stage.installation.run(*words)
        case "no network":
            if subprocess.run([*NO_NETWORK, "true"], capture_output=True, check=False).returncode:
                raise NoNamespaces("this machine refuses network namespaces: run the tests where `unshare --net` works")
            return stage.installation.run(*words, prefix=NO_NETWORK)
        case "second call":
            with _occupied(stage):
                return stage.installation.run(*words)
        case "used up":
            return _beyond_its_budget(row, stage)
        case _:
            return _disturbed(row, stage, words)


def _disturbed(row: Row, stage: Stage, words: tuple[str, ...]) -> Ran:
    process = stage.installation.start(*words)
    try:
        stage.asterisk.wait_for_trace(row.number, row.act_at, 30)
        if row.act == "kill engine":
            for engine in engines_of(process.pid):
                os.kill(engine, signal.SIGKILL)
        elif row.act == "stop engine":
            _stand_still(engines_of(process.pid))
            return finish(process, 60)
        else:
            process.send_signal(signal.Signals[row.act or ""])
    except TimeoutError as error:
        process.kill()
        raise TimeoutError(f"{error}; {finish(process)}") from error
    return finish(process, 30)


def _stand_still(engines: list[int]) -> None:
    """As on a machine that gives its engines no time for a while; shorter than what counts as dead."""
    for engine in engines:
        os.kill(engine, signal.SIGSTOP)
    time.sleep(STANDSTILL_S)
    for engine in engines:
        os.kill(engine, signal.SIGCONT)


def _beyond_its_budget(row: Row, stage: Stage) -> Ran:
    folder = stage.installation.folder / row.name
    folder.mkdir()
    text = configuration([row], stage.asterisk, stage.far).replace("[dial]", "[dial]\nmax_calls_per_hour = 1")
    (folder / "siaga.toml").write_text(text, "utf-8")
    frugal = Installation(folder, stage.installation.environment)
    first = frugal.run("probe", row.name, "--json").record
    if first["reason"] != "busy_486":
        raise RuntimeError(f"the first call should have been made: {first}")
    return frugal.run("probe", row.name, "--json")


@contextlib.contextmanager
def _occupied(stage: Stage) -> Iterator[None]:
    words = ("probe", OCCUPY.name, "-c", str(stage.installation.folder / "siaga.toml"), "--json")
    process: subprocess.Popen[str] = stage.installation.start(*words)
    try:
        stage.asterisk.wait_for_trace(OCCUPY.number, "tombol", 30)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        finish(process, 30)


def _far_end(row: Row, folder: Path) -> contextlib.AbstractContextManager[int]:
    what = row.far_end or ""
    if what == BOX:
        return box.serving(folder / row.name)
    if what == "silent":
        return misbehaving.silent()
    if what == "garbage":
        return misbehaving.garbage()
    more = 'Proxy-Authenticate: Digest realm="jauh", nonce="1"' if what.startswith("407") else "Server: jauh"
    return sipp.serving("final", {"code": what, "more": more})


def configuration(rows: Sequence[Row], asterisk: Asterisk, far: dict[str, int]) -> str:
    """The whole ``siaga.toml``. A trunk whose far end misbehaves is a trunk of its own."""
    pbx = asterisk.ports.sip
    parts = [f'prompts = "{asterisk.voices / "prompts"}"', "[dial]", 'allow = ["2*", "7*", "8*", "1500*"]']
    parts += _trunk("cabang", pbx, "cabang") + _trunk("salah", pbx, "cabang", "UJI_SALAH")
    parts += _trunk("gsm", pbx, "cabang-gsm") + _trunk("sempit", pbx, "lain", channels=1)
    parts += _trunk("tertutup", ports.free(), "cabang")
    parts += [*_trunk("nomor", pbx, "cabang"), f'self_check = "{dialplan.GOOD_MENU}"']
    parts += [*_trunk("nomor-sibuk", pbx, "cabang"), f'self_check = "{dialplan.BUSY}"']
    parts += ["[trunk.tanpa-nama]", 'proxy = "sip:tidak-ada.invalid"', "register = false"]
    for row in (*rows, OCCUPY):
        trunk = row.trunk
        if trunk == "jauh":
            trunk = f"jauh-{row.name}"
            parts += [f"[trunk.{trunk}]", f'proxy = "sip:127.0.0.1:{far[row.name]}"', "register = false"]
        # a skill of its own: rows to one number are played at once
        parts += ["[[probe]]", f'name = "{row.name}"', f'skill = "{row.name}"', 'channel = "sip"']
        parts += [f'to = "{row.to.format(pbx=pbx, far=far.get(row.name, 0))}"']
        parts += [f'trunk = "{trunk}"'] if trunk else []
        parts += [f'cap = "{row.cap}"'] if row.cap else []
        parts += [f'prompts = "{row.name}/{box.PROMPTS}"'] if row.far_end == BOX else []
        parts += ["script = [", *(f"  {step}," for step in row.script), "]"]
    return "\n".join(parts) + "\n"


def _trunk(name: str, port: int, user: str, secret: str = "UJI_SANDI", channels: int = 20) -> list[str]:
    return [
        f"[trunk.{name}]", f'registrar = "sip:127.0.0.1:{port}"', f'username = "{user}"',
        f'password = {{ env = "{secret}" }}', f"channels = {channels}",
    ]  # fmt: skip
