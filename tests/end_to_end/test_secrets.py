"""A secret planted wherever siaga takes one is found nowhere in what it writes."""

from __future__ import annotations

import http.server
import subprocess
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.end_to_end.program import Installation, Ran
from tests.end_to_end.serving import Service, serving, until
from tests.farends import asterisk as far_end
from tests.farends import dialplan, postgres
from tests.farends.asterisk import Asterisk
from tests.farends.postgres import Postgres

pytestmark = pytest.mark.farend

WRONG = "keliru-sandi-8841"
HOOK = "kait-rahasia-5520"
BEAT = "detak-rahasia-3377"
AROUND = "lingkungan-rahasia-9182"
SECRETS = (far_end.PASSWORD, postgres.PASSWORD, WRONG, HOOK, BEAT, AROUND)
"""The trunk's password, the database's, a trunk's that is refused, two addresses, and one that nobody asked for."""


class Listener:
    """An HTTP server that takes everything and remembers what it was told, but not under which path."""

    def __init__(self) -> None:
        bodies: list[str] = []
        self.bodies = bodies

        class Handler(http.server.BaseHTTPRequestHandler):
            def _take(self) -> None:
                bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
                self.send_response(204)
                self.end_headers()

            do_GET = do_POST = _take  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@dataclass(frozen=True)
class Written:
    """Everything that siaga wrote in a day of planted secrets: texts by where they stand."""

    installation: Installation
    url: str
    texts: dict[str, str] = field(default_factory=dict)

    def ran(self, *words: str) -> Ran:
        """Run a verb and keep what it printed."""
        ran = self.installation.run(*words)
        self.texts[" ".join(words)] = ran.stdout + ran.stderr
        return ran


def configuration(pbx: Asterisk) -> str:
    def trunk(name: str, secret: str) -> str:
        return (
            f'[trunk.{name}]\nregistrar = "sip:127.0.0.1:{pbx.ports.sip}"\nusername = "cabang"\n'
            f'password = {{ env = "{secret}" }}\n'
        )

    def probe(name: str, through: str, every: str) -> str:
        return (
            f'[[probe]]\nname = "{name}"\nchannel = "sip"\nto = "{dialplan.GOOD_MENU}"\ntrunk = "{through}"\n'
            f'every = "{every}"\nspread = "0s"\nscript = [{{ expect = "answer" }}, '
            '{ expect = "prompt:selamat-datang", within = "8s" }]\n'
        )

    return (
        f'prompts = "{pbx.voices / "prompts"}"\n[storage]\nurl = {{ env = "UJI_DB" }}\n'
        '[notify]\nwebhook = { env = "UJI_KAIT" }\n[service]\nheartbeat_url = { file = "detak" }\n'
        'heartbeat_every = "1s"\n[dial]\nallow = ["2*", "7*"]\n'
        + trunk("benar", "UJI_SANDI") + trunk("salah", "UJI_SALAH")
        + probe("lewat-trunk", "benar", "5s") + probe("ditolak", "salah", "2s")
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(asterisk: Asterisk, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder, url, listener = tmp_path_factory.mktemp("rahasia"), postgres.database(), Listener()
    (folder / "siaga.toml").write_text(configuration(asterisk), "utf-8")
    (folder / "detak").write_text(f"http://127.0.0.1:{listener.port}/{BEAT}\n", "utf-8")
    environment = {
        "UJI_SANDI": far_end.PASSWORD,
        "UJI_SALAH": WRONG,
        "UJI_DB": url,
        "UJI_KAIT": f"http://127.0.0.1:{listener.port}/{HOOK}",
        "SIAGA_TOKEN": AROUND,
    }
    everything = Written(Installation(folder, environment), url)
    with serving(everything.installation, words=("-vv",)) as service:
        until(lambda: ended(service, "lewat-trunk", "pass"), "a call through the trunk", service)
        until(lambda: ended(service, "ditolak", "inconclusive"), "a refused login", service)
        until(lambda: [body for body in listener.bodies if body], "the operators are told", service)
        assert service.stop() == 0
    listener.close()
    everything.texts["log of the service"] = service.log
    everything.texts["told to systemd"] = "\n".join(service.systemd.told)
    everything.texts["told by webhook"] = "\n".join(listener.bodies)
    for words in VERBS:
        everything.ran(*words)
    yield everything
    postgres.drop(url)


VERBS = (
    ("probe", "lewat-trunk", "--json", "-vv"),
    ("probe", "ditolak", "-vv"),
    ("log", "--json"),
    ("log",),
    ("check",),
    ("doctor",),
    ("doctor", "--json"),
    ("verify",),
    ("report", "daily", "-o", "laporan"),
    ("report", "exclusion", "-o", "pengecualian"),
)


def ended(service: Service, name: str, verdict: str) -> bool:
    return any(e["probe"] == name and e["verdict"] == verdict for e in service.events("run ended"))


def found_in(texts: dict[str, str]) -> list[str]:
    return [f"{secret} in {place}" for place, text in texts.items() for secret in SECRETS if secret in text]


def test_no_secret_stands_in_anything_that_was_printed_or_sent(written: Written) -> None:
    assert not found_in(written.texts)
    assert len(written.texts["log --json"].splitlines()) >= 3, "there must be something to look through"


def test_no_secret_stands_in_any_file(written: Written) -> None:
    files = [path for path in written.installation.folder.rglob("*") if path.is_file() and path.name != "detak"]
    assert {path.name for path in files} >= {"sip.txt", "result.json"}
    assert not found_in({str(path): path.read_bytes().decode("latin-1") for path in files})
    workbooks = [path for path in files if path.suffix == ".xlsx"]
    assert not found_in({str(path): unzipped(path) for path in workbooks})


def test_the_sip_trace_shows_that_credentials_were_taken_out(written: Written) -> None:
    traces = [path.read_text("utf-8") for path in written.installation.folder.rglob("sip.txt")]
    authorized = [trace for trace in traces if "uthorization: Digest" in trace]
    assert authorized, "a registered trunk answers a challenge"
    assert all("[redacted]" in trace and "response=" not in trace for trace in authorized)


def test_no_secret_stands_in_the_database(written: Written) -> None:
    assert not found_in(dumped(written.url))


def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    literal = "tertulis-rahasia-1207"
    text = f'[trunk.t]\nregistrar = "sip:127.0.0.1"\nusername = "u"\npassword = "{literal}"\n[dial]\nallow = ["1*"]\n'
    (tmp_path / "siaga.toml").write_text(text, "utf-8")
    for verb in ("check", "serve"):
        ran = Installation(tmp_path, {}).run(verb)
        assert ran.exit_code == 78
        assert literal not in ran.stdout + ran.stderr


def unzipped(path: Path) -> str:
    return subprocess.run(["unzip", "-p", path], capture_output=True, check=True).stdout.decode("latin-1")


def dumped(url: str) -> dict[str, str]:
    """Every row of every table, compressed ones opened."""
    texts = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (name,) in tables.fetchall():
            rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
            texts[f"table {name}"] = "\n".join(opened(value) for row in rows for value in row)
    assert "lewat-trunk" in texts["table result"], "there must be something to look through"
    assert "expect" in texts["table result_detail"]
    return texts


def opened(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return zlib.decompress(value).decode()
    except zlib.error:
        return value.decode("latin-1")
