"""Point 7: secrets are planted wherever siaga takes them, and looked for wherever siaga writes."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import signal
import subprocess
import threading
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from prove import audit, setting, worlds
from prove.campaign import Campaign, Result, Room
from prove.worlds import URL, World
from tests.farends import dialplan
from tests.farends.asterisk import PASSWORD, Asterisk
from tests.farends.postgres import Postgres
from tests.farends.programs import postgres

LIVE_S = float(os.environ.get("SIAGA_PLANTED_S", "40"))
IN_FILE = 'Kunci"Berkas\\7 %é#tersembunyi'
HOOK, HEART = "t0k3n-kait-rahasia-5512", "t0k3n-denyut-rahasia-9083"
ELSEWHERE = "rahasia-tetangga-3390"
"""In the environment, and none of siaga's business."""
LITERALS = {
    "a trunk's password": '[trunk.t]\nproxy = "sip:127.0.0.1:9"\npassword = "{0}"\n[dial]\nallow = ["2*"]\n',
    "the webhook's user": '[notify]\nwebhook = "https://siaga:{0}@chat.example/kait"\n',
    "the heartbeat's user": '[service]\nheartbeat_url = "https://siaga:{0}@watch.example/denyut"\n',
    "the database's password": '[storage]\nurl = "postgresql://siaga:{0}@127.0.0.1/siaga"\n',
}
LITERAL = "rahasia-tertulis-8127"
OTHER = "other files"
GOOD, BAD, ALONE = "sampai", "tolak", "sekali"


@dataclass
class Ward:
    """One world, what it keeps secret, and what was seen of its processes."""

    world: World
    secrets: dict[str, str]
    cmdlines: set[bytes] = field(default_factory=set)
    exits: dict[str, int] = field(default_factory=dict)


def run(room: Room) -> Result:
    """Calls to an Asterisk through a good trunk and one whose password is wrong; all verbs; both databases."""
    centre, result = room.centre(), Result()
    with Postgres() as server, _refusing() as (web, asked):
        for kind in ("sqlite", "postgresql"):
            ward = _plant(room, kind, server, centre, web)
            _live(ward)
            _report(ward, asked, result)
            asked.clear()
        _literals(room, result)
    return result


def _plant(room: Room, kind: str, server: Postgres, centre: Asterisk, web: str) -> Ward:
    folder = room.scratch(f"tanam-{kind}")
    (folder / "kunci").write_text(IN_FILE + "\n", "utf-8")
    url = worlds.url_of(kind, folder, server)
    variables = {"UJI_KAIT": f"{web}/kait/{HOOK}", "UJI_DENYUT": f"{web}/denyut?kunci={HEART}", "UJI_LAIN": ELSEWHERE}
    world = World(kind, url, folder, {}, variables)
    trunks = [*setting.trunk("baik", centre, "cabang"), *setting.trunk("buruk", centre, "cabang")]
    trunks[-2:] = [line.replace('env = "UJI_SANDI"', 'file = "kunci"') for line in trunks[-2:]]
    steps = (setting.ANSWER, setting.GREETING, setting.PRESS, setting.agent(30))
    often = ('every = "15s"', 'spread = "0s"', 'service = "inbound"', 'trunk = "baik"')
    probes = [
        *setting.probe(GOOD, f"{dialplan.LOCAL_AGENT}1", steps, *often),
        *setting.probe(BAD, f"{dialplan.LOCAL_AGENT}2", steps, 'every = "3s"', 'spread = "0s"', 'trunk = "buruk"'),
        *setting.probe(ALONE, f"{dialplan.LOCAL_AGENT}3", steps, 'trunk = "baik"'),
    ]
    world.write(
        'heartbeat_url = { env = "UJI_DENYUT" }', 'heartbeat_every = "2s"',
        "[notify]", 'webhook = { env = "UJI_KAIT" }', "[dial]", 'allow = ["2*"]', *trunks, *probes,
    )  # fmt: skip
    file = folder / "siaga.toml"
    file.write_text(f'prompts = "{centre.voices / "prompts"}"\n' + file.read_text("utf-8"), "utf-8")
    secrets = {
        "SIP account, by variable": PASSWORD,
        "SIP account, by file": IN_FILE,
        "webhook": HOOK,
        "heartbeat": HEART,
        "another one's variable": ELSEWHERE,
    }
    if password := urlsplit(url).password:
        secrets["database address"] = password
    return Ward(world, secrets)


def _live(ward: Ward) -> None:
    """A service at its most talkative, every verb beside it, a reload, and the end."""
    service = ward.world.start("-vv")
    watching = threading.Event()
    watcher = threading.Thread(target=_watch, args=(service.process.pid, ward.cmdlines, watching), daemon=True)
    watcher.start()
    try:
        worlds.ready(service)
        began = time.monotonic()
        _say(ward, "probe", ALONE, "--json", "-vv")
        _say(ward, "doctor")
        service.tell(signal.SIGHUP)
        while time.monotonic() - began < LIVE_S:
            _say(ward, "runs", "now")
            time.sleep(2)  # the service lives on; nothing is waited for
        service.stop()
    finally:
        watching.set()
        service.close()
    run_id = next(row["run_id"] for row in audit.read(ward.world.url).results if row["state"] == "done")
    for words in (
        ("check",), ("doctor",), ("log",), ("log", "--json"), ("show", run_id), ("verify",), ("plan",),
        ("report", "daily", "-o", "laporan.xlsx"), ("report", "daily", "-o", "laporan.html"),
        ("report", "exclusion", "-o", "kontak.csv"),
    ):  # fmt: skip
        _say(ward, *words)


def _say(ward: Ward, *words: str) -> None:
    """Run a verb; what it says is searched later."""
    ran = ward.world.installation.run(*words, within_s=180)
    folder = ward.world.folder / "ucapan"
    folder.mkdir(exist_ok=True)
    name = f"{len(list(folder.iterdir())):03}-{words[0]}"
    (folder / f"{name}.txt").write_text(ran.stdout + "\n" + ran.stderr, "utf-8")
    ward.exits[" ".join(words[:2]) if words[0] in ("report", "runs") else words[0]] = ran.exit_code


def _watch(pid: int, seen: set[bytes], stop: threading.Event) -> None:
    """Command lines of the service, its engines and whatever else it starts: everybody may read them."""
    while not stop.wait(0.1):
        for process in _family(pid):
            with contextlib.suppress(OSError):
                seen.add(Path(f"/proc/{process}/cmdline").read_bytes())


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                yield from _family(int(child))


# --- looking -------------------------------------------------------------------------------------------------------


def _report(ward: Ward, asked: list[str], result: Result) -> None:
    world, found, looked, control = ward.world, list[str](), 0, dict[str, int]()
    needles = {name: forms(secret) for name, secret in ward.secrets.items()}
    for place, kind, data in _written(ward):
        looked += len(data)
        control[kind] = control.get(kind, 0) + (GOOD.encode() in data or BAD.encode() in data)
        found += [f"{name} in {place}" for name, shapes in needles.items() if any(shape in data for shape in shapes)]
    states = audit.read(world.url).states()
    result.add(
        f"{world.name}: planted secrets found", "none",
        f"{len(found)} ({len(ward.secrets)} secrets; {looked / 1e6:.1f} MB of {', '.join(control)})", not found,
    )  # fmt: skip
    blind = [kind for kind, count in control.items() if not count and kind not in ("command lines", OTHER)]
    seen = len(ward.cmdlines)
    result.add(
        f"{world.name}: what is no secret is found by the same search", "in every kind of place",
        "everywhere" if not blind else f"not in {', '.join(blind)}", not blind and seen > 1,
    )  # fmt: skip
    reasons = sorted({row["reason"] or "pass" for row in audit.read(world.url).results})
    hooks = sum(HOOK in path for path in asked)
    result.add(
        f"{world.name}: the secrets were in use", "calls, refusals, webhook",
        f"{states['done']} runs: {', '.join(reasons)}; webhook {hooks} times, heartbeat {len(asked) - hooks} times; "
        f"{seen} command lines; exits {ward.exits}",
        states["done"] > 1 and "trunk_auth_rejected" in reasons and 0 < hooks < len(asked),
    )  # fmt: skip
    result.notes += [f"- {world.name}: {line}" for line in found[:30]]


def forms(secret: str) -> set[bytes]:
    """A secret as it might stand somewhere: as it is, quoted for an address, in JSON, in Python, encoded."""
    plain = secret.encode()
    shapes = {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1], plain.hex()}
    shapes |= {json.dumps(secret, ensure_ascii=False)[1:-1], secret[::-1]}
    whole = len(plain) - len(plain) % 3  # what follows it would change the last letters
    return {shape.encode() for shape in shapes} | {base64.b64encode(plain[:whole])}


def _written(ward: Ward) -> Iterator[tuple[str, str, bytes]]:
    """Place, kind of place and content of everything that siaga wrote."""
    world = ward.world
    for path in sorted(world.folder.rglob("*")):
        if path.is_file() and path.name not in ("kunci", "siaga.toml"):
            data = b"".join(_unzipped(path)) if path.suffix == ".xlsx" else path.read_bytes()
            yield str(path.relative_to(world.folder)), _kind(path, world), data
    for seq, data in audit.read(world.url).details.items():
        yield f"detail {seq}", "details", zlib.decompress(data)
    if world.engine == "postgresql":
        yield "pg_dump", "database", _dump(world)
    for line in ward.cmdlines:
        yield f"command line {line[:80]!r}", "command lines", line


def _kind(path: Path, world: World) -> str:
    """What kind of file this is."""
    if path.is_relative_to(world.evidence):
        return "evidence"
    if path.name.startswith("siaga.db"):
        return "database"
    if path.parent.name == "ucapan":
        return "what verbs say"
    return {".log": "logs", ".xlsx": "reports", ".html": "reports", ".csv": "reports"}.get(path.suffix, OTHER)


def _unzipped(path: Path) -> Iterable[bytes]:
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            yield book.read(name)


def _dump(world: World) -> bytes:
    return subprocess.run([postgres() / "pg_dump", "--inserts", world.url], capture_output=True, check=True).stdout


# --- literal ones --------------------------------------------------------------------------------------------------


def _literals(room: Room, result: Result) -> None:
    """A secret that somebody wrote into the file is refused, and not repeated."""
    for number, (what, text) in enumerate(LITERALS.items()):
        folder = room.scratch(f"tertulis-{number}")
        world = World(what, "sqlite:///", folder, {}, {URL: ""})
        (folder / "siaga.toml").write_text(text.format(LITERAL), "utf-8")
        rans = [world.installation.run(*words) for words in (("check",), ("serve", "-v"), ("doctor",))]
        said = "".join(ran.stdout + ran.stderr for ran in rans)
        exits = [ran.exit_code for ran in rans]
        repeated = any(shape.decode() in said for shape in forms(LITERAL))
        found = f"exits {exits}, {'repeated' if repeated else 'not repeated'}"
        good = exits == [78, 78, 1] and not repeated
        result.add(
            f"written out in the file: {what}",
            "refused by check and serve with 78, told by doctor, not repeated",
            found,
            good,
        )


@contextlib.contextmanager
def _refusing() -> Iterator[tuple[str, list[str]]]:
    """A server that answers all with 500, so that siaga has something to complain of; its address, what was asked."""
    asked = list[str]()

    class Refusing(http.server.BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_error(500)

        do_GET = do_POST = do_HEAD = _refuse  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


CAMPAIGN = Campaign(
    "planted",
    7,
    "Secrets planted in the configuration, the SIP account, the environment, the webhook's and the database's address: "
    "found nowhere in logs, JSON, database, evidence, reports and command lines.",
    run,
)
